import Forwarding
import NetTypes
import Testing

@testable import Kernel

/// Every change as the bytes that are sent: header, fixed part, attributes.
@Suite struct EncodingTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let why: String
        let operation: KernelChange.Operation
        let bytes: String

        var testDescription: String { why }
    }

    static let gateway = IPAddress("10.0.0.1")!
    static let linkLocal = IPAddress("fe80::1")!
    static let rule = Rule(
        family: .v4,
        preference: 7001,
        mark: 0x0100_0000,
        mask: 0x7F00_0000,
        table: 7001,
        routeProtocol: 219
    )

    static let routes = [
        Row(
            why: "a route names the group's id and nothing of its members",
            operation: .setRoute(route("10.1.0.0/16", .nexthop(NexthopID(0x4D41_0001)))),
            bytes: """
                3c000000 1800 0105 07000000 00000000  02 10 00 00 00 db 00 01 00000000
                0800 0f00 591b0000  0800 0100 0a010000  0800 0600 4d000000  0800 1e00 0100414d
                """
        ),
        Row(
            why: "an IPv6 last resort at the worst metric",
            operation: .setRoute(route("2001:db8::/32", .unreachable, metric: .max)),
            bytes: """
                40000000 1800 0105 07000000 00000000  0a 20 00 00 00 db 00 07 00000000
                0800 0f00 591b0000  1400 0100 20010db8000000000000000000000000  0800 0600 ffffffff
                """
        ),
        Row(
            why: "a default route has no destination; a small table stands in the header too",
            operation: .setRoute(route("0.0.0.0/0", .blackhole, table: 254)),
            bytes: """
                2c000000 1800 0105 07000000 00000000  02 00 00 00 fe db 00 06 00000000
                0800 0f00 fe000000  0800 0600 4d000000
                """
        ),
        Row(
            why: "prohibit is its own type",
            operation: .setRoute(route("::/0", .prohibit)),
            bytes: """
                2c000000 1800 0105 07000000 00000000  0a 00 00 00 00 db 00 08 00000000
                0800 0f00 591b0000  0800 0600 4d000000
                """
        ),
        Row(
            why: "a deletion names the key and the protocol, and matches every scope and type",
            operation: .deleteRoute(route("10.1.0.0/16", .nexthop(NexthopID(0x4D41_0001)))),
            bytes: """
                34000000 1900 0100 07000000 00000000  02 10 00 00 00 db ff 00 00000000
                0800 0f00 591b0000  0800 0100 0a010000  0800 0600 4d000000
                """
        ),
    ]

    static let nexthops = [
        Row(
            why: "an IPv4 gateway off the connected prefix",
            operation: .setNexthop(nexthop(0x4D41_0001, .v4, .via(gateway: gateway, interface: 3, onlink: true))),
            bytes: """
                30000000 6800 0105 07000000 00000000  02 00 db 00 04000000
                0800 0100 0100414d  0800 0500 03000000  0800 0600 0a000001
                """
        ),
        Row(
            why: "an IPv6 gateway",
            operation: .setNexthop(nexthop(2, .v6, .via(gateway: linkLocal, interface: 300, onlink: false))),
            bytes: """
                3c000000 6800 0105 07000000 00000000  0a 00 db 00 00000000
                0800 0100 02000000  0800 0500 2c010000  1400 0600 fe800000000000000000000000000001
                """
        ),
        Row(
            why: "a device without gateway (PPP)",
            operation: .setNexthop(nexthop(2, .v4, .via(gateway: nil, interface: 3, onlink: false))),
            bytes: """
                28000000 6800 0105 07000000 00000000  02 00 db 00 00000000
                0800 0100 02000000  0800 0500 03000000
                """
        ),
        Row(
            why: "the blackhole that a group is parked on",
            operation: .setNexthop(nexthop(3, .v6, .blackhole)),
            bytes: """
                24000000 6800 0105 07000000 00000000  0a 00 db 00 00000000  0800 0100 03000000  0400 0400
                """
        ),
        Row(
            why: "a group replace: no family, weights less one, the high byte where 256 is passed",
            operation: .setNexthop(nexthop(9, .v4, .group([member(0x4D41_0001, 3), member(2, 256), member(3, 300)]))),
            bytes: """
                3c000000 6800 0105 07000000 00000000  00 00 db 00 00000000  0800 0100 09000000
                1c00 0200  0100414d 02 00 0000  02000000 ff 00 0000  03000000 2b 01 0000
                """
        ),
        Row(
            why: "a deletion is by id",
            operation: .deleteNexthop(NexthopID(9), .v4),
            bytes: "20000000 6900 0100 07000000 00000000  00 00 00 00 00000000  0800 0100 09000000"
        ),
    ]

    static let rules = [
        Row(
            why: "mark to table, refused if it is there already",
            operation: .addRule(rule),
            bytes: """
                44000000 2000 0106 07000000 00000000  02 00 00 00 00 00 00 01 00000000
                0800 0600 591b0000  0800 0a00 00000001  0800 1000 0000007f  0800 0f00 591b0000  0500 1500 db 000000
                """
        ),
        Row(
            why: "a deletion has every number, so that no other rule is meant",
            operation: .deleteRule(rule),
            bytes: """
                44000000 2100 0100 07000000 00000000  02 00 00 00 00 00 00 01 00000000
                0800 0600 591b0000  0800 0a00 00000001  0800 1000 0000007f  0800 0f00 591b0000  0500 1500 db 000000
                """
        ),
    ]

    @Test(arguments: routes + nexthops + rules)
    func aChangeIsTheseBytes(row: Row) {
        #expect(encoded(row.operation) == hex(row.bytes))
    }

    @Test func whatDoesNotFitLeavesTheBufferAsItWas() {
        let whole = Self.routes[0].operation
        var encoder = MessageEncoder(capacity: 100)
        let first = encoder.append(whole, sequence: 7)
        let before = encoder.withBytes { Array($0) }
        let second = encoder.append(whole, sequence: 8)
        #expect([first, second] == [true, false])
        #expect(encoder.withBytes { Array($0) } == before)
        encoder.reset()
        let again = encoder.append(whole, sequence: 7)
        #expect(again)
        #expect(encoder.withBytes { Array($0) } == before)
    }

    @Test(arguments: 0..<60) func aMessageNeverPassesTheBuffersEnd(capacity: Int) {
        #expect(encoded(Self.routes[0].operation, capacity: capacity) == nil)
    }

    @Test func aGroupLargerThanAnAttributeIsRefusedAsTooLarge() {
        let members = (1...8192).map { member(UInt32($0), 1) }
        #expect(encoded(.setNexthop(nexthop(9, .v4, .group(members))), capacity: 1 << 20) == nil)
    }

    @Test func onlyTheLastMessageAsksForAnAcknowledgement() {
        var encoder = MessageEncoder(capacity: 4096)
        for sequence in 1...3 as ClosedRange<UInt32> {
            _ = encoder.append(Self.routes[0].operation, sequence: sequence)
        }
        encoder.acknowledgeLast()
        let bytes = encoder.withBytes { Array($0) }
        #expect(bytes.count == 180)
        #expect([6, 66, 126].map { bytes[$0] & 4 } == [0, 0, 4])
    }

    @Test func routesThatAreOnlyObservedAreNeverSent() {
        let inline = KernelChange.Operation.setRoute(route("10.0.0.0/8", .inline(gateway: Self.gateway, interface: 3)))
        #expect(inline.refusalBeforeSending != nil)
        #expect(Self.routes.allSatisfy { $0.operation.refusalBeforeSending == nil })
    }
}
