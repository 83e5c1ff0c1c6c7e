import Lab
import LabText
import Testing

extension RouterSuites {
    /// Do policies lead packets where the file says, in both families, and nowhere else?
    @Suite(.serialized)
    struct PolicyTests {
        /// Everything goes by fiber, but for what policies say.
        private static func file(_ policies: [String], more: [String] = [], fiber: String = "") -> String {
            """
            version: 1
            network:
              probes:
                far: { icmp: [192.0.2.53, "2001:db8:53::53"], every: 40ms, timeout: 30ms, down-after: 3, up-after: 3 }
              groups:
                wan:
                  strategy: static
                  members:
                    fiber: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 }, probe: far\(fiber) }
                    cable: { dev: eth1, via: { v4: 198.51.100.1, v6: fe80::1 }, probe: far }
                backup:
                  members:
                    only: { dev: eth1, via: { v4: 198.51.100.1, v6: fe80::1 } }
              sets: { guests: [10.0.5.0/24, "2001:db8:10::/64"], echo: [192.0.2.7, "2001:db8:53::7"] }
              routes: { default: wan }
            \(more.map { "  \($0)\n" }.joined())\(policies.isEmpty ? "" : "  policies:\n")\(policies.map { "    - \($0)\n" }.joined())
            """
        }

        /// Packets of a short stream that each provider passed on.
        private static func shares(_ site: Site, _ family: Family, from namespace: Namespace? = nil) throws -> [ISP:
            Int]
        {
            let before = try ISP.allCases.map { ($0, try site.passed(by: $0, family)) }
            let stream = try site.packets(from: namespace ?? site.client, family: family, rate: 500, flows: 4)
            rest(.milliseconds(120))
            let result = try stream.finish()
            #expect(result.received > 20 || result.sent == 0, "\(family): \(result.received) of \(result.sent)")
            var passed: [ISP: Int] = [:]
            for (isp, count) in before { passed[isp] = try site.passed(by: isp, family) - count }
            return passed
        }

        /// All but what probes cause leaves by this provider.
        private static func expectAll(by isp: ISP, _ site: Site, _ what: Comment) throws {
            for family in Family.allCases {
                let shares = try shares(site, family)
                let other = ISP.allCases.first { $0 != isp } ?? isp
                #expect(shares[isp, default: 0] > 20 && shares[other, default: 0] < 15, "\(what), \(family): \(shares)")
            }
        }

        private static func office(_ site: Site) throws -> Namespace {
            let office = try site.workspace.makeNamespaces(["office"])[0]
            try site.router.ipBatch([
                "link add name lan1 index 13 type veth peer name lan0 index 23 netns \(office.name)",
                "link set lan1 up",
                "addr add 10.0.6.1/24 dev lan1", "addr add 2001:db8:16::1/64 dev lan1 nodad",
                "addr add fe80::1/64 dev lan1 nodad",
            ])
            try office.ipBatch([
                "link set lo up", "link set lan0 up", "addr add 10.0.6.2/24 dev lan0",
                "addr add 2001:db8:16::2/64 dev lan0 nodad", "route add default via 10.0.6.1",
                "route add default via 2001:db8:16::1",
            ])
            return office
        }

        private static func reaches(_ address: String, from namespace: Namespace) throws -> Bool {
            try namespace.ping(address).status == 0
        }

