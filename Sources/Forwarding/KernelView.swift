/// What the kernel has now, as far as it matters to us: the *Observed* store, fed by reports and by our own accepted changes.
///
/// It also does what the kernel does without telling (facts 1, 5 and 11): a link that goes takes its next hops with it, groups
/// shrink, an emptied group takes its routes.
import NetTypes

package struct KernelView: Sendable {
    package private(set) var links: [UInt32: Link] = [:]
    package private(set) var addresses: Set<InterfaceAddress> = []
    package private(set) var nexthops: [NexthopID: Nexthop] = [:]
    /// Routes of ours, and strangers' that matter: where ours stand or could stand, default routes of the main table, and what covers a
    /// gateway that is watched. Those that stand as `segments` say are not in here.
    package internal(set) var routes: [Route.Key: Route] = [:]
    /// Long lists of routes of ours; of two that hold a prefix the first counts.
    package internal(set) var segments: [RouteSegment] = []
    /// Keys that stand in a segment and not in the kernel.
    package internal(set) var gaps: Set<Route.Key> = []
    /// Grows whenever `routes` or `gaps` change.
    package internal(set) var routeRevision: UInt64 = 0
    /// What went with a next hop cannot be told from the lists alone: the routes have to be read again.
    package var wantsRouteDump = false
    /// Rules of ours and strangers' inside our preference band.
    package private(set) var rules: Set<Rule> = []
    /// Our nftables table as it was last read or accepted; nil when it is not there.
    package private(set) var ruleset: RulesetState?
    /// Families whose dump has been read at least once since the start.
    package private(set) var known: Set<KernelFamily> = []
    /// What hardware says of objects of ours.
    private(set) var routeOffloads = OffloadTable<Route.Key>()
    private(set) var nexthopOffloads = OffloadTable<NexthopID>()

    /// What of strangers' routes the configuration looks at.
    private(set) var watch = RouteWatch()
    /// The routes have to be read again before a difference means something.
    package private(set) var lacksRoutes = false

    let window: OwnershipWindow
    private var echoes = Echoes()
    /// During a dump: what has not been repeated yet and goes when the dump ends.
    var unrepeated: [KernelFamily: Stale] = [:]

    struct Stale {
        var links: Set<UInt32> = []
        var addresses: Set<InterfaceAddress> = []
        var nexthops: Set<NexthopID> = []
        var routes: Set<Route.Key> = []
        var rules: Set<Rule> = []
    }

    package init(window: OwnershipWindow) { self.window = window }

    /// Whether every family has been read, so that a difference means something.
    package var isComplete: Bool { known.count == KernelFamily.allCases.count }

    /// Whether a dump of the family has begun and not ended.
    package func isReading(_ family: KernelFamily) -> Bool { unrepeated[family] != nil }

    package func link(named name: String) -> Link? {
        links.values.filter { $0.name == name }.min { $0.index < $1.index }
    }
}

// MARK: - Dumps

extension KernelView {
    /// A dump of the family starts: what it does not repeat was removed behind our back.
    package mutating func dumpBegan(_ family: KernelFamily) {
        var stale = Stale()
        switch family {
        case .links: stale.links = Set(links.keys)
        case .addresses: stale.addresses = addresses
        case .nexthops:
            stale.nexthops = Set(nexthops.keys)
            echoes.forgetAnswered()
            nexthopOffloads.forgetAll()
        case .routes:
            routeOffloads.forgetAll()
            stale.routes = Set(routes.keys)
        case .rules: stale.rules = rules
        case .nftables: break
        }
        unrepeated[family] = stale
    }

    /// The dump is complete. True when something had vanished unnoticed.
    package mutating func dumpEnded(_ family: KernelFamily) -> Bool {
        known.insert(family)
        if family == .routes { lacksRoutes = false }
        guard let stale = unrepeated.removeValue(forKey: family) else { return false }
        var changed = false
        for index in stale.links { changed = apply(.linkGone(index: index)) || changed }
        for address in stale.addresses { changed = apply(.addressGone(address)) || changed }
        for id in stale.nexthops { changed = apply(.nexthopGone(id)) || changed }
        for key in stale.routes { changed = stand(nil, at: key) != nil || changed }
        for rule in stale.rules { changed = apply(.ruleGone(rule)) || changed }
        return changed
    }

    /// What our nftables table was found to be.
    package mutating func found(_ found: RulesetState?) -> Bool {
        defer { ruleset = found }
        switch (ruleset, found) {
        case (nil, nil): return false
        case (let old?, let new?): return !old.isSame(as: new)
        case (nil, _), (_, nil): return true
        }
    }
}

