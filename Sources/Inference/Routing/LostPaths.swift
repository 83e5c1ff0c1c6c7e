/// Which paths carried connections a moment ago and do not any more? What runs over them must learn it, not wait for a timeout.
package import NetTypes
import PolicyEngine

extension GatewaySnapshot {
    /// The marks of the paths that could carry load on `old`, in whichever family, and now cannot because they are down, have lost
    /// what they stand on, or were taken down by the operator. A path that is drained, stands by or is kept as the last one is not lost.
    package func pathsLost(since old: GatewaySnapshot) -> [Mark] {
        paths.filter { path in
            let member = network[path.member]
            guard let before = old.network.member(named: member.fullName), old.mark(of: before.id) == path.mark else {
                return false
            }
            return member.definition.scopes.contains { scope in
                network.isLost(member.id, in: scope) && !old.network.isLost(before.id, in: scope)
            }
        }.map(\.mark)
    }
}

extension GroupTable {
    fileprivate func isLost(_ member: MemberID, in scope: HealthScope) -> Bool {
        let share = shares(of: self[member].group, in: scope).all.first { $0.member == member }
        switch share?.reason {
        case .down, .absent, .adminDown: return true
        case .eligible, .behind, .exploring, .standby, .degraded, .overLimit, .heldDown, .damped, .lastResort,
            .keptLast,
            .drained, .outOfScope, .excluded, nil:
            return false
        }
    }
}
