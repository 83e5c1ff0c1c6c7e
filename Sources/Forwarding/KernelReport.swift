/// What the kernel reports: links, addresses and the objects of KernelObject.swift, one by one or as a dump.
package import NetTypes

/// A network interface (`RTM_NEWLINK`).
package struct Link: Hashable, Sendable, Codable {
    package let index: UInt32
    package let name: String
    /// `IFF_UP`: the administrator wants it.
    package let isUp: Bool
    /// `IFF_LOWER_UP`: it has carrier.
    package let hasCarrier: Bool
    package let isLoopback: Bool
    /// `IFF_POINTOPOINT`: whatever is sent has one receiver, so no gateway is needed (PPP, WireGuard, most modems).
    package let isPointToPoint: Bool

    package init(
        index: UInt32,
        name: String,
        isUp: Bool,
        hasCarrier: Bool,
        isLoopback: Bool,
        isPointToPoint: Bool = false
    ) {
        self.index = index
        self.name = name
        self.isUp = isUp
        self.hasCarrier = hasCarrier
        self.isLoopback = isLoopback
        self.isPointToPoint = isPointToPoint
    }

    /// Whether a next hop on it is accepted by the kernel (fact 16).
    package var isUsable: Bool { isUp && hasCarrier }
}

/// An address on an interface (`RTM_NEWADDR`) with the length of its connected prefix.
package struct InterfaceAddress: Hashable, Sendable, Codable {
    package let interface: UInt32
    package let address: IPAddress
    package let prefixLength: UInt8
    /// Duplicate address detection has not finished or failed: it cannot be a source yet.
    package let isTentative: Bool
    /// Left out of recordings where it is not so.
    private let deprecated: Bool?
    /// Its preferred lifetime is over: nothing new should use it.
    package var isDeprecated: Bool { deprecated ?? false }

    package init(
        interface: UInt32,
        address: IPAddress,
        prefixLength: UInt8,
        isTentative: Bool,
        isDeprecated: Bool = false
    ) {
        self.interface = interface
        self.address = address
        self.prefixLength = prefixLength
        self.isTentative = isTentative
        deprecated = isDeprecated ? true : nil
    }

    /// The network the address makes directly reachable.
    package var connected: IPPrefix { IPPrefix(containing: address, length: prefixLength) }
}

/// One object of any kind as the kernel reported it, added or removed: a dump is a list of additions.
package enum KernelReport: Hashable, Sendable, Codable {
    case link(Link)
    case linkGone(index: UInt32)
    case address(InterfaceAddress)
    case addressGone(InterfaceAddress)
    case nexthop(Nexthop)
    case nexthopGone(NexthopID)
    case route(Route)
    case routeGone(Route)
    /// Follows the report of the object, where the flags are not empty: without it there are none.
    case nexthopOffload(NexthopID, Offload)
    case routeOffload(Route.Key, Offload)
    case rule(Rule)
    case ruleGone(Rule)
}

/// What a whole-family dump is a dump of; after an overrun that family is read again (fact 9).
package enum KernelFamily: String, Hashable, Sendable, CaseIterable, Codable {
    case links
    case addresses
    case nexthops
    case routes
    case rules
    case nftables
}
