/// Which BFD sessions the network plane wants, and what it learns from them.
import ConfigSyntax
import Forwarding
import Liveness
import NetTypes
import PolicyEngine

extension NetworkPlane {
    /// What sessions tell is remembered and, where it is news for their members' health, acted upon.
    mutating func heard(_ reports: [BFDReport], at now: Instant, _ effects: inout [Effect]) {
        for report in reports {
            for name in report.members {
                guard let member = groups.member(named: name) else { continue }
                sessions[ProbeKey(member: name, scope: report.scope)] = report
                if let signal = report.signal { tell(signal, member.id, report.scope, at: now, &effects) }
            }
        }
    }

    /// Asks for the sessions of this configuration and of what the kernel says of links, when they are others than before.
    mutating func askForSessions(_ effects: inout [Effect]) {
        guard needsSessions else { return }
        needsSessions = false
        let wanted = bfdSubjects
        guard wanted != wantedSessions else { return }
        wantedSessions = wanted
        let kept = Set(wanted.flatMap { subject in subject.members.map { ProbeKey(member: $0, scope: subject.scope) } })
        sessions = sessions.filter { kept.contains($0.key) }
        effects.append(.bfd(wanted))
    }

    /// The sessions that members want, in the configuration's order; members of one gateway on one link share theirs.
    var bfdSubjects: [BFDSubject] {
        var subjects: [BFDSubject] = []
        for group in configuration.groups {
            for member in group.members {
                guard let name = member.probe?.value, let probe = bfdProbe(name) else { continue }
                for family in AddressFamily.allCases {
                    guard let peer = member.gateway(family)?.value else { continue }
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
        let subject = BFDSubject(
            members: (shared.map { subjects[$0].members } ?? []) + [member],
            scope: HealthScope(peer.family),
            device: device,
            peer: peer,
            parameters: probe.parameters,
            authentication: probe.authentication.map { BFDAuthenticationPlan($0) },
            upAfter: probe.upAfter
        )
        if let shared { subjects[shared] = subject } else { subjects.append(subject) }
    }
}
