/// How a route stands in netlink bytes (`struct rtmsg`, rtnetlink(7)).
import CShim
import Forwarding
import NetTypes

private enum RouteAttribute {
    static let destination = UInt16(RTA_DST.rawValue)
    static let interface = UInt16(RTA_OIF.rawValue)
    static let gateway = UInt16(RTA_GATEWAY.rawValue)
    static let via = UInt16(RTA_VIA.rawValue)
    static let metric = UInt16(RTA_PRIORITY.rawValue)
    static let source = UInt16(RTA_PREFSRC.rawValue)
    static let metrics = UInt16(RTA_METRICS.rawValue)
    static let multipath = UInt16(RTA_MULTIPATH.rawValue)
    static let table = UInt16(RTA_TABLE.rawValue)
    static let nexthop = UInt16(RTA_NH_ID.rawValue)
}

/// `RTAX_MTU`, inside `RTA_METRICS`.
private let mtuMetric = UInt16(RTAX_MTU)

/// `struct rtmsg`.
private let headerSize = 12
/// `RT_TABLE_LOCAL`: addresses of this host and broadcasts, kept by the kernel alone.
private let localTable: UInt32 = 255

extension MessageEncoder {
    /// Creates the route, or replaces what holds its key (`NLM_F_CREATE | NLM_F_REPLACE`).
    mutating func setRoute(_ route: Route, sequence: UInt32) -> Bool {
        makeRoute(route, flags: NLM_F_CREATE | NLM_F_REPLACE, sequence: sequence)
    }

    /// Creates the route where nothing holds its key (`NLM_F_CREATE | NLM_F_EXCL`); else it is refused (`EEXIST`).
    mutating func addRoute(_ route: Route, sequence: UInt32) -> Bool {
        makeRoute(route, flags: NLM_F_CREATE | NLM_F_EXCL, sequence: sequence)
    }

    private mutating func makeRoute(_ route: Route, flags: Int32, sequence: UInt32) -> Bool {
        begin(Int(RTM_NEWROUTE), flags: NLM_F_REQUEST | flags, sequence: sequence)
        routeHeader(route, scope: UInt8(RT_SCOPE_UNIVERSE.rawValue), type: route.action.number)
        if case .nexthop(let id) = route.action { attribute(RouteAttribute.nexthop, id.value) }
        if let source = route.source { attribute(RouteAttribute.source, source) }
        if let mtu = route.mtu {
            beginAttribute(RouteAttribute.metrics, size: 8)
            attribute(mtuMetric, mtu)
        }
        return finish()
    }

    /// Deletes the route with this key, if its protocol is the route's: a stranger's is not found (`ESRCH`).
    mutating func deleteRoute(_ route: Route, sequence: UInt32) -> Bool {
        begin(Int(RTM_DELROUTE), flags: NLM_F_REQUEST, sequence: sequence)
        // Scope "nowhere" and type 0 match every scope and type.
        routeHeader(route, scope: UInt8(RT_SCOPE_NOWHERE.rawValue), type: 0)
        return finish()
    }

    /// Asks for the routes of all tables of a family.
    mutating func dumpRoutes(_ family: AddressFamily, sequence: UInt32) -> Bool {
        begin(Int(RTM_GETROUTE), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
        put(family.number)
        for _ in 0..<3 { put(UInt8(0)) }
        put(UInt32(0))
        put(UInt32(0))
        return finish()
    }

    private mutating func routeHeader(_ route: Route, scope: UInt8, type: UInt8) {
        put(route.key.prefix.family.number)
        put(route.key.prefix.length)
        put(UInt8(0))
        put(UInt8(0))
        put(UInt8(exactly: route.key.table) ?? UInt8(RT_TABLE_UNSPEC.rawValue))
        put(route.routeProtocol)
        put(scope)
        put(type)
        put(UInt32(0))
        attribute(RouteAttribute.table, route.key.table)
        if route.key.prefix.length > 0 { attribute(RouteAttribute.destination, route.key.prefix.address) }
        attribute(RouteAttribute.metric, route.key.metric)
    }
}

extension Route.Action {
    /// `RTN_*`.
    fileprivate var number: UInt8 {
        switch self {
        case .nexthop, .inline, .multipath: UInt8(RTN_UNICAST)
        case .blackhole: UInt8(RTN_BLACKHOLE)
        case .unreachable: UInt8(RTN_UNREACHABLE)
        case .prohibit: UInt8(RTN_PROHIBIT)
        case .other(let number): number
        }
    }

    /// Whether a route of this kind is ever made by us; the rest are only seen.
    var isMadeByUs: Bool {
        switch self {
        case .nexthop, .blackhole, .unreachable, .prohibit: true
        case .inline, .multipath, .other: false
        }
    }
}

/// The report that an `RTM_NEWROUTE` or `RTM_DELROUTE` message carries.
///
/// Nil for what can never meet a route of ours: the table `local`, cached clones, and routes whose key has a type of service or a
/// source prefix.
func routeReport(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) -> KernelReport? {
    var attributes = try AttributeCursor(message.payload, after: headerSize)
    let header = RouteHeader(at: message.payload.lowerBound, in: bytes)
    guard let family = header.family, !header.isCloned, !header.hasWiderKey else { return nil }
    var body = RouteBody(table: UInt32(header.table), destination: IPPrefix.everything(family).address)
    while let attribute = try attributes.next(in: bytes) { try body.take(attribute, in: bytes) }
    guard body.table != localTable, body.destination.family == family else { return nil }
    let prefix = IPPrefix(containing: body.destination, length: header.prefixLength)
    let route = Route(
        key: Route.Key(table: body.table, prefix: prefix, metric: body.metric),
        action: body.action(type: header.type),
        routeProtocol: header.routeProtocol,
        source: body.source,
        mtu: body.mtu
    )
    return Int(message.type) == Int(RTM_NEWROUTE) ? .route(route) : .routeGone(route)
}

/// `struct rtmsg`, as far as it is looked at.
private struct RouteHeader {
    let family: AddressFamily?
    let prefixLength: UInt8
    let hasWiderKey: Bool
    let table: UInt8
    let routeProtocol: UInt8
    let type: UInt8
    let isCloned: Bool

