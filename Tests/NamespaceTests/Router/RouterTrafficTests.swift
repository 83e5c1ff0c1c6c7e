import Lab
import LabText
import Testing

extension RouterSuites {
    /// Do answers go back the way their questions came, do addresses change as the file says, and do flows stay or move as they should?
    @Suite(.serialized)
    struct TrafficTests {
        private static func file(
            fiber: String = "",
            cable: String = "",
            group: String = "strategy: static",
            more: [String] = []
        ) -> String {
            """
            version: 1
            network:
              probes:
                far: { icmp: [192.0.2.53, "2001:db8:53::53"], every: 40ms, timeout: 30ms, down-after: 3, up-after: 3 }
              groups:
                wan:
                  \(group)
                  members:
                    fiber: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 }, probe: far\(fiber) }
                    cable: { dev: eth1, via: { v4: 198.51.100.1, v6: fe80::1 }, probe: far\(cable) }
              routes: { default: wan }
            \(more.map { "  \($0)\n" }.joined())
            """
        }

        private static func start(_ file: String, _ site: Site) throws -> RouterUnderTest {
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            return router
        }

        private static let cableAddress = Dual(v4: "198.51.100.2", v6: "2001:db8:b::2")
        private static let masquerade = "masquerade: { out: [eth0, eth1] }"

