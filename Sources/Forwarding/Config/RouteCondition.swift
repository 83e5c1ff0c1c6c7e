/// While whom is a route there? `while: wan` takes it out of the kernel when nobody healthy is left in the group, so that whoever
/// announces our routes to others (BIRD, FRR) withdraws it.
package import ConfigSyntax
import NetTypes
import PolicyEngine

package struct RouteCondition: Hashable, Sendable {
    /// As written: `group` or `group.member`; its names are checked against the groups.
    package let reference: Located<String>

    package var group: String { String(reference.value.split(separator: ".", maxSplits: 1).first ?? "") }
    /// Nil: any member of the group.
    package var member: String? {
        let parts = reference.value.split(separator: ".", maxSplits: 1)
        return parts.count == 2 ? String(parts[1]) : nil
    }

    static func read(_ block: BlockReader) -> RouteCondition? {
        block.optional("while", as: String.self).map { RouteCondition(reference: $0) }
    }
}

extension Resolver {
    /// Its cause in what is pending.
    static let withdrawn = Cause("withdrawn")

    /// Whether somebody healthy carries what the condition names: in the prefix's family, or in the other one when the group has
    /// no member in that.
    ///
    /// Before probes have answered nothing is known: then a route that is there stays, and one that is not waits. So a restart
    /// neither withdraws nor announces anything.
    func holds(_ condition: RouteCondition, for key: Route.Key) -> Bool {
        guard let index = configuration.groups.firstIndex(where: { $0.name == condition.group }) else { return false }
        let own = key.prefix.family
        let family = configuration.groups[index].has(own) ? own : (own == .v4 ? .v6 : .v4)
        let shares = shares(index, family)
        let healthy = zip(configuration.groups[index].members, shares.all).filter { member, share in
            guard condition.member.map({ $0 == member.name.value }) ?? true else { return false }
            return condition.member == nil ? share.weight > 0 && share.reason != .keptLast : !share.reason.isOutage
        }
        if healthy.contains(where: { member, share in share.isProven || member.probe == nil }) { return true }
        guard !healthy.isEmpty, let there = view.route(at: key) else { return false }
        return configuration.ownership.owns(there)
    }
}
