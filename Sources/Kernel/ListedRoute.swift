/// Every route of the kernel with all that somebody may have written into it: for `martlet import`, which has to say it again.
///
/// What the planner works with (`Route`) knows neither several hops nor a preferred source, since no route of ours has them.
import CShim
package import Forwarding
import Glibc
package import NetTypes

package struct ListedRoute: Hashable, Sendable {
    /// One of the ways a route divides its packets over.
    package struct Hop: Hashable, Sendable {
        package let gateway: IPAddress?
        package let interface: UInt32
        /// 1 to 256.
        package let weight: UInt32

        package init(gateway: IPAddress?, interface: UInt32, weight: UInt32) {
            (self.gateway, self.interface, self.weight) = (gateway, interface, weight)
        }
    }

    package let route: Route
    /// Of a unicast route, whether they are written into it or stand in a next-hop object.
    package let hops: [Hop]
    package let preferredSource: IPAddress?
    package let mtu: UInt32?

    package init(_ route: Route, hops: [Hop], preferredSource: IPAddress? = nil, mtu: UInt32? = nil) {
        (self.route, self.hops, self.preferredSource, self.mtu) = (route, hops, preferredSource, mtu)
    }

    /// How often it is asked again when the table changes under the dump.
    private static let attempts = 5

    /// Reads the routes of all tables but `local`, in the network namespace of the calling thread. Needs no privilege.
    package static func read(within limit: Span = .seconds(5)) throws(NetlinkFailure) -> [ListedRoute] {
        for _ in 0..<attempts {
            var all: [ListedRoute] = []
            var isWhole = true
            for family in AddressFamily.allCases {
                var socket = try NetlinkSocket.open(.route, receiveBuffer: 1 << 20)
                isWhole = try dump(family, &socket, &all, within: limit) && isWhole
            }
            if isWhole { return all }
        }
        throw .interrupted
    }

    /// False when the dump was inconsistent.
    private static func dump(
        _ family: AddressFamily,
        _ socket: inout NetlinkSocket,
        _ all: inout [ListedRoute],
        within limit: Span
    ) throws(NetlinkFailure) -> Bool {
        let sequence = socket.nextSequence()
        var request = MessageEncoder(capacity: 128)
        guard request.dumpRoutes(family, sequence: sequence) else { return true }
        try request.withBytes { bytes throws(NetlinkFailure) in try socket.send(bytes) }
        var isWhole = true
        var end: AnswerEnd?
        while end == nil {
            try socket.receive(until: .after(limit)) { message, bytes throws(MalformedMessage) in
                guard message.sequence == sequence else { return }
                if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isWhole = false }
                if let found = try AnswerEnd(message, in: bytes) { end = found }
                if let route = try ListedRoute(message, in: bytes) { all.append(route) }
            }
        }
        // A kernel without the address family has no route of it.
        if case .refused(let refusal) = end, ![EOPNOTSUPP, EAFNOSUPPORT].contains(refusal.errno) {
            throw .refused(refusal)
        }
        return isWhole
    }
}

// MARK: - Bytes

extension ListedRoute {
    /// `struct rtmsg` and `struct rtnexthop`.
    private static let (headerSize, hopSize) = (12, 8)

    /// Nil for what is no route, or one that no file could ask for.
    init?(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        guard Int(message.type) == Int(RTM_NEWROUTE), case .route(let route)? = try routeReport(message, in: bytes)
        else {
            return nil
        }
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        var single = (gateway: IPAddress?.none, interface: UInt32(0))
        var (several, source, mtu) = ([Hop](), IPAddress?.none, UInt32?.none)
        while let attribute = try attributes.next(in: bytes) {
            switch attribute.type {
            case UInt16(RTA_GATEWAY.rawValue): single.gateway = try bytes.address(attribute)
            case UInt16(RTA_VIA.rawValue): single.gateway = try bytes.viaAddress(attribute)
            case UInt16(RTA_OIF.rawValue): single.interface = try bytes.number(attribute)
            case UInt16(RTA_MULTIPATH.rawValue): several = try Self.hops(attribute.value, in: bytes)
            case UInt16(RTA_PREFSRC.rawValue): source = try bytes.address(attribute)
            case UInt16(RTA_METRICS.rawValue): mtu = try Self.mtu(attribute.value, in: bytes)
            default: continue
            }
        }
        if several.isEmpty, single.interface != 0 {
            several = [Hop(gateway: single.gateway, interface: single.interface, weight: 1)]
        }
        self.init(route, hops: several, preferredSource: source, mtu: mtu)
    }

    private static func hops(_ value: Range<Int>, in bytes: RawSpan) throws(MalformedMessage) -> [Hop] {
        var hops: [Hop] = []
        var start = value.lowerBound
        while value.upperBound - start >= hopSize {
            let length = Int(bytes.load(start, as: UInt16.self))
            guard length >= hopSize, length <= value.upperBound - start else { throw MalformedMessage(offset: start) }
            var attributes = AttributeCursor(start + hopSize..<start + length)
            var gateway: IPAddress?
            while let attribute = try attributes.next(in: bytes) {
                switch attribute.type {
                case UInt16(RTA_GATEWAY.rawValue): gateway = try bytes.address(attribute)
                case UInt16(RTA_VIA.rawValue): gateway = try bytes.viaAddress(attribute)
                default: continue
                }
            }
            hops.append(
                Hop(
                    gateway: gateway,
                    interface: bytes.load(start + 4, as: UInt32.self),
                    weight: UInt32(bytes.load(start + 3, as: UInt8.self)) + 1
                )
            )
            start += (length + 3) & ~3
        }
        return hops
    }

    private static func mtu(_ value: Range<Int>, in bytes: RawSpan) throws(MalformedMessage) -> UInt32? {
        var attributes = AttributeCursor(value)
        while let attribute = try attributes.next(in: bytes) {
            if attribute.type == UInt16(RTAX_MTU) { return try bytes.number(attribute) }
        }
        return nil
    }
}

extension RawSpan {
    /// `struct rtvia`: an address behind two bytes of family.
    fileprivate func viaAddress(_ attribute: Attribute) throws(MalformedMessage) -> IPAddress {
        guard attribute.value.count >= 2 else { throw MalformedMessage(offset: attribute.value.lowerBound) }
        return try address(at: attribute.value.lowerBound + 2..<attribute.value.upperBound)
    }
}
