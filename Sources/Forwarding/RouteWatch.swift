/// Which routes of strangers matter to a configuration, besides those in our windows.
import ConfigSyntax
package import NetTypes

package struct RouteWatch: Hashable, Sendable {
    /// Where the file asks for a route with a metric or in a table of its own: a stranger there would be overwritten (fact 2).
    private var keys: Set<Route.Key> = []
    /// Gateways without a device: what covers them may be what they are reached through.
    private var gateways: Set<IPAddress> = []

    package init() {}

    package init(_ configuration: NetworkConfiguration) {
        for route in configuration.routes {
            if route.options.table != nil || route.options.metric != nil {
                for prefix in route.destination.prefixes { keys.insert(route.key(prefix, configuration.ownership)) }
            }
            if case .via(let gateway, device: nil) = route.use { gateways.insert(gateway.value) }
        }
        for member in configuration.groups.flatMap(\.members) where member.device == nil {
            gateways.formUnion(AddressFamily.allCases.compactMap { member.gateway($0)?.value })
        }
    }

    func isCovered(by other: RouteWatch) -> Bool {
        keys.isSubset(of: other.keys) && gateways.isSubset(of: other.gateways)
    }

    package func concerns(_ route: Route) -> Bool {
        if route.key.table == Resolver.mainTable {
            if route.key.prefix.length == 0 { return true }
            if gateways.contains(where: route.key.prefix.contains) { return true }
        }
        return keys.contains(route.key)
    }
}

extension RouteDefinition {
    /// Where the route stands for one of its prefixes.
    package func key(_ prefix: IPPrefix, _ window: OwnershipWindow) -> Route.Key {
        Route.Key(table: options.table ?? Resolver.mainTable, prefix: prefix, metric: options.metric ?? window.metric)
    }
}
