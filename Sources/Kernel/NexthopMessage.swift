/// How a next-hop object, and a group of them, stands in netlink bytes (`struct nhmsg`, linux/nexthop.h).
///
/// A group replace is encoded here: `setNexthop` with a `.group`.
import CShim
import Forwarding
import NetTypes

private enum NexthopAttribute {
    static let id = UInt16(NHA_ID)
    static let group = UInt16(NHA_GROUP)
    static let groupType = UInt16(NHA_GROUP_TYPE)
    static let blackhole = UInt16(NHA_BLACKHOLE)
    static let interface = UInt16(NHA_OIF)
    static let gateway = UInt16(NHA_GATEWAY)
    static let resilience = UInt16(NHA_RES_GROUP)
}

/// `NHA_RES_GROUP_*`: the sizes and times of a resilient group.
private enum ResilienceAttribute {
    static let buckets = UInt16(NHA_RES_GROUP_BUCKETS)
    static let idle = UInt16(NHA_RES_GROUP_IDLE_TIMER)
    static let unbalanced = UInt16(NHA_RES_GROUP_UNBALANCED_TIMER)
    /// Three attributes of eight bytes each.
    static let size = 24
}

/// `NEXTHOP_GRP_TYPE_RES`.
private let resilientType = UInt16(NEXTHOP_GRP_TYPE_RES)
/// `USER_HZ`: the kernel tells times of groups in hundredths of a second.
private let nanosecondsPerTick: Int64 = 10_000_000

/// `struct nexthop_grp`: id, weight − 1 (low byte), weight − 1 (high byte, since 6.12; reserved before), reserved.
private let groupEntrySize = 8

extension MessageEncoder {
    /// Creates the object, or replaces what its id names (`NLM_F_CREATE | NLM_F_REPLACE`).
    mutating func setNexthop(_ nexthop: Nexthop, sequence: UInt32) -> Bool {
        begin(
            Int(RTM_NEWNEXTHOP),
            flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE,
            sequence: sequence
        )
        switch nexthop.kind {
        case .via(let gateway, let interface, let onlink):
            nexthopHeader(nexthop.family.number, nexthop.routeProtocol, flags: onlink ? UInt32(RTNH_F_ONLINK) : 0)
            attribute(NexthopAttribute.id, nexthop.id.value)
            attribute(NexthopAttribute.interface, interface)
            if let gateway { attribute(NexthopAttribute.gateway, gateway) }
        case .blackhole:
            nexthopHeader(nexthop.family.number, nexthop.routeProtocol, flags: 0)
            attribute(NexthopAttribute.id, nexthop.id.value)
            flag(NexthopAttribute.blackhole)
        case .group(let members): groupHeader(nexthop, members)
        case .resilient(let members, let buckets):
            groupHeader(nexthop, members)
            attribute(NexthopAttribute.groupType, resilientType)
            resilience(buckets)
        }
        return finish()
    }

    mutating func deleteNexthop(_ id: NexthopID, sequence: UInt32) -> Bool {
        begin(Int(RTM_DELNEXTHOP), flags: NLM_F_REQUEST, sequence: sequence)
        nexthopHeader(FamilyNumber.unspecified, 0, flags: 0)
        attribute(NexthopAttribute.id, id.value)
        return finish()
    }

