import Forwarding
import Glibc
import NetTypes
import Testing

@testable import Kernel

extension KernelBehaviour {
    /// Rules: every selector with a packet that it takes and one that it leaves, alone and in pairs; actions and suppressors.
    struct Rules {
        struct Row: Sendable, CustomTestStringConvertible {
            let what: String
            let family: AddressFamily
            let selectors: RuleSelectors
            let taken: TestPacket
            let left: TestPacket

            var testDescription: String { "\(what), \(family)" }
        }

        private static func singles(_ family: AddressFamily) -> [Row] {
            let far = family.farAddress
            let (near, other) = family == .v4 ? ("10.0.0.2", "10.0.0.3") : ("fd00:0:0:0::2", "fd00:0:0:0::3")
            let host = family == .v4 ? 32 : 128
            let plain = TestPacket(to: far)
            func row(_ what: String, _ selectors: RuleSelectors, _ taken: TestPacket, _ left: TestPacket) -> Row {
                Row(what: what, family: family, selectors: selectors, taken: taken, left: left)
            }
            return [
                row("from", RuleSelectors(source: prefix("\(near)/\(host)")), plain, TestPacket(to: far, from: other)),
                row(
                    "to",
                    RuleSelectors(destination: prefix("\(far)/\(host)")),
                    plain,
                    TestPacket(to: family == .v4 ? "192.0.2.8" : "2001:db8::8")
                ),
                row("ipproto", RuleSelectors(transport: 6), TestPacket(to: far, transport: 6), plain),
                row(
                    "sport",
                    RuleSelectors(transport: 17, sourcePorts: 1111...1111),
                    plain,
                    TestPacket(to: far, sourcePort: 1112)
                ),
                row(
                    "sport range",
                    RuleSelectors(transport: 17, sourcePorts: 1000...1111),
                    plain,
                    TestPacket(to: far, sourcePort: 1112)
                ),
                row(
                    "dport",
                    RuleSelectors(transport: 17, destinationPorts: 2222...2222),
                    plain,
                    TestPacket(to: far, destinationPort: 2223)
                ),
                row(
                    "dport range",
                    RuleSelectors(transport: 17, destinationPorts: 2000...2222),
                    plain,
                    TestPacket(to: far, destinationPort: 2223)
                ),
                row("tos", RuleSelectors(typeOfService: 0x10), TestPacket(to: far, trafficClass: 0x10), plain),
                row("dscp", RuleSelectors(codePoint: 46), TestPacket(to: far, trafficClass: 46 << 2), plain),
                row(
                    "not from",
                    RuleSelectors(source: prefix("\(near)/\(host)"), isInverted: true),
                    TestPacket(to: far, from: other),
                    plain
                ),
            ]
        }

        /// Both must be met: a packet that meets one alone is left.
        private static func pairs(_ family: AddressFamily) -> [Row] {
            let far = family.farAddress
            let (near, other) = family == .v4 ? ("10.0.0.2", "10.0.0.3") : ("fd00:0:0:0::2", "fd00:0:0:0::3")
            let host = family == .v4 ? 32 : 128
            let (source, destination) = (prefix("\(near)/\(host)"), prefix("\(far)/\(host)"))
            let elsewhere = family == .v4 ? "192.0.2.8" : "2001:db8::8"
            let plain = TestPacket(to: far)
            func row(_ what: String, _ selectors: RuleSelectors, _ left: TestPacket) -> Row {
                Row(what: what, family: family, selectors: selectors, taken: plain, left: left)
            }
            let ports = RuleSelectors(source: source, transport: 17, destinationPorts: 2222...2222)
            return [
                row("from and to", RuleSelectors(source: source, destination: destination), TestPacket(to: elsewhere)),
                row(
                    "to and from",
                    RuleSelectors(source: source, destination: destination),
                    TestPacket(to: far, from: other)
                ),
                row(
                    "from and iif",
                    RuleSelectors(source: source, inputInterface: "in0"),
                    TestPacket(to: far, from: other)
                ),
                row(
                    "iif and dport",
                    RuleSelectors(inputInterface: "in0", transport: 17, destinationPorts: 2222...2222),
                    TestPacket(to: far, destinationPort: 1)
                ),
                row("from and dport", ports, TestPacket(to: far, from: other)),
                row("dport and from", ports, TestPacket(to: far, destinationPort: 2221)),
                row(
                    "sport and dport",
                    RuleSelectors(transport: 17, sourcePorts: 1111...1111, destinationPorts: 2222...2222),
                    TestPacket(to: far, sourcePort: 5)
                ),
            ]
        }

