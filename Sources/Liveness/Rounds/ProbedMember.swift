/// What the prober is told about one member.
package import NetTypes
package import PolicyEngine

/// One member, the way its requests must leave by, and what is asked in each of its scopes.
package struct ProbedMember: Hashable, Sendable, Codable {
    /// What is asked in one scope.
    package struct Scope: Hashable, Sendable, Codable {
        package let scope: HealthScope
        package let plan: ProbePlan

        package init(_ scope: HealthScope, _ plan: ProbePlan) {
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

    /// A member as the configuration has it: probed in the scopes for which the probe has a target.
    ///
    /// - Parameter own: Its own address in a scope (`ProbePlan`).
    package init(
        name: String,
        device: String?,
        mark: Mark?,
        scopes: [HealthScope],
        probe: ProbeDefinition,
        own: (HealthScope) -> ProbeTarget?
    ) {
        self.init(
            name: name,
            device: device,
            mark: mark,
            scopes: scopes.compactMap { scope in
                ProbePlan(probe, in: scope, own: own(scope)).map { Scope(scope, $0) }
            }
        )
    }
}
