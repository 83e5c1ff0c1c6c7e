import Forwarding
import NetTypes
import Testing

@testable import Kernel

/// Messages of the kernel as reports.
@Suite struct ReadingTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let why: String
        let type: UInt16
        let payload: String
        let report: KernelReport?

        var testDescription: String { why }
    }

    static let links = [
        Row(
            why: "up with carrier",
            type: 16,
            payload: "00 00 0100 03000000 43100100 00000000  0900 0300 65746830 00 000000",
            report: .link(Link(index: 3, name: "eth0", isUp: true, hasCarrier: true, isLoopback: false))
        ),
        Row(
            why: "up without carrier",
            type: 16,
            payload: "00 00 0100 03000000 03100000 00000000  0900 0300 65746830 00 000000",
            report: .link(Link(index: 3, name: "eth0", isUp: true, hasCarrier: false, isLoopback: false))
        ),
        Row(why: "gone", type: 17, payload: "00 00 0100 03000000 02100000 00000000", report: .linkGone(index: 3)),
        // A port that leaves its bridge is announced as a deletion of family AF_BRIDGE (7).
        Row(why: "left its bridge", type: 17, payload: "07 00 0100 03000000 43100100 00000000", report: nil),
    ]

    static let addresses = [
        Row(
            why: "IPv4",
            type: 20,
            payload: "02 18 80 00 03000000  0800 0100 c0000201  0800 0200 c0000201",
            report: .address(address("192.0.2.1", 24, false))
        ),
        Row(
            why: "point to point: IFA_ADDRESS is the peer's",
            type: 20,
            payload: "02 20 80 00 03000000  0800 0100 c00002fe  0800 0200 c0000201",
            report: .address(address("192.0.2.1", 32, false))
        ),
        Row(
            why: "IPv6 under duplicate address detection",
            type: 20,
            payload: "0a 40 40 00 03000000  1400 0100 20010db8000000000000000000000001  0800 0800 40000000",
            report: .address(address("2001:db8::1", 64, true))
        ),
        Row(
            why: "IPv6 whose detection failed; the flags attribute is wider than the header's field",
            type: 20,
            payload: "0a 40 00 00 03000000  1400 0100 20010db8000000000000000000000001  0800 0800 88000000",
            report: .address(address("2001:db8::1", 64, true))
        ),
        Row(
            why: "an optimistic address may be a source",
            type: 20,
            payload: "0a 40 00 00 03000000  1400 0100 20010db8000000000000000000000001  0800 0800 44000000",
            report: .address(address("2001:db8::1", 64, false))
        ),
        Row(
            why: "gone",
            type: 21,
            payload: "02 18 80 00 03000000  0800 0100 c0000201  0800 0200 c0000201",
            report: .addressGone(address("192.0.2.1", 24, false))
        ),
    ]

    static let routes = [
        Row(
            why: "over a next-hop object: the hops the kernel adds say nothing more",
            type: 24,
            payload: """
                02 10 00 00 fc db 00 01 00000000  0800 0f00 591b0000  0800 0100 0a010000  0800 0600 4d000000
                0800 1e00 0100414d  0800 0500 0a000001  0800 0400 03000000
                """,
            report: .route(route("10.1.0.0/16", .nexthop(NexthopID(0x4D41_0001))))
        ),
        Row(
            why: "over a group that is parked on a blackhole: the kernel gives the route the type of that",
            type: 24,
            payload: """
                02 10 00 00 fc db 00 06 00000000  0800 0f00 591b0000  0800 0100 0a010000  0800 0600 4d000000
                0800 1e00 0100414d
                """,
            report: .route(route("10.1.0.0/16", .nexthop(NexthopID(0x4D41_0001))))
        ),
        Row(
            why: "a stranger's default with its hop inside, metric 0 left out",
            type: 24,
            payload: "02 00 00 00 fe 10 00 01 00000000  0800 0f00 fe000000  0800 0500 c0000201  0800 0400 03000000",
            report: .route(
                route(
                    "0.0.0.0/0",
                    .inline(gateway: IPAddress("192.0.2.1"), interface: 3),
                    table: 254,
                    metric: 0,
                    by: 16
                )
            )
        ),
        Row(
            why: "several hops, each with its weight",
            type: 24,
            payload: """
                02 08 00 00 fe 03 00 01 00000000  0800 0f00 fe000000  0800 0100 0a000000
                2400 0900  1000 00 02 03000000 0800 0500 c0000201  1000 00 00 04000000 0800 0500 c0000202
                """,
            report: .route(
                route(
                    "10.0.0.0/8",
                    .multipath([
                        InlineHop(gateway: IPAddress("192.0.2.1"), interface: 3, weight: 3),
                        InlineHop(gateway: IPAddress("192.0.2.2"), interface: 4, weight: 1),
                    ]),
                    table: 254,
                    metric: 0,
                    by: 3
                )
            )
        ),
        Row(
            why: "a preferred source and an MTU",
            type: 24,
            payload: """
                02 08 00 00 fe db 00 06 00000000  0800 0f00 fe000000  0800 0100 0a000000  0800 0600 4d000000
                0800 0700 c0000209  0c00 0800 0800 0200 dc050000
                """,
            report: .route(
                Route(
                    key: route("10.0.0.0/8", .blackhole, table: 254).key,
                    action: .blackhole,
                    routeProtocol: 219,
                    source: IPAddress("192.0.2.9"),
                    mtu: 1500
                )
            )
        ),
        Row(
            why: "an IPv6 gateway for IPv4",
            type: 24,
            payload: """
                02 08 00 00 fe 03 00 01 00000000  0800 0f00 fe000000  0800 0100 0a000000
                1600 1200 0a00 fe800000000000000000000000000001 0000  0800 0400 03000000
                """,
            report: .route(
                route("10.0.0.0/8", .inline(gateway: IPAddress("fe80::1"), interface: 3), table: 254, metric: 0, by: 3)
            )
        ),
        Row(
            why: "unreachable in IPv6",
            type: 24,
            payload: "0a 00 00 00 fc db 00 07 00000000  0800 0f00 591b0000  0800 0600 ffffffff",
            report: .route(route("::/0", .unreachable, metric: .max))
        ),
        Row(
            why: "gone",
            type: 25,
            payload: "02 08 00 00 fe 03 00 06 00000000  0800 0f00 fe000000  0800 0100 0a000000",
            report: .routeGone(route("10.0.0.0/8", .blackhole, table: 254, metric: 0, by: 3))
        ),
        Row(
            why: "the table local is the kernel's",
            type: 24,
            payload: "02 20 00 00 ff 02 fe 02 00000000  0800 0f00 ff000000  0800 0100 c0000201",
            report: nil
        ),
        Row(
            why: "a cached clone",
            type: 24,
            payload: "0a 80 00 00 fe 02 00 01 00020000  1400 0100 20010db8000000000000000000000001",
            report: nil
        ),
        Row(
            why: "a type of service makes another key",
            type: 24,
            payload: "02 08 00 10 fe 03 00 01 00000000  0800 0f00 fe000000  0800 0100 0a000000",
            report: nil
        ),
    ]

    static let rules = [
        Row(
            why: "ours, with the suppressor the kernel always adds",
            type: 32,
            payload: """
                02 00 00 00 fc 00 00 01 00000000  0800 0f00 591b0000  0800 0e00 ffffffff  0800 0600 591b0000
                0800 0a00 00000001  0800 1000 0000007f  0500 1500 db 000000
                """,
            report: .rule(EncodingTests.rule)
        ),
        Row(
            why: "a rule that suppresses default routes",
            type: 32,
            payload: "02 00 00 00 fe 00 00 01 00000000  0800 0f00 fe000000  0800 0e00 00000000  0800 0600 64000000",
            report: .rule(
                Rule(
                    family: .v4,
                    preference: 100,
                    selectors: RuleSelectors(),
                    action: .lookup(254),
                    suppressedPrefixLength: 0,
                    routeProtocol: 0
                )
            )
        ),
        Row(
            why: "a source prefix",
            type: 32,
            payload: """
                02 00 18 00 fe 00 00 01 00000000  0800 0f00 fe000000  0800 0e00 ffffffff  0800 0600 64000000
                0800 0200 c0000200
                """,
            report: .rule(plain(RuleSelectors(source: try! IPPrefix(parsing: "192.0.2.0/24"))))
        ),
        Row(
            why: "inverted, by a device that is not there",
            type: 33,
            payload: """
                02 00 00 00 fe 00 00 01 0a000000  0800 0f00 fe000000  0800 0e00 ffffffff  0800 0600 64000000
                0900 0300 6574683000 000000
                """,
            report: .ruleGone(plain(RuleSelectors(inputInterface: "eth0", isInverted: true)))
        ),
        Row(
            why: "a single port and a code point, with the masks the kernel adds",
            type: 32,
            payload: """
                02 00 00 00 fe 00 00 01 00000000  0800 0f00 fe000000  0800 0e00 ffffffff  0800 0600 64000000
                0500 1600 06000000  0800 1800 bb01bb01  0600 1d00 ffff0000  0500 1900 2e000000  0500 1e00 3f000000
                """,
            report: .rule(plain(RuleSelectors(transport: 6, destinationPorts: 443...443, codePoint: 46)))
        ),
        Row(
            why: "a masked port is a selector we do not model",
            type: 32,
            payload: """
                0a 00 00 00 09 00 00 01 00000000  0800 0f00 09000000  0800 0e00 ffffffff  0800 0600 64000000
                0600 1d00 f0ff0000
                """,
            report: .rule(strange(.v6, 100, table: 9))
        ),
        Row(
            why: "a jump to another rule",
            type: 32,
            payload: "0a 00 00 00 00 00 00 02 00000000  0800 0e00 ffffffff  0800 0600 64000000  0800 0400 c8000000",
            report: .rule(strange(.v6, 100, table: 0))
        ),
    ]

    @Test(arguments: links + addresses + routes + rules)
    func aMessageIsThisReport(row: Row) throws {
        let bytes = message(type: row.type, hex(row.payload))
        #expect(try reports(bytes) == [row.report].compactMap { $0 })
    }

    /// Cut anywhere, with or without the length to match, a message is read or refused: never a trap, never another object's bytes.
    @Test(arguments: links + addresses + routes + rules)
    func aCutMessageIsReadOrRefused(row: Row) throws {
        let payload = hex(row.payload)
        for length in 0..<payload.count {
            let cut = message(type: row.type, Array(payload[..<length]))
            _ = try? reports(cut)
            let promisingMore = message(type: row.type, payload).prefix(16 + length)
            #expect(throws: MalformedMessage.self) { try reports(Array(promisingMore)) }
        }
    }

    static func address(_ text: String, _ length: UInt8, _ isTentative: Bool) -> InterfaceAddress {
        InterfaceAddress(interface: 3, address: IPAddress(text)!, prefixLength: length, isTentative: isTentative)
    }

    static func plain(_ selectors: RuleSelectors) -> Rule {
        Rule(family: .v4, preference: 100, selectors: selectors, action: .lookup(254), routeProtocol: 0)
    }

    static func strange(_ family: AddressFamily, _ preference: UInt32, table: UInt32) -> Rule {
        Rule(
            family: family,
            preference: preference,
            mark: 0,
            mask: 0,
            table: table,
            routeProtocol: 0,
            hasOtherSelectors: true
        )
    }
}
