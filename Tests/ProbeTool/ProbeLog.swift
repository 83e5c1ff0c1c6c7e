/// Turns results into health and both into lines.
import Glibc
import Liveness
import NetTypes
import PolicyEngine
import Probing
import Synchronization

final class ProbeLog: Sendable {
    private struct State {
        var health: [Key: Health] = [:]
        var rounds = 0
        var failures = 0
    }

    private struct Key: Hashable {
        let member: String
        let scope: HealthScope
    }

    private let subjects: [String: ToolOptions.Subject]
    private let isQuiet: Bool
    private let state = Mutex(State())

    init(_ subjects: [ToolOptions.Subject], isQuiet: Bool) {
        self.subjects = Dictionary(subjects.map { ($0.probed.name, $0) }) { first, _ in first }
        self.isQuiet = isQuiet
    }

    func note(_ results: [ProbeResult]) {
        state.withLock { state in
            for result in results { note(result, &state) }
        }
    }

    private func note(_ result: ProbeResult, _ state: inout State) {
        state.rounds += 1
        if result.signal != .success { state.failures += 1 }
        guard let subject = subjects[result.member] else { return }
        let key = Key(member: result.member, scope: result.scope)
        var health = state.health[key] ?? Health(subject.hysteresis, since: result.at)
        let change = health.observe(result.signal, at: result.at)
        state.health[key] = health
        guard !isQuiet else { return }
        let head = "\(result.at.nanoseconds) \(subject.probed.name) \(result.scope.name)"
        let rtt = result.rtt.map { "\($0.nanoseconds)" } ?? "-"
        say(
            "round \(head) \(word(result.signal)) \(rtt) \(result.figures.lost)/\(result.figures.sent) \(result.voided)"
        )
        if change != .none { say("verdict \(head) \(health.verdict.rawValue)") }
    }

    private func word(_ signal: Signal) -> String {
        switch signal {
        case .success: "success"
        case .present: "present"
        case .degraded(let cause), .failure(let cause), .unmeasured(let cause), .absent(let cause): cause.name
        }
    }

    /// What running cost.
    func finish() {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let micro = [usage.ru_utime, usage.ru_stime].map { $0.tv_sec * 1_000_000 + $0.tv_usec }.reduce(0, +)
        let (rounds, failures) = state.withLock { ($0.rounds, $0.failures) }
        say("end \(micro) \(rounds) \(failures) \(usage.ru_maxrss)")
    }

    /// One write a line, so that a reader never sees half of one for long.
    private func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