// MARK: - Reports

extension KernelView {
    /// Takes in one report; true when it was news, that is, not already known and not the echo of our own change.
    package mutating func apply(_ report: KernelReport) -> Bool {
        switch report {
        case .link(let link): return saw(link)
        case .linkGone(let index): return lost(linkIndex: index)
        case .address(let address): return saw(address)
        case .addressGone(let address): return lost(address)
        case .nexthop(let nexthop): return saw(nexthop)
        case .nexthopGone(let id): return lostNexthop(id)
        case .route(let route): return saw(route)
        case .routeGone(let route): return lost(route)
        case .nexthopOffload(let id, let flags): return nexthopOffloads.note(flags, of: id)
        case .routeOffload(let key, let flags): return routeOffloads.note(flags, of: key)
        case .rule(let rule): return saw(rule)
        case .ruleGone(let rule): return rules.remove(rule) != nil
        }
    }

    private mutating func saw(_ link: Link) -> Bool {
        unrepeated[.links]?.links.remove(link.index)
        let old = links.updateValue(link, forKey: link.index)
        if !link.isUsable { dropNexthops(on: link.index) }
        return old != link
    }

    private mutating func lost(linkIndex index: UInt32) -> Bool {
        dropNexthops(on: index)
        addresses = addresses.filter { $0.interface != index }
        return links.removeValue(forKey: index) != nil
    }

    private mutating func saw(_ address: InterfaceAddress) -> Bool {
        unrepeated[.addresses]?.addresses.remove(address)
        guard !addresses.contains(address) else { return false }
        // The same one with other flags.
        addresses = addresses.filter {
            $0.interface != address.interface || $0.address != address.address
                || $0.prefixLength != address.prefixLength
        }
        return addresses.insert(address).inserted
    }

    private mutating func lost(_ address: InterfaceAddress) -> Bool {
        let gone = addresses.filter {
            $0.interface == address.interface && $0.address == address.address
                && $0.prefixLength == address.prefixLength
        }
        addresses.subtract(gone)
        dropSource(address.address)
        return !gone.isEmpty
    }

    private mutating func saw(_ nexthop: Nexthop) -> Bool {
        nexthopOffloads.forget(nexthop.id)
        unrepeated[.nexthops]?.nexthops.remove(nexthop.id)
        if echoes.cover(nexthop, of: nexthop.id) { return false }
        return nexthops.updateValue(nexthop, forKey: nexthop.id) != nexthop
    }

    private mutating func lostNexthop(_ id: NexthopID) -> Bool {
        nexthopOffloads.forget(id)
        if echoes.cover(nil, of: id) { return false }
        guard nexthops[id] != nil else { return false }
        drop([id])
        return true
    }

    private mutating func saw(_ route: Route) -> Bool {
        routeOffloads.forget(route.key)
        unrepeated[.routes]?.routes.remove(route.key)
        guard window.concerns(route) || watch.concerns(route) else { return false }
        return stand(route, at: route.key) != route
    }

    /// Only the route that holds the key: a stranger's with another protocol may have been replaced meanwhile.
    private mutating func lost(_ route: Route) -> Bool {
        guard self.route(at: route.key) == route else { return false }
        stand(nil, at: route.key)
        return true
    }

    private mutating func saw(_ rule: Rule) -> Bool {
        unrepeated[.rules]?.rules.remove(rule)
        guard window.concerns(rule) else { return false }
        return rules.insert(rule).inserted
    }

}

// MARK: - What is looked at

extension KernelView {
    /// Looks at these routes of strangers too. True when they have to be read again, because they were not looked at before.
    package mutating func look(at watch: RouteWatch) -> Bool {
        let isMore = !watch.isCovered(by: self.watch)
        self.watch = watch
        guard isMore, known.contains(.routes) else { return false }
        lacksRoutes = true
        return true
    }
}

// MARK: - What the kernel does in silence

extension KernelView {
    /// Without its source address an IPv4 route goes, unannounced; an IPv6 one over a next-hop object stays as it is (seen on 6.18).
    private mutating func dropSource(_ address: IPAddress) {
        guard address.family == .v4, !addresses.contains(where: { $0.address == address }) else { return }
        for (key, route) in routes where route.source == address {
            stand(nil, at: key)
        }
    }

