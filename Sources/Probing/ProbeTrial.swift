/// How a member's probe is run once, on demand, with a word about every single request: `martlet probe`.
import Glibc
package import Liveness
package import NetTypes
package import PolicyEngine

/// One run of a member's probe beside its schedule: nothing of it counts for the member's health.
package struct ProbeTrial: Sendable {
    /// One request: whom it asked, by which way it left, and what became of it.
    package struct Sighting: Sendable {
        package let scope: HealthScope
        package let question: ProbeQuestion
        package let target: ProbeTarget
        /// The address it left from; nil when the kernel had none to offer.
        package let source: IPAddress?
        package let device: String?
        package let mark: Mark?
        package let outcome: ProbeTrace.Outcome
    }

    let member: ProbedMember
    /// Called once, on the prober's thread.
    let report: @Sendable ([Sighting]) -> Void

    package init(_ member: ProbedMember, report: @escaping @Sendable ([Sighting]) -> Void) {
        (self.member, self.report) = (member, report)
    }
}

/// Trials under way. Each is one more subject of the table for each scope, with a name of its own.
struct TrialRuns {
    private struct Run {
        let trial: ProbeTrial
        /// By identifier, once the table has given them.
        var scopes: [UInt16: ProbedMember.Scope] = [:]
        var sightings: [ProbeTrial.Sighting] = []
        var missing = 0
    }

    private var runs: [String: Run] = [:]
    private var names: [UInt16: String] = [:]
    private var count: UInt64 = 0
    /// A name that no member can have.
    private static let prefix = "trial "

    /// What the table is to probe for them.
    private(set) var subjects: [(member: ProbedMember, scope: ProbedMember.Scope)] = []

    static func isTrial(_ name: String) -> Bool { name.hasPrefix(prefix) }

    mutating func begin(_ trial: ProbeTrial) {
        count &+= 1
        let name = "\(Self.prefix)\(count)"
        let member = ProbedMember(
            name: name,
            device: trial.member.device,
            mark: trial.member.mark,
            // Its round begins within one interval: so short a one that nobody waits for it.
            scopes: trial.member.scopes.map { ProbedMember.Scope($0.scope, $0.plan.hurried) }
        )
        runs[name] = Run(trial: trial)
        subjects += member.scopes.map { (member, $0) }
    }

    /// The table has a schedule for a trial's scope.
    mutating func place(_ identifier: UInt16, _ member: ProbedMember, _ scope: ProbedMember.Scope) {
        guard Self.isTrial(member.name), names[identifier] != member.name else { return }
        names[identifier] = member.name
        runs[member.name]?.scopes[identifier] = scope
        runs[member.name]?.missing += scope.plan.targets.count
    }

    /// Takes what became of a request; true when a trial is over by it.
    mutating func take(_ trace: ProbeTrace) -> Bool {
        guard let name = names[trace.schedule], var run = runs[name], let scope = run.scopes[trace.schedule],
            // Only the first round.
            trace.number < UInt64(scope.plan.targets.count)
        else { return false }
        let (target, link) = (scope.plan.targets[Int(trace.number)], run.trial.member.link)
        let sighting = ProbeTrial.Sighting(
            scope: scope.scope,
            question: scope.plan.question,
            target: target,
            source: ProbeSocket.source(towards: target, by: link),
            device: link.device,
            mark: link.mark,
            outcome: trace.outcome
        )
        run.sightings.append(sighting)
        run.missing -= 1
        runs[name] = run
        guard run.missing == 0 else { return false }
        end(name)
        return true
    }

    private mutating func end(_ name: String) {
        guard let run = runs.removeValue(forKey: name) else { return }
        names = names.filter { $0.value != name }
        subjects.removeAll { $0.member.name == name }
        run.trial.report(run.sightings)
    }

    /// Ends the trials for which the table had no place.
    mutating func endUnplaced() {
        for (name, run) in runs where run.scopes.isEmpty { end(name) }
    }
}

extension ProbePlan {
    /// The same questions in rounds that follow each other as closely as they may.
    fileprivate var hurried: ProbePlan {
        let pace = min(timeout, Self.mostPatience)
        return ProbePlan(question, targets: targets, need: need, interval: pace, timeout: pace, rounds: rounds) ?? self
    }

    /// Somebody waits for it.
    private static var mostPatience: Span { .seconds(5) }
}

extension ProbedMember {
    /// The way by which its requests leave.
    var link: MemberLink { MemberLink(device: device, mark: mark) }
}

extension ProbeSocket {
    /// The address from which the kernel sends to a target by a way: a connected datagram socket knows, without sending anything.
    static func source(towards target: ProbeTarget, by link: MemberLink) -> IPAddress? {
        guard let socket = try? ProbeSocket(target.family, SOCK_DGRAM), (try? socket.bind(to: link)) != nil,
            (try? socket.connect(ProbeTarget(target.address, port: max(target.port, 9)))) != nil
        else { return nil }
        return socket.source
    }
}
