import Chance
import Forwarding
import Foundation
import Glibc
import NetTypes
import Testing

@testable import Kernel

/// Our nftables table in a real kernel, judged by `nft` and by reading back.
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
struct KernelNftTests {
    /// Two marks counted, a set that decides who is, a map that leads on.
    static let table = Ruleset(
        name: "martlet",
        chains: [
            chain("paths", hook: .postrouting, [counted("wan.fiber", 0x0100_0000), counted("wan.cable", 0x0200_0000)]),
            chain(
                "steer",
                hook: .prerouting,
                [
                    rule("by name", .meta(.inputName, into: .first), .lookupVerdict(.first, map: "leads"))
                ]
            ),
            chain("to-fiber", [rule("all", .countIn("fiber"), .verdict(.accept))]),
        ],
        sets: [
            Ruleset.NamedSet(
                Ruleset.SetDeclaration("leads", key: [.interfaceName], values: .verdict),
                .listed([Ruleset.Element(name("eth0"), value: .verdict(.goto("to-fiber")))])
            ),
            Ruleset.NamedSet(
                Ruleset.SetDeclaration("office-4", key: [.address4], isInterval: true),
                addresses("10.0.0.0/16", "192.0.2.1/32")
            ),
        ],
        objects: [Ruleset.Object("fiber", .counter)]
    )
    static let strangers = """
        table inet other { chain c { type filter hook input priority 0; counter comment "theirs"; }; }
        table ip martlet { chain paths { counter; }; }

        """