    /// Asks for all next-hop objects of the namespace.
    mutating func dumpNexthops(sequence: UInt32) -> Bool {
        begin(Int(RTM_GETNEXTHOP), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
        nexthopHeader(FamilyNumber.unspecified, 0, flags: 0)
        return finish()
    }

    mutating func nexthopHeader(_ family: UInt8, _ routeProtocol: UInt8, flags: UInt32) {
        put(family)
        put(UInt8(RT_SCOPE_UNIVERSE.rawValue))
        put(routeProtocol)
        put(UInt8(0))
        put(flags)
    }

    /// The kernel takes the family of a group from its members and refuses one in the header.
    private mutating func groupHeader(_ nexthop: Nexthop, _ members: [WeightedNexthop]) {
        nexthopHeader(FamilyNumber.unspecified, nexthop.routeProtocol, flags: 0)
        attribute(NexthopAttribute.id, nexthop.id.value)
        group(members)
    }

    private mutating func resilience(_ buckets: Buckets) {
        beginAttribute(NexthopAttribute.resilience | UInt16(NLA_F_NESTED), size: ResilienceAttribute.size)
        attribute(ResilienceAttribute.buckets, buckets.count)
        attribute(ResilienceAttribute.idle, buckets.idle.ticks)
        attribute(ResilienceAttribute.unbalanced, buckets.unbalanced.ticks)
    }

    mutating func group(_ members: [WeightedNexthop]) {
        beginAttribute(NexthopAttribute.group, size: members.count * groupEntrySize)
        for member in members {
            let stored = member.weight &- 1
            put(member.id.value)
            put(UInt8(truncatingIfNeeded: stored))
            put(UInt8(truncatingIfNeeded: stored >> 8))
            put(UInt16(0))
        }
    }
}

/// A next-hop object as a message carries it: for a group the kernel does not say the family.
struct NexthopReading {
    let id: NexthopID
    let family: AddressFamily?
    let kind: Nexthop.Kind
    let routeProtocol: UInt8
}

/// Reads an `RTM_NEWNEXTHOP` or `RTM_DELNEXTHOP` message.
func nexthopReading(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) -> NexthopReading {
    var attributes = try AttributeCursor(message.payload, after: 8)
    let start = message.payload.lowerBound
    let isOnlink = bytes.load(start + 4, as: UInt32.self) & UInt32(RTNH_F_ONLINK) != 0
    var id: UInt32 = 0
    var interface: UInt32 = 0
    var gateway: IPAddress?
    var special: Nexthop.Kind?
    var buckets: Buckets?
    while let attribute = try attributes.next(in: bytes) {
        switch attribute.type {
        case NexthopAttribute.id: id = try bytes.number(attribute)
        case NexthopAttribute.interface: interface = try bytes.number(attribute)
        case NexthopAttribute.gateway: gateway = try bytes.address(attribute)
        case NexthopAttribute.blackhole: special = .blackhole
        case NexthopAttribute.group: special = .group(groupMembers(attribute, in: bytes))
        case NexthopAttribute.resilience: buckets = try resilience(attribute, in: bytes)
        default: break
        }
    }
    if let shape = buckets, let members = special?.members { special = .resilient(members, shape) }
    return NexthopReading(
        id: NexthopID(id),
        family: AddressFamily(number: bytes.load(start, as: UInt8.self)),
        kind: special ?? .via(gateway: gateway, interface: interface, onlink: isOnlink),
        routeProtocol: bytes.load(start + 2, as: UInt8.self)
    )
}

private func resilience(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedMessage) -> Buckets {
    var (count, idle, unbalanced): (UInt16, UInt32, UInt32) = (0, 0, 0)
    var inner = AttributeCursor(attribute.value)
    while let attribute = try inner.next(in: bytes) {
        switch attribute.type {
        case ResilienceAttribute.buckets: count = try bytes.number(attribute)
        case ResilienceAttribute.idle: idle = try bytes.number(attribute)
        case ResilienceAttribute.unbalanced: unbalanced = try bytes.number(attribute)
        default: break
        }
    }
    return Buckets(count: count, idle: Span(ticks: idle), unbalanced: Span(ticks: unbalanced))
}

extension Span {
    init(ticks: UInt32) { self.init(nanoseconds: Int64(ticks) * nanosecondsPerTick) }
    fileprivate var ticks: UInt32 { UInt32(clamping: nanoseconds / nanosecondsPerTick) }
}

private func groupMembers(_ attribute: Attribute, in bytes: RawSpan) -> [WeightedNexthop] {
    stride(
        from: attribute.value.lowerBound,
        through: attribute.value.upperBound - groupEntrySize,
        by: groupEntrySize
    ).map { offset in
        let low = UInt32(bytes.load(offset + 4, as: UInt8.self))
        let high = UInt32(bytes.load(offset + 5, as: UInt8.self))
        return WeightedNexthop(id: NexthopID(bytes.load(offset, as: UInt32.self)), weight: (high << 8 | low) + 1)
    }
}
