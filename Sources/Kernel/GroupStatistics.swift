/// How many packets a group has sent by each of its members (`NHA_GROUP_STATS`, kernel 6.9 and later).
import CShim
package import Forwarding
package import NetTypes

package struct MemberCount: Hashable, Sendable {
    package let member: NexthopID
    /// Since the group was made or last replaced, in software and hardware together.
    package let packets: UInt64
    /// Those of them that the hardware sent; nil where no hardware counts.
    package let hardwarePackets: UInt64?

    /// The counts of one group, in the order of its members; nil where the kernel keeps none.
    ///
    /// Asked of the kernel of the calling thread's network namespace. Throws `refused` when there is no such group.
    package static func all(
        of group: NexthopID,
        within limit: Span = .seconds(1)
    ) throws(NetlinkFailure) -> [MemberCount]? {
        var counts: [MemberCount]?
        var socket = try NetlinkSocket.open(.route, receiveBuffer: 1 << 18)
        try socket.ask(within: limit) {
            $0.countPackets(of: group, sequence: $1)
        } each: { message, bytes throws(MalformedMessage) in
            guard message.type == UInt16(RTM_NEWNEXTHOP) else { return }
            var attributes = try AttributeCursor(message.payload, after: 8)
            while let attribute = try attributes.next(in: bytes) {
                if attribute.type == Number.groupStatistics { counts = try entries(attribute, in: bytes) }
            }
        }
        return counts
    }

    private static func entries(_ nested: Attribute, in bytes: RawSpan) throws(MalformedMessage) -> [MemberCount] {
        var counts: [MemberCount] = []
        var entries = AttributeCursor(nested.value)
        while let entry = try entries.next(in: bytes) {
            guard entry.type == Number.entry else { continue }
            counts.append(try MemberCount(entry, in: bytes))
        }
        return counts
    }

    private init(_ entry: Attribute, in bytes: RawSpan) throws(MalformedMessage) {
        var (member, packets, hardware): (UInt32, UInt64, UInt64?) = (0, 0, nil)
        var inner = AttributeCursor(entry.value)
        while let attribute = try inner.next(in: bytes) {
            switch attribute.type {
            case Number.identifier: member = try bytes.number(attribute)
            case Number.packets: packets = try bytes.counter(attribute)
            case Number.hardwarePackets: hardware = try bytes.counter(attribute)
            default: break
            }
        }
        (self.member, self.packets, hardwarePackets) = (NexthopID(member), packets, hardware)
    }
}

/// Numbers of kernels newer than the headers we build with (linux/nexthop.h of 6.9).
private enum Number {
    /// `NHA_OP_FLAGS`, with `NHA_OP_FLAG_DUMP_STATS` and `NHA_OP_FLAG_DUMP_HW_STATS`.
    static let operationFlags: UInt16 = 14
    static let withStatistics: UInt32 = 1 << 0 | 1 << 1
    /// `NHA_GROUP_STATS`, `NHA_GROUP_STATS_ENTRY`.
    static let (groupStatistics, entry): (UInt16, UInt16) = (15, 1)
    /// `NHA_GROUP_STATS_ENTRY_ID`, `_PACKETS`, `_PACKETS_HW`.
    static let (identifier, packets, hardwarePackets): (UInt16, UInt16, UInt16) = (1, 2, 3)
}

extension RawSpan {
    /// A count in four or eight bytes, whichever it needed (`nla_put_uint`).
    fileprivate func counter(_ attribute: Attribute) throws(MalformedMessage) -> UInt64 {
        attribute.value.count >= 8
            ? try number(attribute, as: UInt64.self) : UInt64(try number(attribute, as: UInt32.self))
    }
}

extension MessageEncoder {
    fileprivate mutating func countPackets(of group: NexthopID, sequence: UInt32) -> Bool {
        // The answer is one message, and an acknowledgement ends it.
        begin(Int(RTM_GETNEXTHOP), flags: NLM_F_REQUEST | NLM_F_ACK, sequence: sequence)
        nexthopHeader(FamilyNumber.unspecified, 0, flags: 0)
        attribute(UInt16(NHA_ID), group.value)
        attribute(Number.operationFlags, Number.withStatistics)
        return finish()
    }
}