        @Test(.timeLimit(.minutes(1)))
        func aPolicyLeadsWhatItTakesAndTheLANBehindItStillReachesTheOther() throws {
            let site = try Site()
            defer { site.tearDown() }
            let office = try Self.office(site)
            let router = try RouterUnderTest(Self.file([]), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            try Self.expectAll(by: .isp1, site, "without a policy")
            let guests = "{ name: guests, match: 'src in @guests and not (udp.dport == 7777)', use: wan.cable }"
            _ = try router.apply(Self.file([guests]))
            try Self.expectAll(by: .isp2, site, "the policy names cable")
            for address in ["10.0.6.2", "2001:db8:16::2", "10.0.5.1"] {
                #expect(try Self.reaches(address, from: site.client), "\(address) is near, not behind an uplink")
            }
            #expect(try Self.reaches("10.0.5.2", from: office))
            let other = "{ name: others, match: 'src in 172.16.0.0/12', use: wan.cable }"
            _ = try router.apply(Self.file([other]))
            try Self.expectAll(by: .isp1, site, "the policy is about others")
        }

        @Test(.timeLimit(.minutes(1)))
        func whatThisHostSendsIsTakenToo() throws {
            let site = try Site()
            defer { site.tearDown() }
            let policy = "{ name: own, match: 'dst in @echo and proto == udp', use: backup }"
            // The source was chosen by the first route, so what is led away has to be given the new way's own.
            let file = Self.file([policy], more: ["masquerade: { out: [eth1] }"])
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            for family in Family.allCases {
                let shares = try Self.shares(site, family, from: site.router)
                #expect(shares[.isp2, default: 0] > 20, "\(family): \(shares)")
            }
            try Self.expectAll(by: .isp2, site, "and forwarded packets as well")
        }

        @Test(.timeLimit(.minutes(1)))
        func refusalsReachTheSenderAndLeaveTheLANAlone() throws {
            let site = try Site()
            defer { site.tearDown() }
            _ = try Self.office(site)
            let policies = [
                "{ name: never, match: 'src in @guests and proto in [icmp, icmpv6] and dst in 192.0.2.0/24', reject: silent }",
                "{ name: no, match: 'src in @guests and proto in [icmp, icmpv6]', reject: prohibited }",
            ]
            let router = try RouterUnderTest(Self.file(policies), in: site.router, of: site.workspace)
            try router.start()
            let told = "icmpv6 type destination-unreachable icmpv6 code admin-prohibited counter"
            let silence = "icmp type destination-unreachable counter"
            try site.client.nft(
                load: "table inet heard { chain c { type filter hook input priority 0; \(told); \(silence); }; }\n"
            )
            #expect(try !Self.reaches("2001:db8:53::7", from: site.client))
            #expect(try !Self.reaches("192.0.2.7", from: site.client))
            let list = try site.client.nft("list", "table", "inet", "heard")["nftables"]?.elements ?? []
            let heard = list.compactMap { $0["rule"]?["expr"]?.elements }.map { expressions in
                expressions.compactMap { $0["counter"]?["packets"]?.integer }.first ?? 0
            }
            #expect(heard.count == 2 && heard[0] > 0 && heard[1] == 0, "\(heard)")
            for address in ["10.0.6.2", "2001:db8:16::2"] {
                #expect(try Self.reaches(address, from: site.client), "\(address)")
            }
            try Self.expectAll(by: .isp1, site, "UDP is not refused")
        }

        @Test(.timeLimit(.minutes(1)))
        func whenTheTargetIsDownTheNextPolicyOrARefusalFollows() throws {
            let site = try Site()
            defer { site.tearDown() }
            let next = "{ name: first, match: 'src in @guests', use: wan.fiber, otherwise: next }"
            let second = "{ name: second, match: 'src in @guests', use: backup }"
            let router = try RouterUnderTest(Self.file([next, second]), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            try Self.expectAll(by: .isp1, site, "the first policy")
            try site.breakSilently(.isp1)
            try router.waitUntil("wan.fiber", is: "down")
            try router.waitUntilSettled()
            try Self.expectAll(by: .isp2, site, "its target is down: the second")
            let strict = "{ name: first, match: 'src in @guests', use: wan.fiber, otherwise: reject }"
            _ = try router.apply(Self.file([strict, second]))
            try router.waitUntilSettled()
            #expect(try !Self.reaches("192.0.2.7", from: site.client))
            try site.mend(.isp1)
            try router.waitUntil("wan.fiber", is: "up")
            try router.waitUntilSettled()
            #expect(try Self.reaches("192.0.2.7", from: site.client))
        }
    }
}
