/// Which of our own routes would a packet take? Asked where the kernel's answer names another one.
package import NetTypes

extension Wish {
    package var segments: [RouteSegment] { feeds.flatMap(\.segments) }

    /// Keys that a list may hold too and the file writes itself, where there are lists.
    package var writtenKeys: [Route.Key] {
        routes.map(\.object.key).filter { $0.table == Resolver.mainTable && $0.prefix.length > 0 }
    }

    /// The feed that decides where the prefix goes, unless a route of the file does.
    package func feed(of prefix: IPPrefix) -> WishedFeed? {
        feeds.first { $0.action(prefix.family) != nil && $0.list.contains(prefix) }
    }

    /// The route of a feed that carries a packet to `destination`: the longest prefix, of equal ones the first feed's.
    package func feedRoute(to destination: IPAddress, window: OwnershipWindow) -> Wished<Route>? {
        let found = feeds.compactMap { feed -> (prefix: IPPrefix, feed: WishedFeed)? in
            guard feed.action(destination.family) != nil else { return nil }
            return feed.list.longestMatch(destination).map { ($0, feed) }
        }
        guard let longest = found.map(\.prefix.length).max(),
            let (prefix, _) = found.first(where: { $0.prefix.length == longest })
        else { return nil }
        let key = Route.Key(table: Resolver.mainTable, prefix: prefix, metric: window.metric)
        return feedRoute(at: key, window: window)
    }

    /// What is wished at the key, of the file or of a list.
    package func wished(at key: Route.Key, window: OwnershipWindow) -> Wished<Route>? {
        routes.first { $0.object.key == key } ?? feedRoute(at: key, window: window)
    }

    /// The route of a feed that belongs to the key; nil where a route of the file stands before it, or there is none.
    func feedRoute(at key: Route.Key, window: OwnershipWindow) -> Wished<Route>? {
        guard key.table == Resolver.mainTable, key.metric == window.metric, let feed = feed(of: key.prefix),
            let action = feed.action(key.prefix.family)
        else { return nil }
        return Wished(Route(key: key, action: action, routeProtocol: window.routeProtocol), cause: feed.cause)
    }

    /// The route in `table` that carries a packet to `destination`: the longest prefix, of those the best metric. Nil when there is none.
    package func route(to destination: IPAddress, in table: UInt32) -> Wished<Route>? {
        routes
            .filter { $0.object.key.table == table && $0.object.key.prefix.contains(destination) }
            .min { left, right in
                let (a, b) = (left.object.key, right.object.key)
                return a.prefix.length != b.prefix.length ? a.prefix.length > b.prefix.length : a.metric < b.metric
            }
    }
}
