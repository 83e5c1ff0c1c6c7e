/// Where a route stands in the view: one by one in a table, or with many others in a segment, and never two answers for one key.
import NetTypes

extension KernelView {
    /// The route that holds the key.
    package func route(at key: Route.Key) -> Route? {
        if let route = routes[key] { return route }
        return gaps.contains(key) ? nil : packedRoute(at: key)
    }

    private func packedRoute(at key: Route.Key) -> Route? {
        guard !segments.isEmpty, key.table == Resolver.mainTable, key.metric == window.metric,
            let action = segments.action(of: key.prefix)
        else { return nil }
        return Route(key: key, action: action, routeProtocol: window.routeProtocol)
    }

    /// Notes what holds the key now, and returns what held it before. What stands as its segment says needs no note.
    @discardableResult
    mutating func stand(_ route: Route?, at key: Route.Key) -> Route? {
        let before = self.route(at: key)
        guard before != route else { return before }
        routeRevision += 1
        let packed = packedRoute(at: key)
        routes[key] = route == packed ? nil : route
        if route == nil, packed != nil { gaps.insert(key) } else { gaps.remove(key) }
        return before
    }

    /// Routes over these next hops are gone, of whatever length their lists.
    mutating func dropRoutes(over gone: Set<NexthopID>) {
        let isGone = { (action: Route.Action) in if case .nexthop(let id) = action { gone.contains(id) } else { false }
        }
        if segments.contains(where: { isGone($0.action) }) {
            segments.removeAll { isGone($0.action) }
            // A prefix may stand in a second list, of which it is not known whether the kernel has it.
            wantsRouteDump = !segments.isEmpty
            gaps = gaps.filter { segments.action(of: $0.prefix) != nil }
            routeRevision += 1
        }
        let kept = routes.filter { !isGone($0.value.action) }
        guard kept.count < routes.count else { return }
        let lost = routes.keys.filter { kept[$0] == nil }
        routes = kept
        routeRevision += 1
        for key in lost where packedRoute(at: key) != nil { gaps.insert(key) }
    }

    /// The segments are others now: done by a plan, or as far as it got. Every key that is noted apart keeps what holds it, and so
    /// do `keys`, which the plan did not touch.
    package mutating func adopt(_ new: [RouteSegment], keeping keys: some Sequence<Route.Key>) {
        var apart = Set(keys)
        apart.formUnion(routes.keys)
        apart.formUnion(gaps)
        let held = apart.map { ($0, route(at: $0)) }
        segments = new
        (routes, gaps) = ([:], [])
        for (key, route) in held { stand(route, at: key) }
        routeRevision += 1
    }

    /// A dump found these routes of ours in the main table, and no others there; what else it found was reported one by one. True
    /// when that is not what was known.
    package mutating func foundSegments(_ found: [RouteSegment]) -> Bool {
        let before = (routes, segments, gaps)
        for key in routes.keys where isPackable(key, routes[key]) {
            routes[key] = nil
            unrepeated[.routes]?.routes.remove(key)
        }
        gaps = []
        let isShort = found.routeCount <= Self.fewRoutes
        segments = isShort ? [] : found
        if isShort { unpack(found) }
        guard before != (routes, segments, gaps) else { return false }
        routeRevision += 1
        return true
    }

    /// A dump found segments, but while the routes were being changed: it says nothing of them.
    package mutating func passOverSegments() {
        for key in routes.keys where isPackable(key, routes[key]) { unrepeated[.routes]?.routes.remove(key) }
    }

    /// Up to this many routes are held one by one: that is the form every other part of the plan knows.
    private static let fewRoutes = 1024

    private mutating func unpack(_ found: [RouteSegment]) {
        for segment in found {
            for prefix in segment.list.prefixes(segment.family) {
                let key = Route.Key(table: Resolver.mainTable, prefix: prefix, metric: window.metric)
                routes[key] = Route(key: key, action: segment.action, routeProtocol: window.routeProtocol)
            }
        }
    }

    /// Whether a dump tells of the route in segments.
    private func isPackable(_ key: Route.Key, _ route: Route?) -> Bool {
        guard let route else { return false }
        return window.packs(route)
    }
}

extension OwnershipWindow {
    /// Whether a route is one that dumps tell of in segments: ours, in the main table, of a kind we make, plain, and no default.
    package func packs(_ route: Route) -> Bool {
        guard route.key.table == Resolver.mainTable, route.key.metric == metric, route.routeProtocol == routeProtocol,
            route.key.prefix.length > 0, route.source == nil, route.mtu == nil
        else { return false }
        switch route.action {
        case .nexthop, .blackhole, .unreachable, .prohibit: return true
        case .inline, .multipath, .other: return false
        }
    }
}
