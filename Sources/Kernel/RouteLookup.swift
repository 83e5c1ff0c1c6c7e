/// Which way the kernel itself would send a packet, and by which route: `RTM_GETROUTE` for one destination, asked twice.
///
/// Asked plainly it answers with the way out it chose; asked with `RTM_F_FIB_MATCH` with the route that matched.
import CShim
package import Forwarding
package import NetTypes

package struct RouteLookup: Sendable {
    package let destination: IPAddress
    package let source: IPAddress?
    /// Interface the packet comes in on; nil for one of this host's own.
    package let inputInterface: UInt32?
    package let mark: UInt32
    package let flow: Flow

    /// What rules and the hash of a group look at besides the addresses.
    package struct Flow: Sendable {
        /// `IPPROTO_*`; nil where nobody said.
        package let transport: UInt8?
        package let sourcePort: UInt16?
        package let destinationPort: UInt16?

        package init(transport: UInt8? = nil, sourcePort: UInt16? = nil, destinationPort: UInt16? = nil) {
            (self.transport, self.sourcePort, self.destinationPort) = (transport, sourcePort, destinationPort)
        }
    }

    package init(
        destination: IPAddress,
        source: IPAddress?,
        inputInterface: UInt32?,
        mark: UInt32,
        flow: Flow = Flow()
    ) {
        self.destination = destination
        self.source = source
        self.inputInterface = inputInterface
        self.mark = mark
        self.flow = flow
    }

    /// IPv4 names the table too only when asked to, and says "main" otherwise; IPv6 always does, and refuses the second flag.
    private var matchedFlags: UInt32 {
        switch destination.family {
        case .v4: UInt32(RTM_F_FIB_MATCH) | UInt32(RTM_F_LOOKUP_TABLE)
        case .v6: UInt32(RTM_F_FIB_MATCH)
        }
    }

    /// What the kernel would do.
    package struct Answer: Sendable {
        /// The route that matched; nil where it is one we do not model (an address of this host).
        package let route: Route?
        package let interface: UInt32?
        package let gateway: IPAddress?
        /// The address the packet would leave with, if it is one of this host's own.
        package let source: IPAddress?
        /// `RTN_*`.
        package let type: UInt8
    }

    /// Asks the kernel of the calling thread's network namespace. Throws `NetlinkFailure.refused` when it says that there is no way
    /// (`ENETUNREACH`, `EHOSTUNREACH`, `EINVAL` for a blackhole).
    package func ask(within limit: Span = .seconds(1)) throws(NetlinkFailure) -> Answer {
        var socket = try NetlinkSocket.open(.route, receiveBuffer: 1 << 16)
        let chosen = try question(&socket, flags: 0, within: limit) { message, bytes throws(MalformedMessage) in
            try Chosen(message, in: bytes)
        }
        let matched = try? question(&socket, flags: matchedFlags, within: limit) {
            message,
            bytes throws(MalformedMessage) in
            try routeReport(message, in: bytes)
        }
        var route: Route?
        if case .route(let found) = matched { route = found }
        return Answer(
            route: route,
            interface: chosen?.interface,
            gateway: chosen?.gateway,
            source: chosen?.source,
            type: chosen?.type ?? 0
        )
    }

    /// The route that the kernel would use even where it then refuses (a blackhole, an unreachable route).
    package func matchedRoute(within limit: Span = .seconds(1)) throws(NetlinkFailure) -> Route? {
        var socket = try NetlinkSocket.open(.route, receiveBuffer: 1 << 16)
        let report = try question(&socket, flags: matchedFlags, within: limit) {
            message,
            bytes throws(MalformedMessage) in
            try routeReport(message, in: bytes)
        }
        if case .route(let route) = report { return route }
        return nil
    }

    private func question<Value>(
        _ socket: inout NetlinkSocket,
        flags: UInt32,
        within limit: Span,
        _ read: (Message, RawSpan) throws(MalformedMessage) -> Value?
    ) throws(NetlinkFailure) -> Value? {
        let sequence = socket.nextSequence()
        var encoder = MessageEncoder(capacity: 256)
        guard encoder.lookUp(self, flags: flags, sequence: sequence) else { return nil }
        try encoder.withBytes { bytes throws(NetlinkFailure) in try socket.send(bytes) }
        let deadline = Deadline.after(limit)
        var value: Value?
        var refusal: KernelRefusal?
        var isAnswered = false
        while !isAnswered {
            try socket.receive(until: deadline) { message, bytes throws(MalformedMessage) in
                guard message.sequence == sequence else { return }
                isAnswered = true
                if Int(message.type) == Int(NLMSG_ERROR) {
                    refusal = try Acknowledgement(message, in: bytes).refusal
                } else {
                    value = try read(message, bytes)
                }
            }
        }
        if let refusal { throw .refused(refusal) }
        return value
    }
}

/// What a plain answer says of the way out.
private struct Chosen {
    var interface: UInt32?
    var gateway: IPAddress?
    var source: IPAddress?
    let type: UInt8

    /// `struct rtmsg`.
    private static let headerSize = 12

    init(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: Self.headerSize)
        type = bytes.load(message.payload.lowerBound + 7, as: UInt8.self)
        while let attribute = try attributes.next(in: bytes) {
            switch attribute.type {
            case UInt16(RTA_OIF.rawValue): interface = try bytes.number(attribute)
            case UInt16(RTA_GATEWAY.rawValue): gateway = try bytes.address(attribute)
            case UInt16(RTA_PREFSRC.rawValue): source = try bytes.address(attribute)
            default: continue
            }
        }
    }
}

extension MessageEncoder {
    fileprivate mutating func lookUp(_ question: RouteLookup, flags: UInt32, sequence: UInt32) -> Bool {
        let width = UInt8(question.destination.family.width)
        begin(Int(RTM_GETROUTE), flags: NLM_F_REQUEST, sequence: sequence)
        put(question.destination.family.number)
        put(width)
        put(question.source == nil ? UInt8(0) : width)
        for _ in 0..<5 { put(UInt8(0)) }
        put(flags)
        attribute(UInt16(RTA_DST.rawValue), question.destination)
        if let source = question.source { attribute(UInt16(RTA_SRC.rawValue), source) }
        if let interface = question.inputInterface { attribute(UInt16(RTA_IIF.rawValue), interface) }
        if question.mark != 0 { attribute(UInt16(RTA_MARK.rawValue), question.mark) }
        put(question.flow, question.destination.family)
        return finish()
    }

    /// The kernel refuses the question for any other protocol (`rtm_getroute_parse_ip_proto`).
    private mutating func put(_ flow: RouteLookup.Flow, _ family: AddressFamily) {
        let (icmp, tcp, udp): (UInt8, UInt8, UInt8) = (family == .v4 ? 1 : 58, 6, 17)
        guard let transport = flow.transport, [icmp, tcp, udp].contains(transport) else { return }
        attribute(UInt16(RTA_IP_PROTO.rawValue), transport)
        if let port = flow.sourcePort { attribute(UInt16(RTA_SPORT.rawValue), port.bigEndian) }
        if let port = flow.destinationPort { attribute(UInt16(RTA_DPORT.rawValue), port.bigEndian) }
    }
}