    @Test func theTableIsAsWished() throws {
        try inNewNetwork {
            #expect(try becomes(Self.table))
            let shown = try run("nft list table inet martlet").split(separator: "\n").map { Self.bare($0) }
            #expect(
                shown == [
                    "table inet martlet {", "counter fiber {", "packets 0 bytes 0", "}",
                    "map leads {", "type ifname : verdict", "elements = { \"eth0\" : goto to-fiber }", "}",
                    "set office-4 {", "type ipv4_addr", "flags interval", "elements = { 10.0.0.0/16, 192.0.2.1 }", "}",
                    "chain paths {",
                    "type filter hook postrouting priority filter; policy accept;",
                    "meta mark & 0x7f000000 == 0x01000000 counter packets 0 bytes 0 comment \"wan.fiber\"",
                    "meta mark & 0x7f000000 == 0x02000000 counter packets 0 bytes 0 comment \"wan.cable\"",
                    "}",
                    "chain steer {",
                    "type filter hook prerouting priority filter; policy accept;",
                    "iifname vmap @leads comment \"by name\"",
                    "}",
                    "chain to-fiber {", "counter name \"fiber\" accept comment \"all\"", "}",
                    "}",
                ]
            )
            #expect(try isAsWished(Self.table))
        }
    }

    @Test func packetsWithTheMarkAreCounted() throws {
        try inNewNetwork {
            #expect(try becomes(Self.table))
            try sendDatagrams(3, of: 10, marked: 0x0200_0001)
            let shown = try run("nft list table inet martlet").split(separator: "\n")
            let cable = try #require(shown.first { $0.contains("wan.cable") })
            #expect(cable.contains("counter packets 3 bytes 114"))
            let fiber = try #require(shown.first { $0.contains("wan.fiber") })
            #expect(fiber.contains("counter packets 0 bytes 0"))
        }
    }

    @Test func strangersTablesAreUntouched() throws {
        try inNewNetwork {
            try run("nft -f -", input: Self.strangers)
            let before = try run("nft list ruleset")
            #expect(try becomes(Self.table))
            #expect(try isDone(.removal(of: "martlet")))
            #expect(try run("nft list ruleset") == before)
            // Deleting what is not there is what was wished.
            #expect(try isDone(.removal(of: "martlet")))
        }
    }

    /// Elements change one by one; the counter and the other chain's counts stay.
    @Test func aChangeLeavesWhatItIsNotAbout() throws {
        try inNewNetwork {
            #expect(try becomes(Self.table))
            try sendDatagrams(2, of: 10, marked: 0x0100_0000)
            var wish = Self.table
            wish.sets[1] = Ruleset.NamedSet(wish.sets[1].declaration, Self.addresses("10.0.0.0/16", "198.51.100.0/24"))
            wish.chains[1] = Self.chain("steer", hook: .prerouting, [Self.rule("none", .counter)])
            let change = try #require(RulesetChange.from(read(), to: wish))
            #expect(change.steps.count == 4, "\(change.steps)")
            #expect(try isDone(change))
            let shown = try run("nft list table inet martlet")
            #expect(shown.contains("elements = { 10.0.0.0/16, 198.51.100.0/24 }"))
            #expect(shown.contains("counter packets 2 bytes 76 comment \"wan.fiber"))
            #expect(try isAsWished(wish))
            wish.chains.removeLast()
            wish.sets.removeFirst()
            wish.objects = []
            #expect(try becomes(wish))
            #expect(try isAsWished(wish))
            #expect(try !run("nft list table inet martlet").contains("to-fiber"))
        }
    }

    @Test(arguments: [
        "add rule inet martlet paths counter",
        "insert rule inet martlet paths meta mark & 0xff == 0x01 counter comment \"wan.other\"",
        "add rule inet martlet paths ip saddr { 10.0.0.1, 10.0.0.2 } counter",
        "flush chain inet martlet paths",
        "add chain inet martlet another",
        "add chain inet martlet paths { policy drop; }",
        "add chain inet martlet strange { type filter hook input priority 3; policy drop; }",
        "add element inet martlet office-4 { 203.0.113.7 }",
        "delete element inet martlet office-4 { 192.0.2.1 }",
        "add set inet martlet mine { type ether_addr; }",
        "add counter inet martlet mine",
        "add quota inet martlet mine { 5 mbytes }",
        "add limit inet martlet mine { rate 5/second }",
        "delete element inet martlet leads { \"eth0\" }",
        "add table inet martlet { flags dormant; }",
        "delete table inet martlet\nadd table inet martlet",
        "delete table inet martlet",
    ])
    func whatAStrangerChangedIsSeenAndMended(change: String) throws {
        try inNewNetwork {
            #expect(try becomes(Self.table))
            try run("nft -f -", input: change + "\n")
            #expect(try !isAsWished(Self.table))
            #expect(try becomes(Self.table))
            #expect(try isAsWished(Self.table))
        }
    }

    /// A table that another program owns (`NFT_TABLE_F_OWNER`) cannot be touched: the batch fails on its first object.
    @Test func aRefusedBatchKeepsNothing() throws {
        try inNewNetwork {
            let owner = try NftOwner(table: "martlet")
            let outcome = try become(Self.table)
            #expect(outcome == .refused(KernelRefusal(errno: EPERM, words: "")))
            #expect(try !run("nft list table inet martlet").contains("chain"))
            owner.end()
            #expect(try becomes(Self.table))
        }
    }

    /// More than the default send buffer takes at once, and more elements than one message.
    @Test func manyRulesAndElementsAreOneBatch() throws {
        let prefixes = (0..<20_000).map { IPPrefix(containing: IPAddress(v4: 0x0A00_0000 + $0 << 9), length: 24) }
        let table = Ruleset(
            name: "martlet",
            chains: [Self.chain("paths", hook: .postrouting, (1...2000).map { Self.counted("member-\($0)", $0) })],
            sets: [
                Ruleset.NamedSet(
                    Ruleset.SetDeclaration("many", key: [.address4], isInterval: true),
                    .addresses(AddressRanges(prefixes))
                )
            ]
        )
        try inNewNetwork {
            let outcome = try become(table)
            #expect(outcome == .accepted)
            #expect(try isAsWished(table))
        }
    }

    /// Ranges that grow, shrink, split, join and reach the ends of their family, each change in one batch: what goes and what comes overlap.
    @Test(arguments: AddressFamily.allCases) func aSetOfRangesBecomesAnyOther(family: AddressFamily) throws {
        var random = SeededGenerator(7)
        let declaration = Ruleset.SetDeclaration(
            "ranges",
            key: [family == .v4 ? .address4 : .address6],
            isInterval: true
        )
        try inNewNetwork {
            for round in 0..<80 {
                let ranges = (0..<Int.random(in: 0...12, using: &random)).map { _ in Self.range(family, &random) }
                let table = Ruleset(
                    name: "martlet",
                    chains: [],
                    sets: [Ruleset.NamedSet(declaration, .addresses(AddressRanges(ranges)))],
                    objects: []
                )
                let outcome = try become(table) ?? .accepted
                #expect(outcome == .accepted, "round \(round): \(ranges)")
                #expect(try isAsWished(table), "round \(round): \(ranges)")
            }
        }
    }

    /// Within the first or last 32 addresses of the family.
    private static func range(_ family: AddressFamily, _ random: inout SeededGenerator) -> ClosedRange<IPAddress> {
        let isLast = Bool.random(using: &random)
        let ends = (0..<2).map { _ in UInt64.random(in: 0..<32, using: &random) }.sorted()
        let address = { (number: UInt64) -> IPAddress in
            guard isLast else { return IPAddress(family: family, high: 0, low: number) }
            let most: UInt64 = family == .v4 ? 0xFFFF_FFFF : .max
            return IPAddress(family: family, high: family == .v4 ? 0 : .max, low: most - 31 + number)
        }
        return address(ends[0])...address(ends[1])
    }

    // MARK: - Helpers

    static func chain(_ name: String, hook: Ruleset.Hook.Point? = nil, _ rules: [Ruleset.Rule]) -> Ruleset.Chain {
        Ruleset.Chain(name, hook: hook.map { Ruleset.Hook(.filter, $0, priority: 0) }, rules)
    }

    static func rule(_ comment: String, _ expressions: Ruleset.Expression...) -> Ruleset.Rule {
        Ruleset.Rule(comment, expressions)
    }

    static func counted(_ name: String, _ mark: UInt32) -> Ruleset.Rule {
        rule(
            name,
            .meta(.mark, into: .first),
            .bitwise(.first, mask: host(0x7F00_0000), xor: host(0)),
            .compare(.first, .equal, host(mark)),
            .counter
        )
    }

    static func host(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    static func name(_ device: String) -> [UInt8] {
        Array(device.utf8) + [UInt8](repeating: 0, count: 16 - device.utf8.count)
    }

    static func addresses(_ prefixes: String...) -> Ruleset.Elements {
        .addresses(AddressRanges(prefixes.map { try! IPPrefix(parsing: $0) }))
    }

    /// A line without its indent and without the digest in its comment.
    static func bare(_ line: Substring) -> String {
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        guard let tag = trimmed.range(of: " #[0-9a-f]{16}\"", options: .regularExpression) else { return trimmed }
        return trimmed.replacingCharacters(in: tag, with: "\"")
    }

    private func read() throws -> RulesetState? { try readRuleset() }

    private func isAsWished(_ wish: Ruleset) throws -> Bool {
        try read()?.isSame(as: RulesetState(wish)) ?? false
    }

    private func become(_ wish: Ruleset) throws -> ChangeOutcome? {
        try RulesetChange.from(read(), to: wish).map(perform)
    }

    private func becomes(_ wish: Ruleset) throws -> Bool {
        let outcome = try become(wish)
        return outcome == .accepted
    }

    private func isDone(_ change: RulesetChange) throws -> Bool {
        let outcome = try perform(change)
        return outcome == .accepted
    }

    private func perform(_ change: RulesetChange) throws -> ChangeOutcome {
        try #require(try carryOut([.changeRuleset(change)]).first)
    }

    /// Sends to a closed port of this host.
    private func sendDatagrams(_ count: Int, of size: Int, marked mark: UInt32) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var mark = mark
        try #require(setsockopt(descriptor, SOL_SOCKET, SO_MARK, &mark, 4) == 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(9).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let payload = [UInt8](repeating: 0, count: size)
        for _ in 0..<count {
            let sent = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, payload, size, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(sent == size)
        }
    }
}

/// What our table is in the namespace of the calling thread.
func readRuleset(_ name: String = "martlet") throws -> RulesetState? {
    try NftSession().readRuleset(name, within: .seconds(5)).state
}

/// A program that owns a table as long as it runs.
private struct NftOwner {
    private let child: Child

    init(table: String) throws {
        child = try Child(["nft", "-i"])
        child.write("add table inet \(table) { flags owner; }\n")
        for _ in 0..<200 where try !run("nft list tables").contains(table) { usleep(10_000) }
        try #require(try run("nft list tables").contains(table))
    }

    func end() {
        child.closeInput()
        _ = child.readAll()
        _ = child.wait()
    }
}
