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
    package let routeUses: RouteUses
    /// What stands in their files, as last read.
    package var lists: [RouteList] = []
    /// In file order: the first that takes a packet decides.
    package internal(set) var policies: [NetworkPolicy]
    package internal(set) var sets: [AddressSetDefinition]
    /// Checked, not yet served.
    package let services: [ServiceDefinition]
    package let masquerade: MasqueradeDefinition?
    package let notify: [NotifyDefinition]
    package let place: Place
    package var onFailure = OnFailure.hold
    /// In file order.
    package var forwards: [ForwardDefinition] = []
    package var segmentClamp: SegmentClamp?
    /// `connections: tracked`: whether connections have marks, without which nothing is held, translated or answered by its mark.
    package var isTracking = true

    init(
        ownership: OwnershipWindow,
        groups: [NetworkGroup],
        routes: [RouteDefinition],
        routeFiles: [RouteFileDefinition],
        policies: [NetworkPolicy],
        sets: [AddressSetDefinition],
        services: [ServiceDefinition],
        masquerade: MasqueradeDefinition?,
        notify: [NotifyDefinition],
        place: Place,
        forwards: [ForwardDefinition] = [],
        segmentClamp: SegmentClamp? = nil,
        isTracking: Bool = true
    ) {
        (self.ownership, self.groups, self.policies, self.sets) = (ownership, groups, policies, sets)
        (self.routes, self.routeFiles) = (routes, routeFiles)
        routeUses = RouteUses(routes, routeFiles)
        (self.services, self.masquerade, self.notify, self.place) = (services, masquerade, notify, place)
        (self.forwards, self.segmentClamp, self.isTracking) = (forwards, segmentClamp, isTracking)
    }
}

/// What becomes of an apply when the kernel refuses a part of it.
package enum OnFailure: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
    /// The rest stands, the part is tried again.
    case hold
    /// All of it is taken back.
    case undo
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
        /// A device alone.
        case device(Located<String>)
        /// The gateway that the system's network manager learnt on the device.
        case auto(Located<String>)
        case blackhole
        case unreachable
        case prohibit
    }

    package let destination: Destination
    package let use: Use
    package let options: RouteOptions
    package let place: Place
}

/// What a route says besides where it goes; what is nil is left to the kernel, or to `ownership`.
package struct RouteOptions: Hashable, Sendable {
    package var metric: UInt32?
    /// Used in its own family.
    package var source: Located<IPAddress>?
    package var mtu: UInt32?
    package var table: UInt32?
    /// The gateway is on the device although no network of the device holds it.
    package var isOnlink = false
    /// Nil: the route is there as long as the file says so.
    package var condition: RouteCondition?

    package init() {}
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
