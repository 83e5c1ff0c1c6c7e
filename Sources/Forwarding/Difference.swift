/// What has to change in the kernel so that it holds the wish: `(Wish, KernelView) → Plan`, one pure function.
///
/// Order: next hops → groups → routes → rules → nftables; removal the other way round; make before break.
package import ConfigSyntax
import NetTypes

/// A stranger's object where one of ours belongs.
package struct ForeignConflict: Hashable, Sendable, Codable {
    /// What stands there, in the kernel's terms.
    package enum Object: Hashable, Sendable, Codable {
        case nexthop(Nexthop)
        case route(Route)
        case rule(Rule)
    }

    package let object: Object
    /// The line that wanted the place; nil for a stranger inside our window that is in nobody's way.
    package let cause: Place?

    package init(_ object: Object, cause: Place?) {
        self.object = object
        self.cause = cause
    }
}

/// The changes in the order in which they are to be made, and what of strangers is in the way.
package struct Plan: Sendable {
    package var changes: [KernelChange] = []
    package var conflicts: [ForeignConflict] = []
    /// What of strangers goes along with what is deleted.
    package var losses: [Loss] = []

    package init() {}

    package var isEmpty: Bool { changes.isEmpty }
}

/// One comparison under way.
package struct Difference {
    private let wish: Wish
    /// What the kernel has, without what the plan has already removed.
    private var view: KernelView
    private let window: OwnershipWindow
    private var plan = Plan()

    /// The plan that makes the kernel hold the wish.
    package static func plan(from view: KernelView, to wish: Wish, window: OwnershipWindow) -> Plan {
        var difference = Difference(wish: wish, view: view, window: window)
        difference.removeMisshapen()
        let unusable = difference.setNexthops()
        difference.setRoutes(without: unusable)
        difference.addRules()
        difference.changeRuleset()
        difference.removeRules()
        difference.removeRoutes()
        difference.removeNexthops()
        difference.reportStrangers()
        let deleted = difference.plan.changes.compactMap { change -> NexthopID? in
            if case .deleteNexthop(let id, _) = change.operation { id } else { nil }
        }
        difference.plan.losses = view.losses(byDeleting: Set(deleted))
        return difference.plan
    }

    /// Only the next hops of the list: the way a member's failure takes (one message per group and family).
    package static func changes(from view: KernelView, to nexthops: [Wished<Nexthop>], window: OwnershipWindow) -> Plan
    {
        var wish = Wish()
        wish.nexthops = nexthops
        var difference = Difference(wish: wish, view: view, window: window)
        _ = difference.setNexthops()
        return difference.plan
    }

    private init(wish: Wish, view: KernelView, window: OwnershipWindow) {
        self.wish = wish
        self.view = view
        self.window = window
    }
}

// MARK: - Making

extension Difference {
    /// An object of ours that stands where one of another shape belongs (numbers may move at a restart) has to go first, with all that
    /// goes with it.
    private mutating func removeMisshapen() {
        for wished in wish.nexthops {
            guard let there = view.nexthops[wished.object.id], window.owns(there),
                !there.isReplaceable(by: wished.object)
            else {
                continue
            }
            let change = KernelChange(.deleteNexthop(there.id, there.family), cause: wished.cause)
            plan.changes.append(change)
            view.expect(change)
        }
    }

    /// Returns the ids that cannot be used because a stranger holds them.
    private mutating func setNexthops() -> Set<NexthopID> {
        var unusable: Set<NexthopID> = []
        for wished in wish.nexthops {
            let nexthop = wished.object
            let there = view.nexthops[nexthop.id]
            if let there, !window.owns(there) {
                plan.conflicts.append(ForeignConflict(.nexthop(there), cause: wished.cause))
                unusable.insert(nexthop.id)
                continue
            }
            if nexthop.kind.members?.contains(where: { unusable.contains($0.id) }) ?? false {
                unusable.insert(nexthop.id)
                continue
            }
            if there != nexthop { plan.changes.append(KernelChange(.setNexthop(nexthop), cause: wished.cause)) }
        }
        return unusable
    }

    private mutating func setRoutes(without unusable: Set<NexthopID>) {
        for wished in wish.routes + feedRoutesApart() {
            let route = wished.object
            if case .nexthop(let id) = route.action, unusable.contains(id) { continue }
            let there = view.route(at: route.key)
            if let there, !window.owns(there) {
                plan.conflicts.append(ForeignConflict(.route(there), cause: wished.cause))
            } else if there != route {
                plan.changes.append(KernelChange(.setRoute(route), cause: wished.cause))
            }
        }
    }

