/// What is asked and subscribed for each family of objects, and how its messages are read.
import CShim
import Forwarding
import NetTypes

extension KernelFamily {
    /// The multicast groups that announce changes (`RTNLGRP_*`).
    var groups: [UInt32] {
        let groups: [rtnetlink_groups] =
            switch self {
            case .links: [RTNLGRP_LINK]
            case .addresses: [RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR]
            case .nexthops: [RTNLGRP_NEXTHOP]
            case .routes: [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE]
            case .rules: [RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE]
            case .nftables: []
            }
        return groups.map { UInt32($0.rawValue) }
    }

    /// The address families that are asked for one after the other; a single nil where one question covers all.
    var dumpParts: [AddressFamily?] {
        switch self {
        case .links, .nexthops: [nil]
        case .addresses, .routes, .rules: AddressFamily.allCases
        case .nftables: []
        }
    }
}

extension MessageEncoder {
    /// Appends the request for one part of a family's dump.
    mutating func dump(_ family: KernelFamily, _ part: AddressFamily?, sequence: UInt32) -> Bool {
        switch family {
        case .links: dumpLinks(sequence: sequence)
        case .addresses: dumpAddresses(part ?? .v4, sequence: sequence)
        case .nexthops: dumpNexthops(sequence: sequence)
        case .routes: dumpRoutes(part ?? .v4, sequence: sequence)
        case .rules: dumpRules(part ?? .v4, sequence: sequence)
        case .nftables: false
        }
    }
}

/// Reads object messages of all rtnetlink families into reports.
struct ReportReader {
    private var nexthopFamilies = NexthopFamilies()

    /// The report a message carries; nil when it is of no concern, of another kind, or has to wait for its dump's end.
    mutating func report(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) -> KernelReport? {
        switch Int(message.type) {
        case Int(RTM_NEWLINK), Int(RTM_DELLINK): return try linkReport(message, in: bytes)
        case Int(RTM_NEWADDR), Int(RTM_DELADDR): return try addressReport(message, in: bytes)
        case Int(RTM_NEWROUTE), Int(RTM_DELROUTE): return try routeReport(message, in: bytes)
        case Int(RTM_NEWRULE), Int(RTM_DELRULE): return try ruleReport(message, in: bytes)
        case Int(RTM_NEWNEXTHOP): return nexthopFamilies.report(try nexthopReading(message, in: bytes))
        case Int(RTM_DELNEXTHOP):
            let id = try nexthopReading(message, in: bytes).id
            nexthopFamilies.forget(id)
            return .nexthopGone(id)
        default: return nil
        }
    }

    /// What had to wait for the end of a dump.
    mutating func settle() -> [KernelReport] { nexthopFamilies.settle() }
}
