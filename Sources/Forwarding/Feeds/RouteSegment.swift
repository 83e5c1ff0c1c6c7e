/// How are many routes held that differ in their prefixes alone? As one list under one action.
///
/// They stand in the main table under our metric and protocol. Lists are shared: a wish, an observation and a copy of the router for a
/// question all point to the same two arrays.
package import NetTypes

package struct RouteSegment: Hashable, Sendable, Codable {
    package let family: AddressFamily
    package let action: Route.Action
    package let list: PrefixList

    package init(_ family: AddressFamily, _ action: Route.Action, _ list: PrefixList) {
        (self.family, self.action, self.list) = (family, action, list)
    }

    package var count: Int { list.count(family) }

    package func contains(_ prefix: IPPrefix) -> Bool { prefix.family == family && list.contains(prefix) }
}

extension [RouteSegment] {
    /// The action under which the prefix stands: of the first segment that holds it.
    package func action(of prefix: IPPrefix) -> Route.Action? { first { $0.contains(prefix) }?.action }

    package var routeCount: Int { reduce(0) { $0 + $1.count } }
}
