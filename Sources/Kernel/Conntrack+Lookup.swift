/// The mark of one tracked connection: which way a flow that lives already has taken.
import CShim
import Forwarding
import Glibc
package import NetTypes

extension Conntrack {
    /// One direction of a connection: what its packets have in their headers, before anything is translated.
    package struct Tuple: Sendable {
        package let source, destination: IPAddress
        /// `IPPROTO_*` of a protocol with ports.
        package let transport: UInt8
        package let sourcePort, destinationPort: UInt16

        package init(
            source: IPAddress,
            destination: IPAddress,
            transport: UInt8,
            sourcePort: UInt16,
            destinationPort: UInt16
        ) {
            (self.source, self.destination, self.transport) = (source, destination, transport)
            (self.sourcePort, self.destinationPort) = (sourcePort, destinationPort)
        }
    }

    /// Nil when no such connection is tracked.
    package static func mark(of tuple: Tuple, within limit: Span = .seconds(1)) throws(NetlinkFailure) -> UInt32? {
        var socket = try NetlinkSocket.open(.netfilter, receiveBuffer: 1 << 16)
        var mark: UInt32?
        do throws(NetlinkFailure) {
            // The answer is one message, and an acknowledgement ends it.
            try socket.ask(within: limit) {
                $0.find(tuple, sequence: $1)
            } each: { message, bytes throws(MalformedMessage) in
                guard message.type == ConntrackMessage.new.type else { return }
                mark = 0
                var attributes = try AttributeCursor(message.payload, after: 4)
                while let attribute = try attributes.next(in: bytes) {
                    if attribute.type == ConntrackAttribute.mark { mark = try bytes.bigEndian(attribute) }
                }
            }
        } catch .refused(let refusal) where refusal.errno == ENOENT {
            return nil
        }
        return mark
    }
}

extension MessageEncoder {
    /// `CTA_TUPLE_IP` with its two addresses and `CTA_TUPLE_PROTO` with its three numbers, each attribute of eight bytes but IPv6's.
    fileprivate mutating func find(_ tuple: Conntrack.Tuple, sequence: UInt32) -> Bool {
        let isOld = tuple.destination.family == .v4
        let (addresses, numbers) = (isOld ? 2 * 8 : 2 * 20, 3 * 8)
        begin(Int(ConntrackMessage.get.type), flags: NLM_F_REQUEST | NLM_F_ACK, sequence: sequence)
        put(tuple.destination.family.number)
        put(UInt8(0))
        put(UInt16(0))
        beginAttribute(ConntrackAttribute.tuple | ConntrackAttribute.nested, size: 4 + addresses + 4 + numbers)
        beginAttribute(1 | ConntrackAttribute.nested, size: addresses)
        attribute(isOld ? 1 : 3, tuple.source)
        attribute(isOld ? 2 : 4, tuple.destination)
        beginAttribute(2 | ConntrackAttribute.nested, size: numbers)
        attribute(1, tuple.transport)
        attribute(2, tuple.sourcePort.bigEndian)
        attribute(3, tuple.destinationPort.bigEndian)
        return finish()
    }
}
