/// Our host's own TCP connections with a mark, and their end (`SOCK_DESTROY`, sock_diag(7)): so that a program on a dead path hears of
/// it at once and tries again, by another one.
///
/// Every call opens a socket of its own in the network namespace of the calling thread. Asking for marks and destroying need
/// CAP_NET_ADMIN; destroying, a kernel with `INET_DIAG_DESTROY`, else it throws `refused` with `EOPNOTSUPP`.
import CShim
import Forwarding
import Glibc
package import NetTypes

package enum MarkedSockets {
    package static let patience = Span.seconds(5)

    /// Ends every TCP connection whose `SO_MARK`, under the mask, is this one; their programs get `ECONNABORTED`. Listening sockets
    /// stay. Returns how many were ended; one that ended by itself meanwhile does not count.
    ///
    /// Nothing is done for an empty mask: it would end every connection of the host.
    @discardableResult
    package static func destroy(
        mark: Mark,
        under mask: MarkMask,
        family: AddressFamily? = nil,
        within limit: Span = patience
    ) throws(NetlinkFailure) -> Int {
        guard mask.bits != 0 else { return 0 }
        var socket = try NetlinkSocket.open(.sockets, receiveBuffer: receiveBuffer)
        var ended = 0
        for identity in try find(mark, mask, &socket, limit) where family.map({ $0.number == identity.family }) ?? true
        {
            do throws(NetlinkFailure) {
                try socket.ask(within: limit) {
                    $0.destroy(identity, sequence: $1)
                } each: { _, _ in
                }
                ended += 1
            } catch .refused(let refusal) where refusal.errno == ENOENT {
                continue
            }
        }
        return ended
    }

    /// How many TCP connections carry the mark under the mask.
    package static func count(
        mark: Mark,
        under mask: MarkMask,
        within limit: Span = patience
    ) throws(NetlinkFailure) -> Int {
        var socket = try NetlinkSocket.open(.sockets, receiveBuffer: receiveBuffer)
        return try find(mark, mask, &socket, limit).count
    }

    private static func find(
        _ mark: Mark,
        _ mask: MarkMask,
        _ socket: inout NetlinkSocket,
        _ limit: Span
    ) throws(NetlinkFailure) -> [SocketIdentity] {
        var found: [SocketIdentity] = []
        for family in AddressFamily.allCases {
            try socket.ask(within: limit) {
                $0.findSockets(family, mark, mask, sequence: $1)
            } each: { message, bytes throws(MalformedMessage) in
                found.append(try SocketIdentity(message, in: bytes))
            }
        }
        return found
    }

    /// Dumps wait for their reader, so it need not be large.
    private static let receiveBuffer: Int32 = 1 << 20
}

/// `struct inet_diag_sockid` as the kernel gave it, with its cookie: exactly this socket, and no later one with the same addresses.
private struct SocketIdentity {
    static let size = 48
    let family: UInt8
    let bytes: [UInt8]

    /// From `struct inet_diag_msg`: family, state, timer, retransmissions, then the identity.
    init(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        let start = message.payload.lowerBound
        guard message.payload.count >= 4 + Self.size else { throw MalformedMessage(offset: start) }
        family = bytes.load(start, as: UInt8.self)
        self.bytes = (0..<Self.size).map { bytes.load(start + 4 + $0, as: UInt8.self) }
    }
}

private enum SocketDiagnosis {
    /// `SOCK_DIAG_BY_FAMILY`, `SOCK_DESTROY` of linux/sock_diag.h.
    static let (byFamily, destroy) = (20, 21)
    /// `IPPROTO_TCP`.
    static let tcp: UInt8 = 6
    /// Bit n is state n of TCP: everything but listening (10) and closed (7).
    static let connected: UInt32 = 0xFFF & ~(1 << 10 | 1 << 7)
    /// `INET_DIAG_REQ_BYTECODE`.
    static let program: UInt16 = 1
    /// `INET_DIAG_BC_MARK_COND`, and the sizes of `struct inet_diag_bc_op` and of it with `struct inet_diag_markcond`.
    static let (markCondition, step, condition) = (UInt8(10), 4, 12)
}

extension MessageEncoder {
    /// Asks for the connections of a family whose mark meets the condition, which the kernel itself looks at.
    fileprivate mutating func findSockets(
        _ family: AddressFamily,
        _ mark: Mark,
        _ mask: MarkMask,
        sequence: UInt32
    ) -> Bool {
        begin(SocketDiagnosis.byFamily, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
        diagnosisHeader(family.number)
        for _ in 0..<SocketIdentity.size / 4 { put(UInt32(0)) }
        beginAttribute(SocketDiagnosis.program, size: SocketDiagnosis.condition)
        put(SocketDiagnosis.markCondition)
        put(UInt8(SocketDiagnosis.condition))
        // Where to go on when it is not met: past the end, which leaves the socket out.
        put(UInt16(SocketDiagnosis.condition + SocketDiagnosis.step))
        put(mark.value)
        put(mask.bits)
        return finish()
    }

    fileprivate mutating func destroy(_ socket: SocketIdentity, sequence: UInt32) -> Bool {
        begin(SocketDiagnosis.destroy, flags: NLM_F_REQUEST | NLM_F_ACK, sequence: sequence)
        diagnosisHeader(socket.family)
        for byte in socket.bytes { put(byte) }
        return finish()
    }

    /// `struct inet_diag_req_v2` up to the identity.
    private mutating func diagnosisHeader(_ family: UInt8) {
        put(family)
        put(SocketDiagnosis.tcp)
        put(UInt16(0))
        put(SocketDiagnosis.connected)
    }
}