    init(at start: Int, in bytes: RawSpan) {
        family = AddressFamily(number: bytes.load(start, as: UInt8.self))
        prefixLength = bytes.load(start + 1, as: UInt8.self)
        let sourceLength = bytes.load(start + 2, as: UInt8.self)
        let typeOfService = bytes.load(start + 3, as: UInt8.self)
        hasWiderKey = sourceLength != 0 || typeOfService != 0
        table = bytes.load(start + 4, as: UInt8.self)
        routeProtocol = bytes.load(start + 5, as: UInt8.self)
        type = bytes.load(start + 7, as: UInt8.self)
        isCloned = bytes.load(start + 8, as: UInt32.self) & UInt32(RTM_F_CLONED) != 0
    }
}

/// A route's attributes, as far as they are looked at.
private struct RouteBody {
    var table: UInt32
    var destination: IPAddress
    var metric: UInt32 = 0
    private var nexthop: NexthopID?
    private var gateway: IPAddress?
    private var interface: UInt32 = 0
    private var hops: [InlineHop] = []
    private(set) var source: IPAddress?
    private(set) var mtu: UInt32?

    init(table: UInt32, destination: IPAddress) {
        self.table = table
        self.destination = destination
    }

    mutating func take(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedMessage) {
        switch attribute.type {
        case RouteAttribute.table: table = try bytes.number(attribute)
        case RouteAttribute.destination: destination = try bytes.address(attribute)
        case RouteAttribute.metric: metric = try bytes.number(attribute)
        case RouteAttribute.nexthop: nexthop = NexthopID(try bytes.number(attribute))
        case RouteAttribute.interface: interface = try bytes.number(attribute)
        case RouteAttribute.gateway: gateway = try bytes.address(attribute)
        case RouteAttribute.via: gateway = try viaAddress(attribute, in: bytes)
        case RouteAttribute.multipath: hops = try inlineHops(attribute.value, in: bytes)
        case RouteAttribute.source: source = try bytes.address(attribute)
        case RouteAttribute.metrics: mtu = try mtu(in: attribute, bytes)
        default: break
        }
    }

    /// What stands in a unicast route that names no next-hop object.
    private var inline: Route.Action {
        if hops.count > 1 { return .multipath(hops) }
        return .inline(gateway: hops.first?.gateway ?? gateway, interface: hops.first?.interface ?? interface)
    }

    /// A route that names a next-hop object has the type of what that object does: `RTN_BLACKHOLE` over a group that is parked on one.
    func action(type: UInt8) -> Route.Action {
        if let nexthop { return .nexthop(nexthop) }
        return switch Int(type) {
        case Int(RTN_UNICAST): inline
        case Int(RTN_BLACKHOLE): .blackhole
        case Int(RTN_UNREACHABLE): .unreachable
        case Int(RTN_PROHIBIT): .prohibit
        default: .other(type)
        }
    }

    /// `struct rtvia`: a gateway of another family than the route's, after two bytes of family.
    private func viaAddress(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedMessage) -> IPAddress {
        guard attribute.value.count >= 2 else { throw MalformedMessage(offset: attribute.value.lowerBound) }
        return try bytes.address(at: attribute.value.lowerBound + 2..<attribute.value.upperBound)
    }

    private func mtu(in metrics: Attribute, _ bytes: RawSpan) throws(MalformedMessage) -> UInt32? {
        var inner = AttributeCursor(metrics.value)
        while let attribute = try inner.next(in: bytes) {
            if attribute.type == mtuMetric { return try bytes.number(attribute) }
        }
        return nil
    }

    /// `struct rtnexthop`: length, flags, weight less one, interface, attributes; one behind the other.
    private func inlineHops(_ value: Range<Int>, in bytes: RawSpan) throws(MalformedMessage) -> [InlineHop] {
        var hops: [InlineHop] = []
        var start = value.lowerBound
        while start < value.upperBound {
            guard value.upperBound - start >= 8 else { throw MalformedMessage(offset: start) }
            let length = Int(bytes.load(start, as: UInt16.self))
            guard length >= 8, length <= value.upperBound - start else { throw MalformedMessage(offset: start) }
            hops.append(try inlineHop(start..<start + length, in: bytes))
            start += (length + 3) & ~3
        }
        return hops
    }

    private func inlineHop(_ range: Range<Int>, in bytes: RawSpan) throws(MalformedMessage) -> InlineHop {
        var gateway: IPAddress?
        var attributes = AttributeCursor(range.lowerBound + 8..<range.upperBound)
        while let attribute = try attributes.next(in: bytes) {
            switch attribute.type {
            case RouteAttribute.gateway: gateway = try bytes.address(attribute)
            case RouteAttribute.via: gateway = try viaAddress(attribute, in: bytes)
            default: break
            }
        }
        return InlineHop(
            gateway: gateway,
            interface: bytes.load(range.lowerBound + 4, as: UInt32.self),
            weight: UInt32(bytes.load(range.lowerBound + 3, as: UInt8.self)) + 1
        )
    }
}