        /// Where the rule leads is by `b`, where the main table leads by `a`.
        private func prepare(_ bench: Bench, _ family: AddressFamily) throws {
            try bench.carryOut(
                .setNexthop(hop(1, "a", family)),
                .setNexthop(hop(2, "b", family)),
                .setRoute(farRoute(family, over: 1)),
                .setRoute(farRoute(family, over: 2, table: 7001))
            )
        }

        private func rule(
            _ family: AddressFamily,
            _ selectors: RuleSelectors,
            _ action: Rule.Action = .lookup(7001),
            preference: UInt32 = 7001,
            suppressing: UInt32? = nil
        ) -> Rule {
            Rule(
                family: family,
                preference: preference,
                selectors: selectors,
                action: action,
                suppressedPrefixLength: suppressing,
                routeProtocol: 219
            )
        }

        @Test(arguments: AddressFamily.allCases.flatMap { singles($0) + pairs($0) })
        func aRuleTakesWhatMeetsAllOfItAndLeavesTheRest(row: Row) throws {
            try Bench.run { bench in
                try prepare(bench, row.family)
                try bench.carryOut(.addRule(rule(row.family, row.selectors)))
                #expect(bench.way(row.taken) == "b", "taken")
                #expect(bench.way(row.left) == "a", "left")
            }
        }

        @Test(arguments: AddressFamily.allCases) func anInputDeviceTakesWhatComesInByIt(family: AddressFamily) throws {
            try Bench.run { bench in
                try prepare(bench, family)
                try bench.carryOut(.addRule(rule(family, RuleSelectors(inputInterface: "c"))))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "a")
                try bench.carryOut(.addRule(rule(family, RuleSelectors(inputInterface: "in0"), preference: 7002)))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b")
            }
        }

        @Test(arguments: AddressFamily.allCases) func aMarkIsComparedUnderItsMask(family: AddressFamily) throws {
            try Bench.run { bench in
                try prepare(bench, family)
                try bench.carryOut(.addRule(rule(family, RuleSelectors(mark: 0x0100_0000, mask: 0x7F00_0000))))
                let device = { (mark: UInt32) in
                    let lookup = RouteLookup(
                        destination: IPAddress(family.farAddress)!,
                        source: nil,
                        inputInterface: nil,
                        mark: mark
                    )
                    return try lookup.ask().interface
                }
                #expect(try device(0x0100_0000) == Bench.index("b"))
                #expect(try device(0x8100_0077) == Bench.index("b"), "bits outside of the mask do not count")
                #expect(try device(0x0300_0000) == Bench.index("a"))
                #expect(try device(0) == Bench.index("a"))
            }
        }

        @Test(arguments: AddressFamily.allCases) func aUserRangeTakesTheSocketsOfItsUsers(family: AddressFamily) throws
        {
            try Bench.run { bench in
                try prepare(bench, family)
                try bench.carryOut(.addRule(rule(family, RuleSelectors(users: 1000...1999))))
                for (user, device) in [(1000, "b"), (1999, "b"), (2000, "a"), (0, "a")] {
                    let found = try objects("ip -j \(family.flag) route get \(family.farAddress) uid \(user)").first
                    #expect(found?["dev"] as? String == device, "\(user)")
                }
            }
        }

        @Test(arguments: AddressFamily.allCases) func anOutputDeviceTakesTheSocketsBoundToIt(family: AddressFamily)
            throws
        {
            try Bench.run { bench in
                try prepare(bench, family)
                try bench.carryOut(.addRule(rule(family, RuleSelectors(outputInterface: "b"))))
                let bound = try objects("ip -j \(family.flag) route get \(family.farAddress) oif b").first
                #expect(bound?["dev"] as? String == "b")
                let free = try objects("ip -j \(family.flag) route get \(family.farAddress)").first
                #expect(free?["dev"] as? String == "a")
            }
        }

