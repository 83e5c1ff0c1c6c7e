import Forwarding
import NetTypes
import Testing

@testable import Kernel

/// Is every expression that the model has taken by the kernel, and does `nft` read it as we mean it?
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
struct KernelNftExpressionTests {
    struct Case: CustomStringConvertible, Sendable {
        let shown: String
        let hook: Ruleset.Hook
        let expressions: [Ruleset.Expression]
        var description: String { shown }

        init(
            _ shown: String,
            as kind: Ruleset.Hook.Kind = .filter,
            at point: Ruleset.Hook.Point = .prerouting,
            _ expressions: Ruleset.Expression...
        ) {
            self.shown = shown
            hook = Ruleset.Hook(kind, point, priority: kind == .nat ? -100 : -150)
            self.expressions = expressions
        }
    }

    static let second = Ruleset.Register(4)
    static let address: [UInt8] = [192, 0, 2, 1]

    static let cases = [
        Case(
            "iifname \"eth0\"",
            .meta(.inputName, into: .first),
            .compare(.first, .equal, KernelNftTests.name("eth0"))
        ),
        Case("meta nfproto ipv6", .meta(.networkProtocol, into: .first), .compare(.first, .equal, [10])),
        Case("meta l4proto tcp", .meta(.transport, into: .first), .compare(.first, .equal, [6])),
        Case(
            "meta mark set 0x00000005",
            .load(KernelNftTests.host(5), into: .first),
            .setMeta(.mark, from: .first)
        ),
        Case(
            "meta mark set meta mark & 0x81ffffff | 0x01000000",
            .meta(.mark, into: .first),
            .bitwise(.first, mask: KernelNftTests.host(0x80FF_FFFF), xor: KernelNftTests.host(0x0100_0000)),
            .setMeta(.mark, from: .first)
        ),
        Case(
            "ip saddr 10.0.0.0/8",
            .meta(.networkProtocol, into: .first),
            .compare(.first, .equal, [2]),
            .payload(.network, offset: 12, length: 4, into: .first),
            .bitwise(.first, mask: [255, 0, 0, 0], xor: [0, 0, 0, 0]),
            .compare(.first, .equal, [10, 0, 0, 0])
        ),
        Case(
            "tcp dport 1000-2000",
            .meta(.transport, into: .first),
            .compare(.first, .equal, [6]),
            .payload(.transport, offset: 2, length: 2, into: .first),
            .range(.first, from: [3, 232], to: [7, 208])
        ),
        Case(
            "meta mark 0x00000010-0x0000001f",
            .meta(.mark, into: .first),
            .toNetworkOrder(.first, size: 4, length: 4),
            .range(.first, from: [0, 0, 0, 16], to: [0, 0, 0, 31])
        ),
        Case("iifname != @names", .meta(.inputName, into: .first), .lookup(.first, set: "names", isNegated: true)),
        Case("iifname vmap @leads", .meta(.inputName, into: .first), .lookupVerdict(.first, map: "leads")),
        Case(
            "meta mark set iifname map @marks",
            .meta(.inputName, into: .first),
            .lookupValue(.first, map: "marks", into: .first),
            .setMeta(.mark, from: .first)
        ),
        Case(
            "ct direction reply",
            .connection(.direction, into: .first),
            .compare(.first, .equal, [1])
        ),
        Case(
            "ct mark set 0x00000007",
            .load(KernelNftTests.host(7), into: .first),
            .setConnectionMark(from: .first)
        ),
        Case("dnat ip to 192.0.2.1", as: .nat, .load(address, into: .first), translation(.destination, port: nil)),
        Case(
            "dnat ip to 192.0.2.1:8080",
            as: .nat,
            .load(address, into: .first),
            .load([31, 144], into: second),
            translation(.destination, port: second)
        ),
        Case("masquerade", as: .nat, at: .postrouting, .masquerade),
        Case(
            "redirect to :8080",
            as: .nat,
            .meta(.transport, into: .first),
            .compare(.first, .equal, [6]),
            .load([31, 144], into: .first),
            .redirect(port: .first)
        ),
        Case("fib daddr type local", .destinationType(into: .first), .compare(.first, .equal, KernelNftTests.host(2))),
        Case(
            "numgen inc mod 4 0",
            .number(isRandom: false, modulus: 4, into: .first),
            .compare(.first, .equal, KernelNftTests.host(0))
        ),
        Case(
            "numgen random mod 4 1",
            .number(isRandom: true, modulus: 4, into: .first),
            .compare(.first, .equal, KernelNftTests.host(1))
        ),
        Case(
            "symhash mod 2 1",
            .flowHash(modulus: 2, into: .first),
            .compare(.first, .equal, KernelNftTests.host(1))
        ),
        Case(
            "jhash ip saddr mod 8 seed 0x1 3",
            .meta(.networkProtocol, into: .first),
            .compare(.first, .equal, [2]),
            .payload(.network, offset: 12, length: 4, into: second),
            .hash(second, length: 4, modulus: 8, seed: 1, into: .first),
            .compare(.first, .equal, KernelNftTests.host(3))
        ),
        Case(
            "tcp option maxseg size set rt mtu",
            at: .forward,
            .meta(.transport, into: .first),
            .compare(.first, .equal, [6]),
            .route(.segmentSize, into: .first),
            .toNetworkOrder(.first, size: 2, length: 2),
            .setTCPOption(kind: 2, offset: 2, length: 2, from: .first)
        ),
        Case(
            "tcp option maxseg size 1000",
            .meta(.transport, into: .first),
            .compare(.first, .equal, [6]),
            .tcpOption(kind: 2, offset: 2, length: 2, into: .first),
            .compare(.first, .equal, [3, 232])
        ),
        Case("counter packets 0 bytes 0", .counter),
        Case("counter name \"seen\"", .countIn("seen")),
        Case("quota over 1000 bytes", .quota(bytes: 1000, isOver: true)),
        Case("quota name \"month\"", .quotaOf("month")),
        Case("limit rate 10/second burst 7 packets", .limit(packets: 10, per: 1, burst: 7)),
        Case("reject with icmpx admin-prohibited", .reject(.unreachable(code: 3))),
        Case(
            "reject with tcp reset",
            .meta(.transport, into: .first),
            .compare(.first, .equal, [6]),
            .reject(.tcpReset)
        ),
        Case("socket mark 0x00000001", .socketMark(into: .first), .compare(.first, .equal, KernelNftTests.host(1))),
        Case("jump target", .verdict(.jump("target"))),
        Case("return", .verdict(.return)),
        Case("drop", .verdict(.drop)),
    ]