    /// Routes of feeds that do not stand as their list does: drifted, a stranger's, or written in the file until now.
    private func feedRoutesApart() -> [Wished<Route>] {
        guard !wish.feeds.isEmpty else { return [] }
        let written = Set(wish.routes.map(\.object.key))
        return (Array(view.routes.keys) + view.gaps).filter { !written.contains($0) }.sorted()
            .compactMap { wish.feedRoute(at: $0, window: window) }
    }

    private mutating func addRules() {
        for wished in wish.rules where !view.rules.contains(wished.object) {
            // The kernel calls two rules equal when all but the protocol agree, so a stranger's equal rule blocks ours.
            let equal = view.rules.filter { $0.selectsLike(wished.object) && !window.owns($0) }
                .min { $0.routeProtocol < $1.routeProtocol }
            if let equal {
                plan.conflicts.append(ForeignConflict(.rule(equal), cause: wished.cause))
            } else {
                plan.changes.append(KernelChange(.addRule(wished.object), cause: wished.cause))
            }
        }
    }

    private mutating func changeRuleset() {
        guard let change = RulesetChange.from(view.ruleset, to: wish.ruleset?.object) else { return }
        plan.changes.append(KernelChange(.changeRuleset(change), cause: wish.ruleset?.cause))
    }
}

// MARK: - Removing

extension Difference {
    private mutating func removeRules() {
        let wished = Set(wish.rules.map(\.object))
        let obsolete = view.rules.filter { window.owns($0) && !wished.contains($0) }
        for rule in obsolete.sorted(by: { ($0.family, $0.preference) < ($1.family, $1.preference) }).reversed() {
            plan.changes.append(KernelChange(.deleteRule(rule), cause: nil))
        }
    }

    private mutating func removeRoutes() {
        let wished = Set(wish.routes.map(\.object.key))
        let obsolete = view.routes.values.filter {
            window.owns($0) && !wished.contains($0.key) && wish.feedRoute(at: $0.key, window: window) == nil
        }
        for route in obsolete.sorted(by: { $0.key.isMade(before: $1.key) }).reversed() {
            plan.changes.append(KernelChange(.deleteRoute(route), cause: nil))
        }
    }

    /// Groups before the lone next hops they hold.
    private mutating func removeNexthops() {
        let wished = Set(wish.nexthops.map(\.object.id))
        let obsolete = view.nexthops.values.filter {
            window.owns($0) && !wished.contains($0.id) && !isHeldByList($0)
        }
        for nexthop in obsolete.sorted(by: { $0.isGroup != $1.isGroup ? $0.isGroup : $0.id > $1.id }) {
            plan.changes.append(KernelChange(.deleteNexthop(nexthop.id, nexthop.family), cause: nil))
        }
    }
}

extension Difference {
    /// Deleting a next hop drops its routes at once, however many. That is welcome when no list of the family is wished any more;
    /// otherwise they are given another next hop first.
    private func isHeldByList(_ nexthop: Nexthop) -> Bool {
        guard view.segments.contains(where: { $0.action == .nexthop(nexthop.id) }) else { return false }
        return wish.feeds.contains { $0.list.count(nexthop.family) > 0 && $0.action(nexthop.family) != nil }
    }
}

// MARK: - Strangers

extension Difference {
    /// Strangers inside our windows that are in nobody's way: they work today, and get in the way of tomorrow's numbers.
    private mutating func reportStrangers() {
        let known = Set(plan.conflicts.map(\.object))
        let nexthops = view.nexthops.values.filter { window.nexthopIDs.contains($0.id.value) && !window.owns($0) }
            .sorted { $0.id < $1.id }.map { ForeignConflict.Object.nexthop($0) }
        let routes = view.routes.values.filter { window.tables.contains($0.key.table) && !window.owns($0) }
            .sorted { $0.key < $1.key }.map { ForeignConflict.Object.route($0) }
        let rules = view.rules.filter { !window.owns($0) }
            .sorted { ($0.preference, $0.family, $0.table, $0.mark) < ($1.preference, $1.family, $1.table, $1.mark) }
            .map { ForeignConflict.Object.rule($0) }
        plan.conflicts += (nexthops + routes + rules).filter { !known.contains($0) }
            .map { ForeignConflict($0, cause: nil) }
    }
}
