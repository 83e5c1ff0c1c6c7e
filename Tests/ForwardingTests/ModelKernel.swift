/// A slow and obvious kernel: lists, no index, every rule of the real one that a plan depends on, and what it does in silence.
import NetTypes

@testable import Forwarding

struct ModelKernel {
    var nexthops: [Nexthop] = []
    var routes: [Route] = []
    var rules: [Rule] = []
    var ruleset: RulesetState?
    /// Whose objects a change may touch.
    let window: OwnershipWindow
    /// What a change did that it must never do: the kernel would refuse it, or a stranger would be hurt.
    private(set) var offences: [String] = []

    init(window: OwnershipWindow) { self.window = window }

    private func nexthop(_ id: NexthopID) -> Nexthop? { nexthops.first { $0.id == id } }

    mutating func carryOut(_ change: KernelChange) {
        switch change.operation {
        case .setNexthop(let nexthop): set(nexthop)
        case .deleteNexthop(let id, _): delete(id)
        case .setRoute(let route): set(route)
        case .deleteRoute(let route): delete(route)
        case .addRule(let rule):
            if rules.contains(where: { $0.selectsLike(rule) }) { offences.append("EEXIST \(rule)") }
            rules.append(rule)
        case .deleteRule(let rule):
            if !rules.contains(rule) { offences.append("ENOENT \(rule)") }
            if !window.owns(rule) { offences.append("stranger's \(rule)") }
            rules.removeAll { $0 == rule }
        case .changeRuleset(let change): ruleset = .after(change, from: ruleset)
        }
    }

    private mutating func set(_ new: Nexthop) {
        if let old = nexthop(new.id) {
            if !window.owns(old) { offences.append("stranger's \(old)") }
            if !canReplace(old, new) { offences.append("EINVAL \(old) → \(new)") }
        }
        if let members = new.kind.members {
            let there = members.map { nexthop($0.id) }
            if there.contains(nil) || members.isEmpty { offences.append("ENOENT in \(new)") }
            for case let member? in there where member.isGroup || member.family != new.family {
                offences.append("EINVAL \(member) in \(new)")
            }
        }
        nexthops.removeAll { $0.id == new.id }
        nexthops.append(new)
    }

    private func canReplace(_ old: Nexthop, _ new: Nexthop) -> Bool {
        let size = { (kind: Nexthop.Kind) in if case .resilient(_, let buckets) = kind { Int(buckets.count) } else { 0 }
        }
        return old.isGroup == new.isGroup && old.family == new.family && size(old.kind) == size(new.kind)
    }

    private mutating func delete(_ id: NexthopID) {
        guard let old = nexthop(id) else { return offences.append("ENOENT \(id)") }
        if !window.owns(old) { offences.append("stranger's \(old)") }
        vanish(id)
    }

    /// Removes a next hop as the kernel does: groups shrink, an empty one goes too, routes over what is gone go.
    private mutating func vanish(_ id: NexthopID) {
        nexthops.removeAll { $0.id == id }
        routes.removeAll { $0.action == .nexthop(id) }
        for group in nexthops {
            guard let members = group.kind.members, members.contains(where: { $0.id == id }) else { continue }
            let rest = members.filter { $0.id != id }
            if rest.isEmpty { vanish(group.id) } else { shrink(group, to: rest) }
        }
    }

    private mutating func shrink(_ group: Nexthop, to members: [WeightedNexthop]) {
        nexthops.removeAll { $0.id == group.id }
        nexthops.append(
            Nexthop(
                id: group.id,
                family: group.family,
                kind: group.kind.with(members),
                routeProtocol: group.routeProtocol
            )
        )
    }

    private mutating func set(_ new: Route) {
        if let old = routes.first(where: { $0.key == new.key }), !window.owns(old) {
            offences.append("stranger's \(old)")
        }
        if case .nexthop(let id) = new.action {
            if nexthop(id)?.family != new.key.prefix.family { offences.append("EINVAL \(new)") }
        }
        routes.removeAll { $0.key == new.key }
        routes.append(new)
    }

    private mutating func delete(_ route: Route) {
        if !routes.contains(where: { $0.key == route.key }) { offences.append("ESRCH \(route)") }
        if !window.owns(route) { offences.append("stranger's \(route)") }
        routes.removeAll { $0.key == route.key }
    }

    /// The kernel deletes next hops on a link that cannot carry, and says nothing.
    mutating func lose(interface: UInt32) {
        for nexthop in nexthops {
            if case .via(_, interface, _) = nexthop.kind { vanish(nexthop.id) }
        }
    }

    /// As a dump would tell it.
    var reports: [KernelReport] { nexthops.map { .nexthop($0) } + routes.map { .route($0) } + rules.map { .rule($0) } }
}
