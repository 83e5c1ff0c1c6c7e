/// Which connections of a mark had no packet for a while, and their end.
///
/// A packet puts a connection's time to live back up. So of two looks some seconds apart, a connection whose time to live went down by
/// those seconds had none in between; no counters are needed for that, and no knowledge of the kernel's time limits.
import CShim
import Forwarding
import Glibc
package import NetTypes

/// One tracked connection, as far as it takes to know and delete it.
package struct TrackedConnection: Sendable {
    /// `CTA_ID`: the same as long as the connection lives.
    package let id: UInt32
    /// Seconds until it is forgotten if no packet comes.
    package let timeout: UInt32
    /// The header's family and `CTA_TUPLE_ORIG` as they were told.
    fileprivate let family: UInt8
    fileprivate let tuple: [UInt8]
}

extension Conntrack {
    /// The connections of the mark.
    package static func list(
        mark: Mark,
        under mask: MarkMask,
        family: AddressFamily,
        within limit: Span = patience
    ) throws(NetlinkFailure) -> [TrackedConnection] {
        var found: [TrackedConnection] = []
        var socket = try NetlinkSocket.open(.netfilter, receiveBuffer: receiveBuffer)
        try socket.ask(within: limit) {
            $0.conntrack(.get, flags: NLM_F_REQUEST | NLM_F_DUMP, mark, mask, family, sequence: $1)
        } each: { message, bytes throws(MalformedMessage) in
            guard message.type == ConntrackMessage.new.type else { return }
            if let connection = try TrackedConnection(message, in: bytes) { found.append(connection) }
        }
        return found
    }

    /// Forgets those that were there before, and whose time to live has run on since by `seconds`. Returns how many.
    package static func deleteIdle(
        _ now: [TrackedConnection],
        since before: [TrackedConnection],
        seconds: UInt32,
        within limit: Span = patience
    ) throws(NetlinkFailure) -> Int {
        let left = Dictionary(before.map { ($0.id, $0.timeout) }, uniquingKeysWith: { min($0, $1) })
        var socket = try NetlinkSocket.open(.netfilter, receiveBuffer: receiveBuffer)
        var count = 0
        for connection in now {
            // The kernel tells whole seconds, so one of them may be missing.
            guard let earlier = left[connection.id], connection.timeout &+ seconds <= earlier &+ 1 else { continue }
            do throws(NetlinkFailure) {
                try socket.ask(within: limit) {
                    $0.delete(connection, sequence: $1)
                } each: { _, _ in
                }
                count += 1
            } catch .refused(let refusal) where refusal.errno == ENOENT {
                continue
            }
        }
        return count
    }
}

extension TrackedConnection {
    /// Nil when the message lacks what it takes.
    fileprivate init?(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        var attributes = try AttributeCursor(message.payload, after: 4)
        var (id, timeout): (UInt32?, UInt32) = (nil, 0)
        var tuple: [UInt8] = []
        while let attribute = try attributes.next(in: bytes) {
            switch attribute.type {
            case ConntrackAttribute.tuple: tuple = bytes.octets(attribute.value)
            case ConntrackAttribute.timeout: timeout = try bytes.bigEndian(attribute)
            case ConntrackAttribute.id: id = try bytes.bigEndian(attribute)
            default: continue
            }
        }
        guard let id, !tuple.isEmpty else { return nil }
        let family = bytes.load(message.payload.lowerBound, as: UInt8.self)
        self.init(id: id, timeout: timeout, family: family, tuple: tuple)
    }
}

extension MessageEncoder {
    fileprivate mutating func delete(_ connection: TrackedConnection, sequence: UInt32) -> Bool {
        begin(Int(ConntrackMessage.delete.type), flags: NLM_F_REQUEST | NLM_F_ACK, sequence: sequence)
        put(connection.family)
        put(UInt8(0))
        put(UInt16(0))
        beginAttribute(ConntrackAttribute.tuple | ConntrackAttribute.nested, size: connection.tuple.count)
        for byte in connection.tuple { put(byte) }
        attribute(ConntrackAttribute.id, connection.id.bigEndian)
        return finish()
    }
}
