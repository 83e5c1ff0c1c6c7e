/// BFD alone, as a process: what its sessions tell is written as lines, so that namespace tests can run it where and as whom they
/// want.
///
///     report AT PEER STATE SIGNAL {all facts as JSON}     at each report, nanoseconds on the boot clock
///     end CPU-MICROSECONDS                                after SIGTERM
///
/// SIGUSR1: the sessions behind `--then` are kept from now on.
import Glibc
import Liveness
import NetTypes
import PolicyEngine
import Probing

/// The signals are taken by `sigwait` below, on no thread of the service's.
var signals = sigset_t()
sigemptyset(&signals)
for signal in [SIGTERM, SIGINT, SIGUSR1] { sigaddset(&signals, signal) }
pthread_sigmask(SIG_BLOCK, &signals, nil)

do {
    let options = try ToolOptions(Array(CommandLine.arguments.dropFirst()))
    let service = try BFDService { reports in for report in reports { ReportLine.say(report) } }
    for failure in service.configure(options.first) { print("bfd-tool: \(failure)") }
    var signal: Int32 = 0
    while sigwait(&signals, &signal) == 0, signal == SIGUSR1 { service.configure(options.then) }
    service.stop()
    ReportLine.finish()
} catch {
    print("bfd-tool: \(error)")
    exit(2)
}
