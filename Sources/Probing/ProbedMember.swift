/// What the daemon tells the prober about one member.
package import Liveness
package import NetTypes
package import PolicyEngine

/// One member and how to probe it.
package struct ProbedMember: Hashable, Sendable {
    package let member: MemberID
    /// `group.member`; a schedule goes on undisturbed as long as this, the scope and the probe stay.
    package let name: String
    /// The device its requests must leave by; nil when its routes decide.
    package let device: String?
    /// The mark of its path, by which its own table is looked up; nil when it has none.
    package let mark: Mark?
    package let scopes: [HealthScope]
    /// Only ICMP probes are run; a member with another kind is not probed.
    package let probe: ProbeDefinition

    package init(
        member: MemberID,
        name: String,
        device: String?,
        mark: Mark?,
        scopes: [HealthScope],
        probe: ProbeDefinition
    ) {
        self.member = member
        self.name = name
        self.device = device
        self.mark = mark
        self.scopes = scopes
        self.probe = probe
    }

    func subject(_ scope: HealthScope, _ plan: EchoPlan) -> ProbeTable.Subject {
        ProbeTable.Subject(member: member, name: name, scope: scope, plan: plan)
    }
}
