import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// Does traffic go where strategy, limits and allowance say, in the kernel and on the far sides?
    @Suite(.serialized)
    struct StrategyTests {
        /// Probes every 100 ms; believed after one second instead of five, so that no test waits for long.
        private static func file(
            _ group: String,
            margin: String = "0.05",
            fiber: String = "",
            cable: String = ""
        ) -> String {
            """
            version: 1
            network:
              probes:
                far: { icmp: [192.0.2.53, "2001:db8:53::53"], every: 100ms, timeout: 100ms, down-after: 5, up-after: 3 }
              groups:
                wan:
                  \(group)
                  hysteresis: { margin: \(margin), for: 1s }
                  members:
                    fiber: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 }, probe: far, \(fiber) }
                    cable: { dev: eth1, via: { v4: 198.51.100.1, v6: fe80::1 }, probe: far, \(cable) }
              routes:
                default: wan

            """
        }

        private func waitForShares(_ shares: [String: Int], _ site: Site, _ router: RouterUnderTest) throws {
            try eventually("shares \(shares)", within: RouterUnderTest.patience, every: .milliseconds(50)) {
                let state = try KernelState(of: site.router)
                return Family.allCases.allSatisfy { state.shares("default", $0) == shares }
            }
        }

        /// Packets of both families that each provider passed on while `count` of each were sent.
        private func passed(_ site: Site) throws -> [ISP: Int] {
            let before = try ISP.allCases.map { isp in try Family.allCases.map { try site.passed(by: isp, $0) } }
            let streams = try Family.allCases.map { try site.packets(family: $0, rate: 500, flows: 16) }
            rest(.milliseconds(300))
            for stream in streams {
                let result = try stream.finish()
                #expect(result.lost == 0 && result.received > 50)
            }
            let after = try ISP.allCases.map { isp in try Family.allCases.map { try site.passed(by: isp, $0) } }
            return Dictionary(
                uniqueKeysWithValues: ISP.allCases.indices.map { index in
                    (ISP.allCases[index], zip(before[index], after[index]).map { $1 - $0 }.reduce(0, +))
                }
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func latencyMovesTrafficFromASlowedUplinkAndBackOnceEach() throws {
            let site = try Site()
            defer { site.tearDown() }
            // A wide margin: two cores that build and test at the same time make milliseconds of their own.
            let file = Self.file("strategy: latency", margin: "0.2")
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            rest(.seconds(1))
            try waitForShares(["eth0": 1, "eth1": 1], site, router)
            let listener = try NetlinkListener(in: site.router)
            let slowed = Moment.now
            try site.delay(.isp1, by: .milliseconds(60))
            try waitForShares(["eth1": 1], site, router)
            measured(
                "slowed by 60 ms to the group's message, settling for 1 s",
                Moment.now.milliseconds(since: slowed)
            )
            // Probes go on over both: what counts is where the stream goes.
            let counts = try passed(site)
            #expect((counts[.isp2] ?? 0) > 4 * (counts[.isp1] ?? 0), "\(counts)")
            let words = try shareWords(of: "wan.fiber", router)
            #expect(
                words.contains("behind wan.cable") && words.contains("score") && words.contains("samples"),
                "\(words)"
            )
            try site.delay(.isp1, by: .zero)
            try waitForShares(["eth0": 1, "eth1": 1], site, router)
            rest(.seconds(2))
            let groups = listener.changes(since: slowed).filter { $0.type == "new-nexthop" && $0.group != nil }
            #expect(groups.count == 4, "one away and one back for each family: \(groups.map { ($0.at, $0.details) })")
            #expect(listener.changes(since: slowed).allSatisfy { !$0.type.contains("route") })
        }

        private func shareWords(of member: String, _ router: RouterUnderTest) throws -> String {
            let rows = try router.ask("show", "groups").elements ?? []
            let shares = rows.flatMap { $0["shares"]?.elements ?? [] }
            return shares.first { $0["member"]?.string == member }?["words"]?.string ?? ""
        }

        @Test(.timeLimit(.minutes(1)))
        func costPrefersTheFreeUplinkUntilItsAllowanceEndsAndRemembersThatOverARestart() throws {
            let site = try Site()
            defer { site.tearDown() }
            let file = Self.file(
                "strategy: cost",
                fiber: "cost: 4.00 USD/GB, allowance: 300 kB/day",
                cable: "cost: 1.00 USD/GB"
            )
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            try waitForShares(["eth0": 1], site, router)
            // Both directions count: this stream takes some 100 kB a second, the probes ten.
            let stream = try site.packets(family: .v4, rate: 1000, flows: 4)
            try waitForShares(["eth1": 1], site, router)
            _ = try stream.finish()
            #expect(try shareWords(of: "wan.fiber", router).contains("the allowance is used up"))
            let counts = try passed(site)
            #expect((counts[.isp2] ?? 0) > 4 * (counts[.isp1] ?? 0), "\(counts)")
            try router.end(with: SIGKILL)
            try router.start()
            try waitForShares(["eth1": 1], site, router)
            // At first it counts as left out by the daemon before, until its probes have answered.
            try eventually("what keeps fiber out", within: RouterUnderTest.patience) {
                try shareWords(of: "wan.fiber", router).contains("the allowance is used up")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func hybridTradesAndLimitsOverrule() throws {
            let site = try Site()
            defer { site.tearDown() }
            let hybrid = "strategy: { hybrid: { cost: 0.3, latency: 0.2, quality: 0.5 } }"
            let file = { (quality: String, limits: String) in
                Self.file(hybrid + limits, fiber: "quality: 0.9, cost: 1.00 USD/GB", cable: "quality: \(quality)")
            }
            let router = try RouterUnderTest(file("0.6", ""), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            // 0.15 + 0.2 + 0.45 against 0.3 + 0.2 + 0.3: what one costs more it is better.
            try waitForShares(["eth0": 1, "eth1": 1], site, router)
            _ = try router.apply(file("0.3", ""))
            try waitForShares(["eth0": 1], site, router)
            _ = try router.apply(file("0.3", "\n      max-cost: 0.50 USD/GB"))
            try waitForShares(["eth1": 1], site, router)
            #expect(try shareWords(of: "wan.fiber", router).contains("beyond the cost limit"))
            _ = try router.apply(file("0.3", "\n      max-cost: 0.50 USD/GB\n      min-quality: 0.6"))
            // Nobody keeps to both: they are overlooked rather than the group emptied, and the better one carries.
            try waitForShares(["eth0": 1], site, router)
            #expect(try shareWords(of: "wan.fiber", router).contains("for want of a better one"))
        }

        @Test(.timeLimit(.minutes(1)))
        func aFlappingUplinkIsHeldDownThenDampedAndReturns() throws {
            let site = try Site()
            defer { site.tearDown() }
            let rules = "damping: { half-life: 1s, suppress: 1500, reuse: 750 }\n      hold-down: 1s"
            let router = try RouterUnderTest(Self.file(rules), in: site.router, of: site.workspace)
            try router.start()
            try waitForShares(["eth0": 1, "eth1": 1], site, router)
            try flap(site, router)
            // Up again within its second: held down.
            #expect(try shareWords(of: "wan.fiber", router).contains("held down"))
            try flap(site, router)
            try eventually("damped", within: RouterUnderTest.patience, every: .milliseconds(20)) {
                try shareWords(of: "wan.fiber", router).contains("failed too often")
            }
            #expect(try KernelState(of: site.router).shares("default", .v4) == ["eth1": 1])
            try waitForShares(["eth0": 1, "eth1": 1], site, router)
        }

        /// Carrier away and back, until the probes say up again.
        private func flap(_ site: Site, _ router: RouterUnderTest) throws {
            try site.carrierDown(.isp1)
            try router.waitUntil("wan.fiber", is: "absent")
            try site.carrierUp(.isp1)
            try router.waitUntil("wan.fiber", is: "up")
        }
    }
}
