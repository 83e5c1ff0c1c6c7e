/// What the network plane is to do, as configured (`network`, without its probes, which Liveness reads).
package import ConfigSyntax
package import NetTypes

package struct NetworkConfiguration: Hashable, Sendable {
    package let ownership: OwnershipWindow
    /// In file order.
    package let groups: [NetworkGroup]
    /// In file order.
    package let routes: [RouteDefinition]
    /// Routes to long lists of prefixes, in file order.
    package let routeFiles: [RouteFileDefinition]
    /// What stands in their files, as last read.
    package var lists: [RouteList] = []
    /// Checked, not yet served.
    package let policies: [NetworkPolicy]
    package let sets: [AddressSetDefinition]
    /// Checked, not yet served.
    package let services: [ServiceDefinition]
    /// Checked, not yet served.
    package let masquerade: MasqueradeDefinition?
    /// Checked, not yet served.
    package let notify: [NotifyDefinition]
    package let place: Place
}

/// Where one destination goes.
package struct RouteDefinition: Hashable, Sendable {
    package enum Destination: Hashable, Sendable {
        case prefix(IPPrefix)
        /// Everything, in every family that the way out has.
        case `default`
    }

    package enum Use: Hashable, Sendable {
        case group(Located<String>)
        /// `group.member`: the names as written, checked against the groups; the place is that of the whole reference.
        case member(group: Located<String>, member: Located<String>)
        /// A gateway of the route's own, on the device that reaches it when none is named.
        case via(Located<IPAddress>, device: Located<String>?)
        case blackhole
        case unreachable
    }

    package let destination: Destination
    package let use: Use
    package let place: Place
}

/// Destinations kept as a list of prefixes in a file.
package struct RouteFileDefinition: Hashable, Sendable {
    package let name: Located<String>
    package let file: Located<String>
    package let use: RouteDefinition.Use
}

/// What a file of prefixes was found to hold.
package struct RouteList: Hashable, Sendable, Codable {
    /// The name in `network.routes`.
    package let feed: String
    package let prefixes: PrefixList
    /// How many lines repeated another.
    package let duplicates: Int

    package init(feed: String, prefixes: PrefixList, duplicates: Int) {
        (self.feed, self.prefixes, self.duplicates) = (feed, prefixes, duplicates)
    }
}
