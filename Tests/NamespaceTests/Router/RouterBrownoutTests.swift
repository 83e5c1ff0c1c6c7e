import Lab
import LabText
import Testing

extension RouterSuites {
    /// Does traffic leave an uplink that answers, but badly, and come back when it is well?
    @Suite(.serialized)
    struct BrownoutTests {
        /// Both uplinks of a site with this probe.
        private static func file(_ probe: String) -> String {
            """
            version: 1
            network:
              probes:
                far: { \(probe) }
              groups:
                wan:
                  members:
                    fiber: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 }, weight: 3, probe: far }
                    cable: { dev: eth1, via: { v4: 198.51.100.1, v6: fe80::1 }, weight: 1, probe: far }
              routes:
                default: wan

            """
        }

        private static let both = ["eth0": 3, "eth1": 1]

        private func start(_ probe: String, _ site: Site) throws -> RouterUnderTest {
            let router = try RouterUnderTest(Self.file(probe), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            return router
        }

        private func waitForShares(_ shares: [String: Int], _ site: Site, within time: Duration = .seconds(15)) throws {
            for family in Family.allCases {
                try eventually("\(shares) carry \(family.scope)", within: time, every: .milliseconds(20)) {
                    try KernelState(of: site.router).shares("default", family) == shares
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aThirdOfThePacketsLostAgainstALimitOfATenthMovesTrafficUntilItIsMended() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try start(
                "icmp: [192.0.2.53, \"2001:db8:53::53\"], every: 30ms, timeout: 25ms, down-after: 12, limits: { loss: 10% }",
                site
            )
            try waitForShares(Self.both, site)
            let began = try site.brownOut(.isp1, percent: 30)
            try waitForShares(["eth1": 1], site)
            measured("30 % loss against a 10 % limit: both families moved", Moment.now.milliseconds(since: began))
            for family in Family.allCases {
                let health = try router.health(of: "wan.fiber", family)
                #expect(health == "degraded", "\(family)")
                let counted = try site.passed(by: .isp1, family)
                let stream = try site.packets(family: family, rate: 500, flows: 16)
                rest(.milliseconds(300))
                let result = try stream.finish()
                #expect(result.sent > 50 && result.lost == 0, "\(family): none by the bad way")
                #expect(try site.passed(by: .isp1, family) - counted < 50, "only probes")
            }
            try site.mend(.isp1)
            try waitForShares(Self.both, site)
            try router.waitUntil("wan.fiber", is: "up")
        }

        @Test(.timeLimit(.minutes(1)))
        func aSlowUplinkIsLeftAndFoundAgain() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try start(
                "icmp: [192.0.2.53, \"2001:db8:53::53\"], every: 100ms, timeout: 95ms, window: 8, limits: { latency: 30ms }",
                site
            )
            try waitForShares(Self.both, site)
            try site.delay(.isp1, by: .milliseconds(60))
            try waitForShares(["eth1": 1], site)
            try router.waitUntil("wan.fiber", is: "degraded")
            let rows = try router.ask("show", "probes").elements ?? []
            let slow = rows.filter { $0["member"]?.string == "wan.fiber" }
            #expect(slow.allSatisfy { $0["lastResult"]?.string == "latency-limit" }, "\(slow)")
            try site.delay(.isp1, by: .zero)
            try waitForShares(Self.both, site)
        }

        @Test(.timeLimit(.minutes(1)))
        func aFarSideThatAnswersOnlySomeProbesCountsByItsQuorumAndADeadTargetForNobody() throws {
            let site = try Site()
            defer { site.tearDown() }
            let targets = Site.targets.flatMap { [$0.v4, "\"\($0.v6)\""] }.joined(separator: ", ")
            let router = try start("icmp: [\(targets)], need: 2, every: 40ms, timeout: 30ms", site)
            try waitForShares(Self.both, site)
            // One of two targets over one uplink: that uplink is out.
            try site.silence(Site.targets[0], over: .isp1)
            try router.waitUntil("wan.fiber", is: "down")
            try waitForShares(["eth1": 1], site)
            #expect(try !router.alarms.contains { $0.contains("answers over none") })
            // The same target over the other one too: it is dead itself, and nobody's fault.
            try site.silence(Site.targets[0], over: .isp2)
            try router.waitUntil("wan.fiber", is: "up")
            try waitForShares(Self.both, site)
            let alarms = try router.alarms
            for target in [Site.targets[0].v4, Site.targets[0].v6] {
                #expect(alarms.contains { $0.contains(target) && $0.contains("answers over none") }, "\(alarms)")
            }
            try router.waitForJournal("answers over none of wan.cable, wan.fiber")
            for isp in ISP.allCases { try site.mend(isp) }
            try eventually("the alarm ends", within: .seconds(5)) {
                try !router.alarms.contains { $0.contains("answers over none") }
            }
            try router.waitUntil("wan.fiber", is: "up")
        }
    }
}
