/// What the prober is told about one member.
package import NetTypes
package import PolicyEngine

/// One member, the way its requests must leave by, and what is asked in each of its scopes.
package struct ProbedMember: Hashable, Sendable, Codable {
    /// What is asked in one scope.
    package struct Scope: Hashable, Sendable, Codable {
        package let scope: HealthScope
        package let plan: EchoPlan

        package init(_ scope: HealthScope, _ plan: EchoPlan) {
            self.scope = scope
            self.plan = plan
        }
    }

    /// `group.member`; a schedule goes on undisturbed as long as this, the scope and the plan stay.
    package let name: String
    /// The device its requests must leave by; nil when its routes decide.
    package let device: String?
    /// The mark of its path, by which its own table is looked up; nil when it has none.
    package let mark: Mark?
    /// Empty when nothing can be asked: such a member is not probed.
    package let scopes: [Scope]

    package init(name: String, device: String?, mark: Mark?, scopes: [Scope]) {
        self.name = name
        self.device = device
        self.mark = mark
        self.scopes = scopes
    }

    /// A member as the configuration has it. Only ICMP probes are run, and only in scopes for which the probe names a target.
    package init(name: String, device: String?, mark: Mark?, scopes: [HealthScope], probe: ProbeDefinition) {
        self.init(
            name: name,
            device: device,
            mark: mark,
            scopes: scopes.compactMap { scope in EchoPlan(probe, in: scope).map { Scope(scope, $0) } }
        )
    }
}
