/// Which connections of a mark are flows that somebody still uses.
import CShim
import Forwarding
package import NetTypes

/// One tracked connection, as far as it takes to judge that.
package struct TrackedFlow: Hashable, Sendable {
    /// `IPPROTO_*`.
    package let transport: UInt8
    /// Where its first packet went.
    package let destination: IPAddress
    /// 0 where the protocol has none.
    package let destinationPort: UInt16
    /// TCP that has ended, and is remembered for a while.
    package let isOver: Bool
}

extension Conntrack {
    /// How many connections carry the mark under the mask, of those that `isCounted` picks.
    package static func count(
        mark: Mark,
        under mask: MarkMask,
        family: AddressFamily,
        within limit: Span = patience,
        where isCounted: (TrackedFlow) -> Bool
    ) throws(NetlinkFailure) -> Int {
        var count = 0
        var socket = try NetlinkSocket.open(.netfilter, receiveBuffer: receiveBuffer)
        try socket.ask(within: limit) {
            $0.conntrack(.get, flags: NLM_F_REQUEST | NLM_F_DUMP, mark, mask, family, sequence: $1)
        } each: { message, bytes throws(MalformedMessage) in
            guard message.type == ConntrackMessage.new.type else { return }
            if let flow = try TrackedFlow(message, in: bytes), isCounted(flow) { count += 1 }
        }
        return count
    }
}

extension TrackedFlow {
    /// `CTA_TUPLE_*`, `CTA_IP_*`, `CTA_PROTO_*` and `CTA_PROTOINFO*` of linux/netfilter/nfnetlink_conntrack.h.
    private enum Number {
        static let (addresses, transport): (UInt16, UInt16) = (1, 2)
        static let (destination4, destination6): (UInt16, UInt16) = (2, 4)
        static let (transportNumber, destinationPort): (UInt16, UInt16) = (1, 3)
        static let protocolState: UInt16 = 4
        static let (tcp, tcpState): (UInt16, UInt16) = (1, 1)
    }

    /// `TCP_CONNTRACK_TIME_WAIT` and `TCP_CONNTRACK_CLOSE`.
    private static let ended: Set<UInt8> = [7, 8]

    /// Nil when the message does not say where it goes.
    fileprivate init?(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: 4)
        var tuple = Tuple()
        var state: UInt8?
        while let attribute = try attributes.next(in: bytes) {
            switch attribute.type {
            case ConntrackAttribute.tuple: tuple = try Tuple(attribute, in: bytes)
            case Number.protocolState: state = try Self.tcpState(attribute, in: bytes)
            default: continue
            }
        }
        guard let destination = tuple.destination else { return nil }
        self.init(
            transport: tuple.transport,
            destination: destination,
            destinationPort: tuple.port,
            isOver: state.map(Self.ended.contains) ?? false
        )
    }

    private struct Tuple {
        var destination: IPAddress?
        var transport: UInt8 = 0
        var port: UInt16 = 0

        init() {}

        init(_ nested: Attribute, in bytes: RawSpan) throws(MalformedMessage) {
            var parts = AttributeCursor(nested.value)
            while let part = try parts.next(in: bytes) {
                var inner = AttributeCursor(part.value)
                while let attribute = try inner.next(in: bytes) {
                    switch (part.type, attribute.type) {
                    case (Number.addresses, Number.destination4), (Number.addresses, Number.destination6):
                        destination = try bytes.address(attribute)
                    case (Number.transport, Number.transportNumber): transport = try bytes.number(attribute)
                    case (Number.transport, Number.destinationPort):
                        port = UInt16(bigEndian: try bytes.number(attribute))
                    default: continue
                    }
                }
            }
        }
    }

    private static func tcpState(_ nested: Attribute, in bytes: RawSpan) throws(MalformedMessage) -> UInt8? {
        var protocols = AttributeCursor(nested.value)
        while let found = try protocols.next(in: bytes) {
            guard found.type == Number.tcp else { continue }
            var inner = AttributeCursor(found.value)
            while let attribute = try inner.next(in: bytes) {
                if attribute.type == Number.tcpState { return try bytes.number(attribute) }
            }
        }
        return nil
    }
}
