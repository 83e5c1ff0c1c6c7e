import Forwarding
import NetTypes
import Testing

@testable import Kernel

/// Resilient groups and their buckets as bytes.
@Suite struct ResilientGroupTests {
    private static let buckets = Buckets(count: 128, idle: .seconds(120), unbalanced: .milliseconds(1500))

    @Test func aResilientGroupIsTheseBytesAndReadsBack() throws {
        let group = nexthop(9, .v4, .resilient([member(1, 11), member(2, 45)], Self.buckets))
        let expected = """
            58000000 6800 0105 07000000 00000000  00 00 db 00 00000000  0800 0100 09000000
            1400 0200  01000000 0a 00 0000  02000000 2c 00 0000
            0600 0300 0100 0000
            1c00 0c80  0600 0100 8000 0000  0800 0200 e02e0000  0800 0300 96000000
            """
        let bytes = try #require(encoded(.setNexthop(group)))
        #expect(bytes == hex(expected))
        #expect(try reports(bytes) == [.nexthop(group)])
    }

    @Test func aBucketIsRead() throws {
        // As a 6.18 kernel dumps it: idle time in 64 bits of clock ticks.
        let payload = hex(
            """
            00 00 00 00 00000000  0800 0100 09000000
            2400 0d80  0600 0100 0300 0000  0c00 0200 fa00000000000000  0400 0000  0800 0300 02000000
            """
        )
        let bytes = message(type: 116, payload)
        var messages = MessageCursor()
        let found = try #require(try messages.next(in: bytes.span.bytes))
        let bucket = try #require(try NexthopBucket(found, in: bytes.span.bytes))
        #expect(bucket.index == 3 && bucket.member == NexthopID(2) && bucket.idle == .milliseconds(2500))
    }
}