        @Test(.timeLimit(.minutes(1)))
        func whatCameInByTheSecondUplinkIsAnsweredByIt() throws {
            let site = try Site()
            defer { site.tearDown() }
            let forwards = [
                "forwards:", "  - { name: four, in: wan.cable, proto: udp, port: 7, to: 10.0.5.2 }",
                "  - { name: six, in: eth1, proto: udp, port: 7, to: \"[2001:db8:10::2]:7\" }",
            ]
            try site.openInwards(by: .isp2)
            try site.startEchoAtClient()
            // Everything of ours leaves by fiber, the answers too if nothing held them.
            let router = try Self.start(Self.file(more: forwards), site)
            _ = router
            for family in Family.allCases {
                let ping = try site.far.ping(Self.cableAddress[family])
                #expect(ping.status == 0, "this host answers, \(family): \(ping.errorOutput)")
                let stream = try site.packets(
                    from: site.far,
                    to: Self.cableAddress,
                    family: family,
                    rate: 200,
                    flows: 2
                )
                rest(.milliseconds(120))
                let result = try stream.finish()
                #expect(
                    result.sent > 10 && result.lost == 0,
                    "a host behind it answers, \(family): \(result.lost) of \(result.sent)"
                )
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func packetsLeaveWithTheAddressesOfTheirUplink() throws {
            let site = try Site()
            defer { site.tearDown() }
            let fiber = ", snat: { v4: 203.0.113.2, v6: \"2001:db8:a:77::/64\" }"
            try site.namespace(of: .isp1).ipBatch(["route add 2001:db8:a:77::/64 via 2001:db8:a::2"])
            try site.watch(.isp1, ["ip saddr 203.0.113.2 udp dport 7", "ip6 saddr 2001:db8:a:77::2 udp dport 7"])
            try site.watch(
                .isp2,
                [
                    "ip saddr 198.51.100.2 udp dport 7", "ip6 saddr 2001:db8:b::2 udp dport 7",
                    "ip6 saddr 2001:db8:b::9 udp dport 7",
                ]
            )
            let router = try Self.start(Self.file(fiber: fiber, more: [Self.masquerade]), site)
            for family in Family.allCases {
                let result = try site.packets(family: family, rate: 200, flows: 2).finish(after: .milliseconds(100))
                #expect(result.lost == 0 && result.sent > 5, "\(family): \(result)")
            }
            let translated = try site.watched(by: .isp1)
            #expect(translated.allSatisfy { $0 > 5 }, "\(translated)")
            _ = try router.ask("drain", "wan.fiber")
            try router.waitUntilSettled()
            for family in Family.allCases {
                let result = try site.packets(family: family, rate: 200, flows: 2).finish(after: .milliseconds(100))
                #expect(result.lost == 0, "\(family): \(result)")
            }
            let masqueraded = try site.watched(by: .isp2)
            #expect(masqueraded[0] > 5 && masqueraded[1] > 5, "\(masqueraded)")
            // The provider gives another prefix: what begins from now on has the new address.
            try site.router.ipBatch(["addr del 2001:db8:b::2/64 dev eth1", "addr add 2001:db8:b::9/64 dev eth1 nodad"])
            let result = try site.packets(family: .v6, rate: 200).finish(after: .milliseconds(100))
            #expect(result.lost == 0 && result.sent > 5)
            #expect(try site.watched(by: .isp2)[2] > 5)
        }

        @Test(.timeLimit(.minutes(1)))
        func segmentsAreMadeToFitThePath() throws {
            let site = try Site()
            defer { site.tearDown() }
            try site.watch(
                .isp1,
                ["meta nfproto ipv4 tcp option maxseg size 1260", "meta nfproto ipv6 tcp option maxseg size 1240"]
            )
            let router = try Self.start(Self.file(more: ["clamp-mss: { out: [eth0] }"]), site)
            try site.router.ipBatch(["link set eth0 mtu 1300"])
            try router.waitUntilSettled()
            for address in ["192.0.2.7", "2001:db8:53::7"] {
                _ = try site.client.attempt(["bash", "-c", "exec 3<>/dev/tcp/\(address)/9"])
            }
            let fitting = try site.watched(by: .isp1)
            #expect(fitting.allSatisfy { $0 > 0 }, "\(fitting)")
        }

        /// A translated flow cannot move: it is held through an apply beside it, a failure and a return that are not its own.
        @Test(.timeLimit(.minutes(1)))
        func aTranslatedFlowSurvivesWhatItHasNothingToDoWith() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try Self.start(Self.file(group: "strategy: weighted", more: [Self.masquerade]), site)
            let streams = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 200)) }
            rest(.milliseconds(100))
            let before = try ISP.allCases.map { ($0, try site.passed(by: $0, .v4), try site.passed(by: $0, .v6)) }
            rest(.milliseconds(200))
            var carrier: [Family: ISP] = [:]
            for (isp, v4, v6) in before {
                if try site.passed(by: isp, .v4) - v4 > 25 { carrier[.v4] = isp }
                if try site.passed(by: isp, .v6) - v6 > 25 { carrier[.v6] = isp }
            }
            _ = try router.apply(
                Self.file(
                    group: "strategy: weighted",
                    more: [
                        Self.masquerade, "sets: { others: [10.9.0.0/16] }", "policies:",
                        "  - { name: others, match: 'src in @others', use: wan.cable }",
                    ]
                )
            )
            // Each family's other uplink dies and returns.
            for family in Family.allCases {
                let own = try #require(carrier[family], "\(family): \(carrier)")
                let other = try #require(ISP.allCases.first { $0 != own })
                let member = other == .isp1 ? "wan.fiber" : "wan.cable"
                try site.breakSilently(other, families: [family])
                try router.waitUntil(member, is: "down", families: [family])
                try site.mend(other)
                try router.waitUntil(member, is: "up", families: [family])
            }
            try router.waitUntilSettled()
            rest(.milliseconds(50))
            for (family, stream) in streams {
                let result = try stream.finish()
                #expect(result.sent > 100 && result.lost == 0, "\(family): \(result.lost) of \(result.sent)")
            }
        }

        /// Sticky flows come back to life elsewhere when their member dies, and stay there when it returns.
        @Test(.timeLimit(.minutes(1)), arguments: ["hash", "sticky"])
        func flowsOfADeadMemberBeginAnewByAnother(flows: String) throws {
            let site = try Site()
            defer { site.tearDown() }
            let file = Self.file(group: "{ strategy: static, flows: \(flows) }".bare, more: [Self.masquerade])
            let router = try Self.start(file, site)
            let streams = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 200)) }
            rest(.milliseconds(150))
            let death = try site.breakSilently(.isp1)
            try router.waitUntil("wan.fiber", is: "down")
            let line = try router.waitForJournal("connections of wan.fiber ipv6 begin anew elsewhere")
            #expect(line.contains("left=0"), "\(line)")
            rest(.milliseconds(150))
            let passed = try Family.allCases.map { try site.passed(by: .isp2, $0) }
            #expect(passed.allSatisfy { $0 > 15 }, "\(passed)")
            try site.mend(.isp1)
            try router.waitUntil("wan.fiber", is: "up")
            try router.waitUntilSettled()
            rest(.milliseconds(100))
            for (family, stream) in streams {
                let result = try stream.finish()
                let last = result.gaps.max { $0.to < $1.to }
                #expect(last?.isOpen == false, "\(family): \(result)")
                if let last {
                    measured("death to a \(flows) flow's life elsewhere, \(family)", last.to.milliseconds(since: death))
                }
                #expect(result.gapCount < 4, "it stays where it went, \(family): \(result.gaps)")
            }
        }
    }
}

extension PacketStream {
    func finish(after time: Duration) throws -> Result {
        rest(time)
        return try finish()
    }
}

extension String {
    /// The inside of a map, a line each, as it stands in a block.
    fileprivate var bare: String {
        dropFirst(2).dropLast(2).split(separator: ",").map { $0.trimmingPrefix(" ") }.joined(separator: "\n      ")
    }
}
