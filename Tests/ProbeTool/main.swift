/// The prober alone, as a process: what it learns is written as lines, so that namespace tests can run it where and as
/// whom they want.
///
///     round   AT NAME SCOPE success|CAUSE RTT LOST/SENT VOIDED     each round's verdict, nanoseconds on the boot clock
///     verdict AT NAME SCOPE up|down|…                              each change of health
///     end     CPU-MICROSECONDS ROUNDS FAILURES MAX-RSS-KIB         with --seconds
import Glibc
import Liveness
import NetTypes
import PolicyEngine
import Probing
import Synchronization

do {
    let options = try ToolOptions(Array(CommandLine.arguments.dropFirst()))
    let log = ProbeLog(options.subjects, isQuiet: options.seconds != nil)
    let service = try ProbeService { reports in
        log.note(
            reports.compactMap { report in
                switch report {
                case .result(let result): result
                case .target: nil
                }
            }
        )
    }
    service.configure(options.subjects.map(\.probed))
    sleep(UInt32(options.seconds ?? 3600))
    service.stop()
    log.finish()
} catch {
    print("probe-tool: \(error)")
    exit(2)
}
