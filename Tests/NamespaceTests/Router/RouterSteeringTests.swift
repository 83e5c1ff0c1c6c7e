import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// Do sets follow their files, and do packets keep to the way they belong to where sites are less tidy than a drawing?
    @Suite(.serialized)
    struct SteeringTests {
        static let fiberGateways = "via: { v4: 203.0.113.1, v6: fe80::1 }"
        static let cableGateways = "via: { v4: 198.51.100.1, v6: fe80::1 }"
        static let masquerade = "masquerade: { out: [eth0, eth1] }"
        static let cableAddress = Dual(v4: "198.51.100.2", v6: "2001:db8:b::2")

        static func file(
            group: [String] = ["strategy: static"],
            fiber: String = "",
            cable: String = "",
            routes: [String] = [],
            more: [String] = []
        ) -> String {
            """
            version: 1
            network:
              probes:
                far: { icmp: [192.0.2.53, "2001:db8:53::53"], every: 40ms, timeout: 30ms, down-after: 3, up-after: 3 }
              groups:
                wan:
            \(group.map { "      \($0)\n" }.joined())      members:
                    fiber: { dev: eth0, \(fiberGateways), probe: far\(fiber) }
                    cable: { dev: eth1, \(cableGateways), probe: far\(cable) }
              routes:
                default: wan
            \(routes.map { "    \($0)\n" }.joined())\(more.map { "  \($0)\n" }.joined())
            """
        }

        static func start(_ file: String, _ site: Site) throws -> RouterUnderTest {
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            return router
        }

        /// Waits until at least 20 packets of each stream have gone by the provider.
        static func waitUntilCarried(by isp: ISP, _ site: Site, _ families: [Family] = Family.allCases) throws {
            for family in families {
                let before = try site.passed(by: isp, family)
                try eventually("\(family) by \(isp)", within: RouterUnderTest.patience, every: .milliseconds(50)) {
                    try site.passed(by: isp, family) > before + 60
                }
            }
        }

        static func streams(_ site: Site, rate: Int = 200) throws -> [(family: Family, stream: PacketStream)] {
            try Family.allCases.map { ($0, try site.packets(family: $0, rate: rate)) }
        }

        static func expectNoLoss(_ streams: [(family: Family, stream: PacketStream)], _ what: Comment) throws {
            for (family, stream) in streams {
                let result = try stream.finish()
                #expect(result.sent > 20 && result.lost == 0, "\(what), \(family): \(result.lost) of \(result.sent)")
            }
        }

        // MARK: - Sets

        private static func replace(_ text: String, for router: RouterUnderTest) throws {
            let path = router.path("guests.txt")
            try TextFile.write(text, to: path + ".new")
            #expect(rename(path + ".new", path) == 0)
        }

        /// Ranges of both families, and whether the kernel has them.
        private static func set(_ router: RouterUnderTest) throws -> [String] {
            let row = try router.ask("show", "sets").elements?.first { $0["name"]?.string == "guests" }
            let counts = ["ipv4", "ipv6"].map { row?[$0]?.integer.map(String.init) ?? "-" }
            return counts + [row?["state"]?.string ?? "-"]
        }

        @Test(.timeLimit(.minutes(1)))
        func aSetFollowsItsFileAndNoPacketIsLost() throws {
            let site = try Site()
            defer { site.tearDown() }
            let policies = [
                "sets: { guests: { file: guests.txt }, near: [10.0.5.2-10.0.5.9, \"2001:db8:10::2-2001:db8:10::9\"] }",
                "policies:", "  - { name: guests, match: 'src in @guests and src in @near', use: wan.cable }",
            ]
            let file = Self.file(more: policies)
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try Self.replace("10.9.0.0/16 # others\n", for: router)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            let streams = try Self.streams(site, rate: 500)
            try Self.waitUntilCarried(by: .isp1, site)
            try Self.replace("10.9.0.0/16\n10.0.5.0/24\n2001:db8:10::/64\n", for: router)
            try Self.waitUntilCarried(by: .isp2, site)
            try router.waitUntilSettled()
            #expect(try Self.set(router) == ["2", "1", "programmed"])
            // Single addresses are another kind of set in the kernel: the two change places at once.
            try Self.replace("10.0.5.2\n2001:db8:10::2\n", for: router)
            try router.waitForJournal("@guests holds 2 prefixes now")
            try router.waitUntilSettled()
            try Self.waitUntilCarried(by: .isp2, site)
            try Self.replace("10.0.5.300\n", for: router)
            try router.waitForJournal("the list of @guests stays as it was read before")
            #expect(try router.alarms.contains { $0.contains("@guests") && $0.contains("guests.txt:1:1") })
            try Self.waitUntilCarried(by: .isp2, site)
            try Self.replace("", for: router)
            try Self.waitUntilCarried(by: .isp1, site)
            #expect(try router.alarms.allSatisfy { !$0.contains("@guests") })
            try Self.expectNoLoss(streams, "five files")
        }

        // MARK: - Strangers

        @Test(.timeLimit(.minutes(1)))
        func aRulesetThatAStrangerFlushedIsPutBack() throws {
            let site = try Site()
            defer { site.tearDown() }
            let file = Self.file(more: [
                Self.masquerade, "policies:", "  - { name: all, match: 'proto == udp', use: wan.cable }",
            ])
            let router = try Self.start(file, site)
            for command in ["flush ruleset", "delete table inet martlet", "flush table inet martlet"] {
                let began = Moment.now
                try site.router.nft(load: command + "\n")
                try router.waitForJournal("our nftables table")
                try router.waitUntilSettled()
                measured("'\(command)' to a table as it was", Moment.now.milliseconds(since: began))
                let streams = try Self.streams(site)
                try Self.waitUntilCarried(by: .isp2, site)
                try Self.expectNoLoss(streams, "after \(command)")
            }
        }

        // MARK: - Strategy

        @Test(.timeLimit(.minutes(1)))
        func aPolicyChoosesAmongMembersInItsOwnWay() throws {
            let site = try Site()
            defer { site.tearDown() }
            let file = Self.file(
                group: ["strategy: weighted", "flows: resilient"],
                fiber: ", cost: 4.00 USD/GB",
                cable: ", cost: 1.00 USD/GB",
                more: ["policies:", "  - { name: cheap, match: 'udp.dport == 7', use: wan, strategy: cost }"]
            )
            let router = try Self.start(file, site)
            for family in Family.allCases {
                let before = try site.passed(by: .isp1, family)
                let stream = try site.packets(family: family, rate: 500, flows: 16)
                rest(.milliseconds(300))
                let result = try stream.finish()
                #expect(result.sent > 50 && result.lost == 0)
                let dear = try site.passed(by: .isp1, family) - before
                #expect(dear < 30, "only probes take the dear uplink, \(family): \(dear)")
            }
            try site.noteFlows()
            for family in Family.allCases {
                try eventually("the group itself shares by weight, \(family)", within: RouterUnderTest.patience) {
                    try Set(site.spray(200, family: family).values) == Set(ISP.allCases)
                }
            }
            let why = try router.ask(
                "explain",
                "route",
                "192.0.2.7",
                "--from",
                "10.0.5.2",
                "--iif",
                "lan0",
                "--proto",
                "udp",
                "--dport",
                "7"
            )
            let words = (why["steps"]?.elements ?? []).compactMap { $0["words"]?.string }
            #expect(words.contains { $0.hasPrefix("cheap ") && $0.contains("leads to wan by cost") }, "\(words)")
            #expect(words.contains { $0.hasPrefix("group wan by cost") && $0.contains("the policy's own") }, "\(words)")
            #expect(words.contains { $0.contains("buckets: wan.cable ") && !$0.contains("wan.fiber") }, "\(words)")
            _ = try router.ask("drain", "wan.cable")
            try router.waitUntilSettled()
            let streams = try Self.streams(site)
            try Self.waitUntilCarried(by: .isp1, site)
            try Self.expectNoLoss(streams, "the dear one takes over")
        }
    }
}
