/// Probes as rows, and what of them an operator must know.
import ConfigSyntax
import Control
import Forwarding
import Liveness
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    func probes() -> [ProbeRow] {
        guard let network = router.network else { return [] }
        return network.configuration.groups.flatMap { group in
            group.members.flatMap { member -> [ProbeRow] in
                let name = group.fullName(of: member)
                guard let probe = network.probes.first(where: { $0.name.value == member.probe?.value }) else {
                    return []
                }
                if case .bfd = probe.kind { return bfdRows(probe, member, name) }
                guard let probed = network.probed(name) else { return [] }
                return probed.scopes.map { row(probe, name, $0) }
            }
        }
    }

    /// A member of the network plane with what is to be asked over it. Throws `ErrorReply` when there is nothing to ask.
    func probed(_ name: String) throws(ErrorReply) -> ProbedMember {
        let wanted = name.hasPrefix("network:") ? String(name.dropFirst("network:".count)) : name
        let network = router.network
        if let probed = network?.probed(wanted) { return probed }
        guard network?.groups.member(named: wanted) == nil else {
            throw ErrorReply(
                errors: ["'\(wanted)' has no probe that asks"],
                hint: "give it one: probe: NAME; sessions are in: martlet show bfd"
            )
        }
        let names = network?.groups.members.map(\.fullName) ?? []
        throw ErrorReply(
            errors: ["there is no network member '\(wanted)'"],
            hint: NearestName.hint(for: wanted, among: names)
        )
    }

    private func row(_ probe: ProbeDefinition, _ member: String, _ scope: ProbedMember.Scope) -> ProbeRow {
        let last = router.network?.lastProbes[NetworkPlane.ProbeKey(member: member, scope: scope.scope)]
        let isMeasured = last.map { $0.figures.sent > 0 } ?? false
        return ProbeRow(
            name: probe.name.value,
            member: member,
            scope: scope.scope.name,
            kind: scope.plan.question.name,
            targets: scope.plan.targets.map(\.description),
            interval: probe.interval,
            timeout: probe.timeout,
            downAfter: probe.hysteresis.downAfter,
            upAfter: probe.hysteresis.upAfter,
            lastResult: last.map(Self.code),
            detail: last?.detail,
            roundTrip: last?.rtt,
            clock: last?.rtt == nil ? nil : last?.clock.rawValue,
            lossPermille: isMeasured ? last?.figures.lossPermille : nil,
            sent: last?.figures.sent ?? 0,
            latency: last?.figures.latency,
            percentile95: last?.figures.percentile95,
            jitter: last?.figures.jitter,
            place: sources.cause(probe.name.place)
        )
    }

    private static func code(_ result: ProbeResult) -> String {
        switch result.signal {
        case .failure(let cause), .degraded(let cause), .unmeasured(let cause), .absent(let cause): cause.name
        case .success, .present: "success"
        }
    }

    /// Targets that are dead themselves, and certificates that end soon.
    var probeAlarms: [String] {
        guard let network = router.network else { return [] }
        let dead = network.deadTargets.map(\.words)
        let ending = network.lastProbes.values.filter { $0.signal == .degraded(.certificateExpiring) }
            .map { "\($0.member): \($0.detail ?? Cause.certificateExpiring.name)" }
        return dead + Set(ending).sorted()
    }
}

extension TargetReport {
    /// What an operator reads of a dead target.
    var words: String {
        "\(kind) target \(target) answers over none of \(members.joined(separator: ", ")), where others do: not counted until it does"
    }
}