    private static func translation(
        _ kind: Ruleset.Translation.Kind,
        port: Ruleset.Register?
    ) -> Ruleset.Expression {
        .translate(Ruleset.Translation(kind, isIPv6: false, address: .first, port: port))
    }

    @Test(arguments: cases)
    func theKernelTakesItAndNftShowsIt(_ example: Case) throws {
        let key = Ruleset.SetDeclaration("names", key: [.interfaceName])
        let table = Ruleset(
            name: "martlet",
            chains: [
                Ruleset.Chain("base", hook: example.hook, [Ruleset.Rule("", example.expressions)]),
                Ruleset.Chain("target", []),
            ],
            sets: [
                Ruleset.NamedSet(
                    Ruleset.SetDeclaration("leads", key: [.interfaceName], values: .verdict),
                    .listed([])
                ),
                Ruleset.NamedSet(
                    Ruleset.SetDeclaration("marks", key: [.interfaceName], values: .data(.mark)),
                    .listed([Ruleset.Element(KernelNftTests.name("eth0"), value: .data(KernelNftTests.host(9)))])
                ),
                Ruleset.NamedSet(key, .listed([])),
            ],
            objects: [
                Ruleset.Object("month", .quota(bytes: 5000, isOver: false)), Ruleset.Object("seen", .counter),
            ]
        )
        try inNewNetwork {
            let change = try #require(RulesetChange.from(nil, to: table))
            let outcomes = try carryOut([.changeRuleset(change)])
            #expect(outcomes == accepted(1))
            #expect(try readRuleset()?.isSame(as: RulesetState(table)) == true)
            let shown = try run("nft list chain inet martlet base")
            #expect(shown.contains(example.shown), "\(shown)")
        }
    }

    /// Kinds of sets besides plain ones: ranges with values, concatenations, concatenated ranges, elements that go by themselves.
    @Test func setsOfEveryKindReadBackAsTheyWereWished() throws {
        let port = { (number: UInt16) in [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }
        let table = Ruleset(
            name: "martlet",
            chains: [Ruleset.Chain("one", []), Ruleset.Chain("two", [])],
            sets: [
                Ruleset.NamedSet(
                    Ruleset.SetDeclaration("pairs", key: [.address4, .port], isInterval: true),
                    .listed([
                        Ruleset.Element(
                            [10, 0, 0, 0] + port(80) + [0, 0],
                            last: [10, 0, 0, 255] + port(90) + [0, 0]
                        )
                    ])
                ),
                Ruleset.NamedSet(
                    Ruleset.SetDeclaration("ports", key: [.port], values: .verdict, isInterval: true),
                    .listed([
                        Ruleset.Element(port(80), last: port(89), value: .verdict(.goto("one"))),
                        Ruleset.Element(port(90), last: port(99), value: .verdict(.goto("two"))),
                        Ruleset.Element(port(60000), last: port(65535), value: .verdict(.drop)),
                    ])
                ),
                Ruleset.NamedSet(
                    Ruleset.SetDeclaration("held", key: [.networkProtocol, .mark]),
                    .listed([Ruleset.Element([2, 0, 0, 0] + KernelNftTests.host(0x0100_0000))])
                ),
                Ruleset.NamedSet(
                    Ruleset.SetDeclaration("six", key: [.address6], isInterval: true),
                    KernelNftTests.addresses("2001:db8::/32", "ff00::/8")
                ),
                Ruleset.NamedSet(Ruleset.SetDeclaration("soon-gone", key: [.address4], timeout: 60), .kept),
            ]
        )
        try inNewNetwork {
            let change = try #require(RulesetChange.from(nil, to: table))
            #expect(try carryOut([.changeRuleset(change)]) == accepted(1))
            let shown = try run("nft list table inet martlet")
            #expect(shown.contains("10.0.0.0/24 . 80-90"), "\(shown)")
            #expect(shown.contains("80-89 : goto one"), "\(shown)")
            #expect(shown.contains("ff00::/8"), "\(shown)")
            let read = try readRuleset()
            #expect(read?.isSame(as: RulesetState(table)) == true, "\(String(describing: read))")
            // What came into a set by itself is no difference, and stays.
            try run("nft add element inet martlet soon-gone { 192.0.2.1 }")
            let rest = RulesetChange.from(try readRuleset(), to: table)
            #expect(rest == nil)
        }
    }
}