    private mutating func dropNexthops(on interface: UInt32) {
        let gone = nexthops.values.filter {
            if case .via(_, interface, _) = $0.kind { return true }
            return false
        }
        if !gone.isEmpty { drop(Set(gone.map(\.id))) }
    }

    /// Removes next hops, shrinks the groups that held them, and removes what is emptied and the routes over it.
    private mutating func drop(_ ids: Set<NexthopID>) {
        var gone = ids
        for (id, nexthop) in nexthops {
            guard let members = nexthop.kind.members, !ids.contains(id) else { continue }
            let rest = members.filter { !ids.contains($0.id) }
            if rest.isEmpty {
                gone.insert(id)
            } else if rest.count < members.count {
                nexthops[id] = Nexthop(
                    id: id,
                    family: nexthop.family,
                    kind: nexthop.kind.with(rest),
                    routeProtocol: nexthop.routeProtocol
                )
            }
        }
        for id in gone { nexthops[id] = nil }
        dropRoutes(over: gone)
    }
}

// MARK: - Our own changes

extension KernelView {
    /// What stood where a change of ours was sent to; put back if the kernel refuses it.
    package enum Displaced: Hashable, Sendable {
        case nexthop(Nexthop?)
        case route(Route?)
        /// Whether the rule was there.
        case rule(Bool)
        case ruleset(RulesetState?)
    }

    /// Moves the view on by a change that is being sent: the next difference is taken against what is on its way. The answer
    /// is to be told with `accepted`, `refused` or `unanswered`.
    @discardableResult
    package mutating func expect(_ change: KernelChange) -> Displaced {
        switch change.operation {
        case .setNexthop(let nexthop):
            echoes.expect(nexthop, of: nexthop.id)
            return .nexthop(nexthops.updateValue(nexthop, forKey: nexthop.id))
        case .deleteNexthop(let id, _):
            echoes.expect(nil, of: id)
            let old = nexthops[id]
            if old != nil { drop([id]) }
            return .nexthop(old)
        case .setRoute(let route): return .route(stand(route, at: route.key))
        case .deleteRoute(let route): return .route(stand(nil, at: route.key))
        case .addRule(let rule): return .rule(!rules.insert(rule).inserted)
        case .deleteRule(let rule): return .rule(rules.remove(rule) != nil)
        case .changeRuleset(let change):
            let old = ruleset
            ruleset = .after(change, from: old)
            return .ruleset(old)
        }
    }

    /// The kernel took the change.
    package mutating func accepted(_ change: KernelChange) {
        switch change.operation {
        case .setNexthop(let nexthop): echoes.answered(nexthop, of: nexthop.id)
        case .deleteNexthop(let id, _): echoes.answered(nil, of: id)
        case .setRoute, .deleteRoute, .addRule, .deleteRule, .changeRuleset: return
        }
    }

    /// The answer never came: what the kernel has, only reading the family again can tell.
    package mutating func unanswered(_ change: KernelChange) {
        switch change.operation {
        case .setNexthop(let nexthop): echoes.withdraw(nexthop, of: nexthop.id)
        case .deleteNexthop(let id, _): echoes.withdraw(nil, of: id)
        case .setRoute, .deleteRoute, .addRule, .deleteRule, .changeRuleset: return
        }
    }

    /// The kernel refused the change: what it displaced stands there still, unless something newer has been seen since. What
    /// went with a deletion is found by reading the family again.
    package mutating func refused(_ change: KernelChange, displaced: Displaced) {
        unanswered(change)
        switch (change.operation, displaced) {
        case (.setNexthop(let new), .nexthop(let old)) where nexthops[new.id] == new: nexthops[new.id] = old
        case (.deleteNexthop(let id, _), .nexthop(let old)) where nexthops[id] == nil: nexthops[id] = old
        case (.setRoute(let new), .route(let old)) where route(at: new.key) == new: stand(old, at: new.key)
        case (.deleteRoute(let gone), .route(let old)) where route(at: gone.key) == nil: stand(old, at: gone.key)
        case (.addRule(let rule), .rule(false)): rules.remove(rule)
        case (.deleteRule(let rule), .rule(true)): rules.insert(rule)
        // A batch is kept whole or not at all. Had something newer been read meanwhile, it is read again anyway.
        case (.changeRuleset, .ruleset(let old)): ruleset = old
        case (.setNexthop, _), (.deleteNexthop, _), (.setRoute, _), (.deleteRoute, _), (.addRule, _), (.deleteRule, _),
            (.changeRuleset, _):
            return
        }
    }
}
