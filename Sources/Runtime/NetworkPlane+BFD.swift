/// Which BFD sessions the network plane wants, and what it learns from them.
import ConfigSyntax
import Forwarding
import Liveness
import NetTypes
import PolicyEngine

extension NetworkPlane {
    /// What sessions tell is remembered and, where it is news for their members' health, acted upon.
    mutating func heard(_ reports: [BFDReport], at now: Instant, _ effects: inout [Effect]) {
        for report in reports where isWanted(report) {
            for name in report.members {
                guard let member = groups.member(named: name) else { continue }
                sessions[ProbeKey(member: name, scope: report.scope)] = report
                if let signal = report.signal { tell(signal, member.id, report.scope, at: now, &effects) }
            }
        }
    }

    /// Not one that was on its way when its gateway changed.
    private func isWanted(_ report: BFDReport) -> Bool {
        wantedSessions.contains { $0.peer == report.session.peer && $0.device == report.session.device }
    }

    /// Asks for the sessions and probes of this configuration and of what the kernel says of links and gateways, when they are others
    /// than before.
    mutating func askForWatching(at now: Instant, _ effects: inout [Effect]) {
        guard needsWatching else { return }
        needsWatching = false
        let before = watched
        askForProbes(&effects)
        askForSessions(&effects)
        forgetHealth(of: before.subtracting(watched), at: now, &effects)
    }

    /// Whose health a probe or a session tells.
    private var watched: Set<ProbeKey> {
        let probed = (wantedProbes ?? []).flatMap { member in
            member.scopes.map { ProbeKey(member: member.name, scope: $0.scope) }
        }
        return Set(
            probed
                + wantedSessions.flatMap { session in session.members.map { ProbeKey(member: $0, scope: session.scope) }
                }
        )
    }

    /// What was said of a gateway that is gone says nothing about the next: nobody would ever take it back.
    private mutating func forgetHealth(of keys: Set<ProbeKey>, at now: Instant, _ effects: inout [Effect]) {
        for group in configuration.groups {
            for member in group.members where member.isAuto {
                guard let id = groups.member(named: group.fullName(of: member))?.id else { continue }
                for family in AddressFamily.allCases {
                    let key = ProbeKey(member: group.fullName(of: member), scope: HealthScope(family))
                    guard keys.contains(key) else { continue }
                    tell(.unmeasured(Absence.noGatewayLearnt), id, key.scope, at: now, &effects)
                }
            }
        }
    }

    private mutating func askForSessions(_ effects: inout [Effect]) {
        let wanted = bfdSubjects
        guard wanted != wantedSessions else { return }
        wantedSessions = wanted
        let kept = Set(wanted.flatMap { subject in subject.members.map { ProbeKey(member: $0, scope: subject.scope) } })
        sessions = sessions.filter { kept.contains($0.key) }
        effects.append(.bfd(wanted))
    }

    /// The sessions that members want, in the configuration's order; members of one gateway on one link share theirs.
    var bfdSubjects: [BFDSubject] {
        let resolver = resolver
        var subjects: [BFDSubject] = []
        for group in configuration.groups {
            for member in group.members {
                guard let name = member.probe?.value, let probe = bfdProbe(name) else { continue }
                for family in AddressFamily.allCases {
                    guard let peer = resolver.gateway(of: member, family) else { continue }
                    let device = member.device?.value ?? view.link(towards: peer)?.name
                    add(group.fullName(of: member), peer, device, probe, to: &subjects)
                }
            }
        }
        return subjects
    }

    private func bfdProbe(_ name: String) -> BFDProbe? {
        for probe in probes where probe.name.value == name {
            if case .bfd(let session) = probe.kind { return session }
        }
        return nil
    }

    private func add(
        _ member: String,
        _ peer: IPAddress,
        _ device: String?,
        _ probe: BFDProbe,
        to subjects: inout [BFDSubject]
    ) {
        let shared = subjects.firstIndex { $0.peer == peer && $0.device == device }
        // A learnt gateway may turn out to be another member's, whose probe is another: the session is the first one's.
        if let shared {
            subjects[shared] = subjects[shared].shared(with: member)
            return
        }
        subjects.append(
            BFDSubject(
                members: [member],
                scope: HealthScope(peer.family),
                device: device,
                peer: peer,
                parameters: probe.parameters,
                authentication: probe.authentication.map { BFDAuthenticationPlan($0) },
                upAfter: probe.upAfter
            )
        )
    }
}
