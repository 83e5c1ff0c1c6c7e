/// Reports as lines.
import FoundationEssentials
import Glibc
import Liveness
import NetTypes
import PolicyEngine

enum ReportLine {
    static func say(_ report: BFDReport) {
        let facts = (try? JSONEncoder().encode(report.session)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        let head = "report \(report.at.nanoseconds) \(report.session.peer) \(report.session.state)"
        write("\(head) \(report.signal.map(word) ?? "-") \(facts)")
    }

    /// What running cost.
    static func finish() {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let micro = [usage.ru_utime, usage.ru_stime].map { $0.tv_sec * 1_000_000 + $0.tv_usec }.reduce(0, +)
        write("end \(micro)")
    }

    private static func word(_ signal: Signal) -> String {
        switch signal {
        case .success: "success"
        case .present: "present"
        case .degraded(let cause), .failure(let cause), .unmeasured(let cause), .absent(let cause): cause.name
        }
    }

    /// One write a line, so that a reader never sees half of one for long.
    private static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = Glibc.write(STDOUT_FILENO, bytes, bytes.count)
    }
}
