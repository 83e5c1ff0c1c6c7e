/// Which connections the kernel tracks under a mark, and their end: what moves flows off a path (architecture.md, fact 15).
///
/// Every call opens a socket of its own in the network namespace of the calling thread, and needs CAP_NET_ADMIN.
import CShim
import Forwarding
package import NetTypes

package enum Conntrack {
    /// A table of a million entries takes about a second to walk.
    package static let patience = Span.seconds(5)

    /// Forgets every connection whose mark, under the mask, is this one. The next packet of such a flow is looked up anew.
    ///
    /// Nothing is done for an empty mask: it would forget every connection of the host.
    package static func delete(
        mark: Mark,
        under mask: MarkMask,
        family: AddressFamily? = nil,
        within limit: Span = patience
    ) throws(NetlinkFailure) {
        guard mask.bits != 0 else { return }
        var socket = try NetlinkSocket.open(.netfilter, receiveBuffer: receiveBuffer)
        try socket.ask(within: limit) {
            $0.conntrack(.delete, flags: NLM_F_REQUEST | NLM_F_ACK, mark, mask, family, sequence: $1)
        } each: { _, _ in
        }
    }

    /// How many connections carry the mark under the mask.
    package static func count(
        mark: Mark,
        under mask: MarkMask,
        family: AddressFamily? = nil,
        within limit: Span = patience
    ) throws(NetlinkFailure) -> Int {
        var count = 0
        var socket = try NetlinkSocket.open(.netfilter, receiveBuffer: receiveBuffer)
        try socket.ask(within: limit) {
            $0.conntrack(.get, flags: NLM_F_REQUEST | NLM_F_DUMP, mark, mask, family, sequence: $1)
        } each: { message, _ in
            if message.type == ConntrackMessage.new.type { count += 1 }
        }
        return count
    }

    /// Dumps wait for their reader, so it need not be large.
    static let receiveBuffer: Int32 = 1 << 20
}

/// `IPCTNL_MSG_CT_*` of linux/netfilter/nfnetlink_conntrack.h.
enum ConntrackMessage: UInt16 {
    case new = 0
    case get = 1
    case delete = 2

    /// `NFNL_SUBSYS_CTNETLINK`.
    private static let subsystem: UInt16 = 1

    var type: UInt16 { Self.subsystem << 8 | rawValue }
}

/// `CTA_*`.
enum ConntrackAttribute {
    /// `CTA_TUPLE_ORIG`.
    static let tuple: UInt16 = 1
    static let timeout: UInt16 = 7
    static let mark: UInt16 = 8
    static let id: UInt16 = 12
    /// `NLA_F_NESTED`.
    static let nested: UInt16 = 1 << 15
    static let mask: UInt16 = 21
}

extension MessageEncoder {
    /// A request about the connections with the mark: `struct nfgenmsg` of no family, which means both, or of one; the kernel looks at
    /// the family of a deletion from version 1 on.
    mutating func conntrack(
        _ message: ConntrackMessage,
        flags: Int32,
        _ mark: Mark,
        _ mask: MarkMask,
        _ family: AddressFamily?,
        sequence: UInt32
    ) -> Bool {
        begin(Int(message.type), flags: flags, sequence: sequence)
        put(family?.number ?? FamilyNumber.unspecified)
        put(UInt8(family == nil ? 0 : 1))
        put(UInt16(0))
        attribute(ConntrackAttribute.mark, mark.value.bigEndian)
        attribute(ConntrackAttribute.mask, mask.bits.bigEndian)
        return finish()
    }
}
