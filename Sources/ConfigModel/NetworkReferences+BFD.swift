/// Whether members whose probe is a BFD session have somebody to keep it with, and one session each.
import ConfigSyntax
import Forwarding
import Liveness
import NetTypes
import PolicyEngine

extension NetworkReferences {
    /// Between two systems there is one session on a link and family (RFC 5881 §3): members that share it share its probe.
    func checkSessions() {
        // A peer of nil is the gateway that is learnt on the device.
        var sessions: [(device: String?, peer: IPAddress?, probe: Located<String>, member: String)] = []
        for group in network.groups {
            for member in group.members {
                guard let name = member.probe, isBFD(name.value) else { continue }
                checkGateway(member, name)
                if isMeasured(group.definition) { reportMeasuring(name, group) }
                let written = [member.gateway4, member.gateway6].compactMap { $0?.value }
                for peer in member.isAuto ? [nil] : written.map(Optional.some) {
                    let device = member.device?.value
                    let twin = sessions.first { $0.device == device && $0.peer == peer && $0.probe.value != name.value }
                    if let twin { reportSecond(name, twin.member, peer, twin.probe.place) }
                    sessions.append((device, peer, name, group.fullName(of: member)))
                }
            }
        }
    }

    private func isBFD(_ name: String) -> Bool {
        if case .bfd? = probes.first(where: { $0.name.value == name })?.kind { true } else { false }
    }

    /// Whether the group judges its members by what only answers to requests can tell.
    private func isMeasured(_ group: GroupDefinition) -> Bool {
        let (aims, limits) = (group.terms.aims, group.terms.limits)
        if group.strategy.measures(aims) { return true }
        return limits.maxLatency != nil || limits.maxLoss != nil
    }

    private func reportMeasuring(_ probe: Located<String>, _ group: NetworkGroup) {
        diagnostics.report(
            "'\(probe.value)' is a BFD session, which measures neither latency nor loss, and '\(group.name)' judges by them",
            at: probe.place,
            related: group.place
        )
    }

    private func reportSecond(_ probe: Located<String>, _ member: String, _ peer: IPAddress?, _ place: Place) {
        let whom = peer.map(\.description) ?? "the gateway that is learnt"
        diagnostics.report(
            "'\(member)' keeps its BFD session with \(whom) by another probe, and two systems have one session",
            at: probe.place,
            hint: "use the same probe for both",
            related: place
        )
    }

    private func checkGateway(_ member: NetworkMember, _ probe: Located<String>) {
        guard !member.isAuto, member.gateway4 == nil, member.gateway6 == nil else { return }
        diagnostics.report(
            "'\(probe.value)' is a BFD session, and '\(member.name.value)' has no gateway to keep it with",
            at: probe.place,
            hint: member.backend == nil ? "write via:, or watch it by another kind of probe" : nil
        )
    }
}
