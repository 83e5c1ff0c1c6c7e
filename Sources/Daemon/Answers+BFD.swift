/// BFD sessions as rows.
import ConfigSyntax
import Control
import Forwarding
import Liveness
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    func bfd() -> [BFDRow] {
        guard let network = router.network else { return [] }
        return network.configuration.groups.flatMap { group in
            group.members.flatMap { member in
                AddressFamily.allCases.compactMap { family in
                    let name = group.fullName(of: member)
                    let key = NetworkPlane.ProbeKey(member: name, scope: HealthScope(family))
                    return network.sessions[key].map { row($0.session, name, family) }
                }
            }
        }
    }

    /// The sessions of a member as probes: their pace, and what silence they allow.
    func bfdRows(_ probe: ProbeDefinition, _ member: NetworkMember, _ name: String) -> [ProbeRow] {
        AddressFamily.allCases.compactMap { family in
            guard let gateway = router.network?.resolver.gateway(of: member, family) else { return nil }
            let session = bfdSession(of: name, family)
            let health = router.network?.groups.member(named: name)?.health(in: HealthScope(family))
            return ProbeRow(
                name: probe.name.value,
                member: name,
                scope: family.name,
                kind: "bfd",
                targets: [gateway.description],
                interval: session?.receive ?? probe.interval,
                timeout: session?.detection ?? probe.timeout,
                downAfter: probe.hysteresis.downAfter,
                upAfter: probe.hysteresis.upAfter,
                lastResult: session.map { $0.state == .up ? "success" : health?.cause?.name ?? "waiting" },
                detail: nil,
                roundTrip: nil,
                clock: nil,
                lossPermille: nil,
                sent: 0,
                latency: nil,
                percentile95: nil,
                jitter: session?.jitter,
                place: sources.cause(probe.name.place)
            )
        }
    }

    /// The last report of a member's session.
    func bfdSession(of member: String, _ family: AddressFamily) -> BFDReport.Facts? {
        router.network?.sessions[NetworkPlane.ProbeKey(member: member, scope: HealthScope(family))]?.session
    }

    private func row(_ session: BFDReport.Facts, _ member: String, _ family: AddressFamily) -> BFDRow {
        var row = BFDRow(
            member: member,
            scope: family.name,
            peer: session.peer.description,
            state: session.state.word,
            seconds: UInt64(clamping: (now - session.since).nanoseconds / 1_000_000_000),
            peerState: session.remoteState.word
        )
        row.device = session.device
        (row.diagnostic, row.peerDiagnostic) = (session.diagnostic.words, session.remoteDiagnostic.words)
        (row.discriminator, row.peerDiscriminator) = (session.localDiscriminator, session.remoteDiscriminator)
        (row.transmit, row.receive, row.multiplier) = (session.transmit, session.receive, session.multiplier)
        (row.detection, row.authentication) = (session.detection, session.authentication?.rawValue)
        (row.jitter, row.longestGap) = (session.jitter, session.longestGap)
        (row.falls, row.sent, row.received) = (session.falls, session.sent, session.received)
        (row.refused, row.realTime) = (session.refused, session.isRealTime)
        return row
    }
}

extension BFDState {
    fileprivate var word: String {
        switch self {
        case .adminDown: "admin-down"
        case .down: "down"
        case .initializing: "init"
        case .up: "up"
        }
    }
}

extension BFDDiagnostic {
    /// In the words of RFC 5880 §4.1; nil for none.
    fileprivate var words: String? {
        switch self {
        case .none: nil
        case .detectionTimeExpired: "control detection time expired"
        case .echoFailed: "echo function failed"
        case .neighborSignaledDown: "neighbor signaled session down"
        case .forwardingPlaneReset: "forwarding plane reset"
        case .pathDown: "path down"
        case .concatenatedPathDown: "concatenated path down"
        case .administrativelyDown: "administratively down"
        case .reverseConcatenatedPathDown: "reverse concatenated path down"
        default: "diagnostic \(number)"
        }
    }
}
