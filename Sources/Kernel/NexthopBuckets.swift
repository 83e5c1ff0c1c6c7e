/// Which member each bucket of a resilient group is with, and for how long it has been idle (`RTM_GETNEXTHOPBUCKET`).
import CShim
package import Forwarding
package import NetTypes

package struct NexthopBucket: Hashable, Sendable {
    package let index: UInt16
    package let member: NexthopID
    /// Since the last packet, or since it came to the member.
    package let idle: Span

    /// The buckets of one group, in the order of their indices. Throws `refused` when the group is none, or not resilient.
    ///
    /// Asked of the kernel of the calling thread's network namespace.
    package static func all(
        of group: NexthopID,
        within limit: Span = .seconds(1)
    ) throws(NetlinkFailure) -> [NexthopBucket] {
        var buckets: [NexthopBucket] = []
        var socket = try NetlinkSocket.open(.route, receiveBuffer: 1 << 18)
        try socket.ask(within: limit) {
            $0.dumpBuckets(of: group, sequence: $1)
        } each: { message, bytes throws(MalformedMessage) in
            if let bucket = try NexthopBucket(message, in: bytes) { buckets.append(bucket) }
        }
        return buckets.sorted { $0.index < $1.index }
    }

    private init(index: UInt16, member: NexthopID, idle: Span) {
        (self.index, self.member, self.idle) = (index, member, idle)
    }

    /// Nil for a message of another kind.
    init?(_ message: Message, in bytes: RawSpan) throws(MalformedMessage) {
        guard message.type == UInt16(RTM_NEWNEXTHOPBUCKET) else { return nil }
        var attributes = try AttributeCursor(message.payload, after: 8)
        while let attribute = try attributes.next(in: bytes) {
            guard attribute.type == UInt16(NHA_RES_BUCKET) else { continue }
            self = try NexthopBucket(attribute, in: bytes)
            return
        }
        return nil
    }

    /// `NHA_RES_BUCKET_*`.
    private init(_ nested: Attribute, in bytes: RawSpan) throws(MalformedMessage) {
        var (index, member, ticks): (UInt16, UInt32, UInt64) = (0, 0, 0)
        var inner = AttributeCursor(nested.value)
        while let attribute = try inner.next(in: bytes) {
            switch attribute.type {
            case UInt16(NHA_RES_BUCKET_INDEX): index = try bytes.number(attribute)
            case UInt16(NHA_RES_BUCKET_NH_ID): member = try bytes.number(attribute)
            case UInt16(NHA_RES_BUCKET_IDLE_TIME): ticks = try bytes.number(attribute)
            default: break
            }
        }
        self.init(index: index, member: NexthopID(member), idle: Span(ticks: UInt32(clamping: ticks)))
    }
}

extension MessageEncoder {
    fileprivate mutating func dumpBuckets(of group: NexthopID, sequence: UInt32) -> Bool {
        begin(Int(RTM_GETNEXTHOPBUCKET), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence)
        nexthopHeader(FamilyNumber.unspecified, 0, flags: 0)
        attribute(UInt16(NHA_ID), group.value)
        return finish()
    }
}
