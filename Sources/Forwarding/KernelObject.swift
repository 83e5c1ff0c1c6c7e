/// What the network plane keeps in the kernel: the vocabulary that the wish, the observation and the changes share.
///
/// Terms are the kernel's own (`rtnetlink(7)`, `linux/nexthop.h`, `linux/fib_rules.h`).
package import NetTypes

/// A kernel next-hop id (`NHA_ID`), unique within a network namespace.
package struct NexthopID: Hashable, Sendable, Comparable, Codable {
    package let value: UInt32

    @inlinable package init(_ value: UInt32) { self.value = value }

    @inlinable package static func < (a: NexthopID, b: NexthopID) -> Bool { a.value < b.value }
}

/// One next-hop object: a gateway on a device, a device alone, a blackhole, or a group of other objects.
package struct Nexthop: Hashable, Sendable, Codable {
    package enum Kind: Hashable, Sendable, Codable {
        /// Leaves by the device with this index, through the gateway if there is one. `onlink`: the gateway need not be covered
        /// by a connected prefix.
        case via(gateway: IPAddress?, interface: UInt32, onlink: Bool)
        /// Discards silently; kept as a group's only member when a group is parked.
        case blackhole
        /// Shares among members by weight (1…65536; above 256 only where the kernel has 16-bit weights).
        case group([WeightedNexthop])
        /// The same over a table of buckets, each of which stays with its member as long as it carries flows.
        case resilient([WeightedNexthop], Buckets)
    }

    package let id: NexthopID
    /// Family of the routes that may use the object.
    package let family: AddressFamily
    package let kind: Kind
    /// `NHA_PROTOCOL`-like owner (`nhm_protocol`): our own route protocol number for what is ours.
    package let routeProtocol: UInt8

    package init(id: NexthopID, family: AddressFamily, kind: Kind, routeProtocol: UInt8) {
        self.id = id
        self.family = family
        self.kind = kind
        self.routeProtocol = routeProtocol
    }
}

extension Nexthop.Kind {
    /// The members of a group, nil of what is none.
    package var members: [WeightedNexthop]? {
        switch self {
        case .group(let members), .resilient(let members, _): members
        case .via, .blackhole: nil
        }
    }

    /// A group of the same shape with other members; what is no group stays what it is.
    package func with(_ members: [WeightedNexthop]) -> Nexthop.Kind {
        switch self {
        case .group: .group(members)
        case .resilient(_, let buckets): .resilient(members, buckets)
        case .via, .blackhole: self
        }
    }
}

extension Nexthop {
    package var isGroup: Bool { kind.members != nil }

    /// Whether the kernel can replace the one by the other: it turns no group into a lone next hop, no family into another, and a
    /// group neither into a resilient one nor into one of other size (fact 4), nor any of it the other way round.
    package func isReplaceable(by other: Nexthop) -> Bool {
        guard family == other.family else { return false }
        switch (kind, other.kind) {
        case (.resilient(_, let old), .resilient(_, let new)): return old.count == new.count
        case (.group, .group), (.via, .via), (.via, .blackhole), (.blackhole, .via), (.blackhole, .blackhole):
            return true
        case (.group, _), (.resilient, _), (.via, _), (.blackhole, _): return false
        }
    }
}

/// A group's member: another next-hop object and its weight (1 or more).
package struct WeightedNexthop: Hashable, Sendable, Codable {
    package let id: NexthopID
    package let weight: UInt32

    package init(id: NexthopID, weight: UInt32) {
        self.id = id
        self.weight = weight
    }
}

/// One route. Its identity for the kernel is (table, prefix, tos 0, metric), not the protocol (fact 2).
package struct Route: Hashable, Sendable, Codable {
    package enum Action: Hashable, Sendable, Codable {
        /// Through a next-hop object by id; all routes of ours that forward are of this kind.
        case nexthop(NexthopID)
        /// A route with its next hop written into it (gateway, interface index); seen of strangers, never made by us.
        case inline(gateway: IPAddress?, interface: UInt32)
        /// The same with several (`RTA_MULTIPATH`), in the kernel's order; seen of strangers, never made by us.
        case multipath([InlineHop])
        case blackhole
        case unreachable
        case prohibit
        /// A type we do not model (local, broadcast, throw, …), by its `RTN_*` number; seen only.
        case other(UInt8)
    }

    package struct Key: Hashable, Sendable, Codable {
        package let table: UInt32
        package let prefix: IPPrefix
        package let metric: UInt32

        package init(table: UInt32, prefix: IPPrefix, metric: UInt32) {
            self.table = table
            self.prefix = prefix
            self.metric = metric
        }
    }

    package let key: Key
    package let action: Action
    package let routeProtocol: UInt8
    /// The address this host's own packets get by it (`RTA_PREFSRC`).
    package let source: IPAddress?
    /// Largest packet, in bytes, that leaves by it in one piece (`RTAX_MTU`); nil: what the device says.
    package let mtu: UInt32?

    package init(
        key: Key,
        action: Action,
        routeProtocol: UInt8,
        source: IPAddress? = nil,
        mtu: UInt32? = nil
    ) {
        self.key = key
        self.action = action
        self.routeProtocol = routeProtocol
        self.source = source
        self.mtu = mtu
    }
}

/// One of several next hops written into a route (`struct rtnexthop`).
package struct InlineHop: Hashable, Sendable, Codable {
    package let gateway: IPAddress?
    package let interface: UInt32
    package let weight: UInt32

    package init(gateway: IPAddress?, interface: UInt32, weight: UInt32) {
        self.gateway = gateway
        self.interface = interface
        self.weight = weight
    }
}

extension Route.Key: Comparable {
    /// By table, then prefix, then metric.
    package static func < (a: Self, b: Self) -> Bool {
        if a.table != b.table { return a.table < b.table }
        return a.prefix != b.prefix ? a.prefix < b.prefix : a.metric < b.metric
    }

    /// The order in which routes are made, and the other way round removed: where two share table and prefix, the one with the worse
    /// metric first, so that the `unreachable` default of a path's table is first in and last out.
    package func isMade(before other: Self) -> Bool {
        if table == other.table, prefix == other.prefix { return metric > other.metric }
        return self < other
    }
}