        @Test(
            arguments: [Rule.Action.blackhole, .unreachable, .prohibit],
            AddressFamily.allCases
        )
        func aRefusingRuleStopsWhatItTakes(action: Rule.Action, family: AddressFamily) throws {
            try Bench.run { bench in
                try prepare(bench, family)
                let near = family == .v4 ? "10.0.0.2/32" : "fd00:0:0:0::2/128"
                try bench.carryOut(.addRule(rule(family, RuleSelectors(source: prefix(near)), action)))
                #expect(bench.way(TestPacket(to: family.farAddress)) == nil)
                let other = family == .v4 ? "10.0.0.3" : "fd00:0:0:0::3"
                #expect(bench.way(TestPacket(to: family.farAddress, from: other)) == "a")
            }
        }

        @Test(arguments: AddressFamily.allCases) func theLowerPreferenceIsLookedAtFirst(family: AddressFamily) throws {
            try Bench.run { bench in
                try prepare(bench, family)
                try bench.carryOut(.setNexthop(hop(3, "c", family)), .setRoute(farRoute(family, over: 3, table: 7002)))
                let late = rule(family, RuleSelectors(), .lookup(7002), preference: 7005)
                try bench.carryOut(.addRule(late), .addRule(rule(family, RuleSelectors())))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b")
                try bench.carryOut(.deleteRule(rule(family, RuleSelectors())))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "c")
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aTableWithoutARouteLeavesThePacketToTheNextRule(family: AddressFamily) throws {
            try Bench.run { bench in
                try prepare(bench, family)
                let empty = rule(family, RuleSelectors(), .lookup(7009), preference: 7000)
                try bench.carryOut(.addRule(empty), .addRule(rule(family, RuleSelectors())))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b")
                // That is why each of our tables ends in a route that refuses.
                let everything = family == .v4 ? "0.0.0.0/0" : "::/0"
                try bench.carryOut(.setRoute(route(everything, .unreachable, table: 7009)))
                #expect(bench.way(TestPacket(to: family.farAddress)) == nil)
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func theSameRuleIsAddedOnlyOnceAndDeletedOnlyOnce(family: AddressFamily) throws {
            try Bench.run { bench in
                try prepare(bench, family)
                let rule = rule(family, RuleSelectors())
                try bench.carryOut(.addRule(rule))
                let ours = { try bench.reports().filter { $0 == .rule(rule) }.count }
                _ = try bench.refusal(.addRule(rule))
                #expect(try ours() == 1)
                try bench.carryOut(.deleteRule(rule))
                #expect(try ours() == 0)
                #expect(bench.way(TestPacket(to: family.farAddress)) == "a")
            }
        }

        /// What keeps the LAN reachable in front of a policy: the main table without its default route.
        @Test(arguments: AddressFamily.allCases)
        func aSuppressedPrefixLengthLeavesDefaultRoutesOutOnly(family: AddressFamily) throws {
            try Bench.run { bench in
                let everything = family == .v4 ? "0.0.0.0/0" : "::/0"
                try bench.carryOut(
                    .setNexthop(hop(1, "a", family)),
                    .setNexthop(hop(2, "b", family)),
                    .setNexthop(hop(3, "c", family)),
                    .setRoute(route(everything, .nexthop(NexthopID(1)), table: 254)),
                    .setRoute(route(everything, .nexthop(NexthopID(2)), table: 7001)),
                    .addRule(rule(family, RuleSelectors(), .lookup(254), preference: 7000, suppressing: 0)),
                    .addRule(rule(family, RuleSelectors()))
                )
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b", "main's default is passed over")
                try bench.carryOut(.setRoute(farRoute(family, over: 3)))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "c", "main's longer prefixes are not")
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aSuppressedInterfaceGroupLeavesRoutesByItsDevicesOut(family: AddressFamily) throws {
            try Bench.run { bench in
                try prepare(bench, family)
                let passing = Rule(
                    family: family,
                    preference: 7000,
                    selectors: RuleSelectors(),
                    action: .lookup(254),
                    suppressedInterfaceGroup: 5,
                    routeProtocol: 219
                )
                try bench.carryOut(.addRule(passing), .addRule(rule(family, RuleSelectors())))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "a")
                try run("ip link set dev a group 5")
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b")
            }
        }
    }
}
