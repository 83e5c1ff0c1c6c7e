/// Short ways to make groups for tests.
import ConfigSyntax
import NetTypes
import PolicyEngine

enum Groups {
    static let nowhere = Place(file: 0, line: 1, column: 1)
    static let start = Instant(nanoseconds: 0)

    static func member(
        _ name: String,
        weight: Int = 1,
        tier: Int = 1,
        downAfter: Int = 1,
        upAfter: Int = 1,
        scopes: [HealthScope] = [.v4, .v6]
    ) -> MemberDefinition {
        MemberDefinition(
            name: Located(name, at: nowhere),
            weight: weight,
            tier: tier,
            hysteresis: Hysteresis(downAfter: downAfter, upAfter: upAfter),
            scopes: scopes
        )
    }

    static func group(_ strategy: Strategy, keepsLast: Bool = true, _ members: MemberDefinition...) -> GroupDefinition {
        GroupDefinition(name: Located("g", at: nowhere), strategy: strategy, members: members, keepsLast: keepsLast)
    }

    static func table(_ definition: GroupDefinition) -> GroupTable { GroupTable([definition], at: start) }
}

extension GroupTable {
    /// One failure of the member at this position, enough for `downAfter: 1`.
    @discardableResult
    mutating func fail(_ member: Int, _ scope: HealthScope = .v4) -> Health.Change {
        observe(.failure(Cause("test")), of: MemberID(member), in: scope, at: Groups.start)
    }

    @discardableResult
    mutating func degrade(_ member: Int, _ scope: HealthScope = .v4) -> Health.Change {
        observe(.degraded(Cause("test")), of: MemberID(member), in: scope, at: Groups.start)
    }

    @discardableResult
    mutating func succeed(_ member: Int, _ scope: HealthScope = .v4) -> Health.Change {
        observe(.success, of: MemberID(member), in: scope, at: Groups.start)
    }

    func weights(_ scope: HealthScope = .v4) -> [UInt32] { shares(of: GroupID(0), in: scope).all.map(\.weight) }
    func reasons(_ scope: HealthScope = .v4) -> [Share.Reason] { shares(of: GroupID(0), in: scope).all.map(\.reason) }
}
