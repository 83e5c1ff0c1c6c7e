import Glibc
import Lab
import LabText
import Testing

/// Whose way does an answer take?
extension RouterSuites.SteeringTests {
    /// A host beside the second gateway, on the same network.
    private static func neighbour(_ site: Site) throws -> Namespace {
        let neighbour = try site.workspace.makeNamespaces(["neighbour"])[0]
        try site.namespace(of: .isp2).ipBatch([
            "link add name nb0 link wan0 netns \(neighbour.name) type macvlan mode bridge"
        ])
        try neighbour.ipBatch([
            "link set lo up", "link set nb0 up", "addr add 198.51.100.3/29 dev nb0",
            "addr add 2001:db8:b::3/64 dev nb0 nodad",
        ])
        return neighbour
    }

    @Test(.timeLimit(.minutes(1)))
    func neighboursOfAnUplinkAreReachedAndAnsweredWithoutItsGateway() throws {
        let site = try Site()
        defer { site.tearDown() }
        let neighbour = try Self.neighbour(site)
        let address = Dual(v4: "198.51.100.3", v6: "2001:db8:b::3")
        try site.startEcho(at: address, in: neighbour)
        let router = try Self.start(Self.file(more: [Self.masquerade]), site)
        _ = router
        for family in Family.allCases {
            let ping = try neighbour.ping(Self.cableAddress[family])
            #expect(ping.status == 0, "it is answered, \(family): \(ping.errorOutput)")
            // The second packet of a translated flow is where holding it could lead it astray.
            let result = try site.packets(to: address, family: family, rate: 200).finish(after: .milliseconds(200))
            #expect(result.sent > 10 && result.lost == 0, "\(family): \(result.lost) of \(result.sent)")
        }
    }

    /// Two gateways on one network: the next hop tells whose address a packet leaves with.
    @Test(.timeLimit(.minutes(1)))
    func membersThatShareADeviceKeepTheirOwnAddresses() throws {
        let site = try Site()
        defer { site.tearDown() }
        let neighbour = try Self.neighbour(site)
        let file = """
            version: 1
            network:
              groups:
                wan:
                  strategy: static
                  members:
                    cable: { dev: eth1, \(Self.cableGateways), snat: { v4: 198.51.100.5, v6: 2001:db8:b::5 } }
                    other:
                      dev: eth1
                      via: { v4: 198.51.100.3, v6: 2001:db8:b::3 }
                      snat: { v4: 198.51.100.6, v6: 2001:db8:b::6 }
              routes: { default: wan }
              policies: [{ name: other, match: 'udp.dport == 7', use: wan.other }]

            """
        let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
        try router.start()
        let ours = [
            "ip saddr 198.51.100.6 udp dport 7 counter", "ip6 saddr 2001:db8:b::6 udp dport 7 counter",
            "udp dport 7 counter",
        ]
        try neighbour.nft(
            load:
                "table inet seen { chain c { type filter hook prerouting priority -400; \(ours.joined(separator: "; ")); }; }\n"
        )
        let ports = "udp dport >= \(Site.sprayPort)"
        try site.watch(.isp2, ["ip saddr 198.51.100.5 \(ports)", "ip6 saddr 2001:db8:b::5 \(ports)", ports])
        try site.noteFlows()
        for family in Family.allCases {
            _ = try site.spray(50, family: family)
            _ = try site.packets(family: family, rate: 200).finish(after: .milliseconds(150))
        }
        let first = try site.watched(by: .isp2)
        #expect(first == [50, 50, 100], "by the first gateway: \(first)")
        let list = try neighbour.nft("list", "table", "inet", "seen")["nftables"]?.elements ?? []
        let second = list.compactMap { $0["rule"]?["expr"]?.elements }.map { expressions in
            expressions.compactMap { $0["counter"]?["packets"]?.integer }.first ?? 0
        }
        #expect(second.count == 3 && second[0] > 15 && second[1] > 15, "by the second: \(second)")
        #expect(second.reduce(0, +) == 2 * (second.last ?? 0), "and no other address: \(second)")
    }

    @Test(.timeLimit(.minutes(1)))
    func aFamilyThatIsNotOursIsLeftAlone() throws {
        let site = try Site()
        defer { site.tearDown() }
        try site.openInwards(by: .isp2)
        try site.router.ipBatch(["route add default via fe80::1 dev eth1"], family: .v6)
        let file = """
            version: 1
            network:
              groups:
                wan:
                  members:
                    fiber: { dev: eth0, via: 203.0.113.1 }
                    cable: { dev: eth1, via: 198.51.100.1 }
              routes: { default: wan }

            """
        let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
        try router.start()
        for family in Family.allCases {
            let ping = try site.far.ping(Self.cableAddress[family])
            #expect(ping.status == 0, "\(family): \(ping.errorOutput)")
        }
        let result = try site.packets(family: .v6, rate: 200).finish(after: .milliseconds(200))
        #expect(result.sent > 10 && result.lost == 0, "\(result.lost) of \(result.sent)")
    }

    @Test(.timeLimit(.minutes(1)))
    func aCloserRouteByTheOtherUplinkCatchesNoAnswers() throws {
        let site = try Site()
        defer { site.tearDown() }
        try site.openInwards(by: .isp2)
        try site.startEchoAtClient()
        // The far side asks from these networks.
        let routes = ["198.51.100.248/29: wan.fiber", "\"2001:db8:b:f::/64\": wan.fiber"]
        let forwards = [
            "forwards:", "  - { name: four, in: wan.cable, proto: udp, port: 7, to: 10.0.5.2 }",
            "  - { name: six, in: wan.cable, proto: udp, port: 7, to: \"[2001:db8:10::2]:7\" }",
        ]
        try site.watch(.isp2, ["udp sport 7", "icmp type echo-reply", "icmpv6 type echo-reply"])
        let router = try Self.start(Self.file(routes: routes, more: forwards), site)
        _ = router
        for family in Family.allCases {
            #expect(try site.far.ping(Self.cableAddress[family]).status == 0, "\(family)")
            let stream = try site.packets(from: site.far, to: Self.cableAddress, family: family, rate: 200)
            let result = try stream.finish(after: .milliseconds(150))
            #expect(result.sent > 10 && result.lost == 0, "\(family): \(result.lost) of \(result.sent)")
        }
        let answers = try site.watched(by: .isp2)
        #expect(answers[0] > 20 && answers[1] > 0 && answers[2] > 0, "\(answers)")
    }

    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func anAnswerByADeviceThatIsNoUplinkReachesTheLAN(translated: Bool) throws {
        let site = try Site()
        defer { site.tearDown() }
        let isp2 = site.namespace(of: .isp2)
        try site.router.ipBatch([
            "link add name side1 index 14 type veth peer name side0 index 34 netns \(isp2.name)",
            "link set side1 up", "addr add 10.77.0.1/30 dev side1", "addr add 2001:db8:77::1/64 dev side1 nodad",
            "addr add fe80::1/64 dev side1 nodad",
        ])
        try isp2.ipBatch([
            "link set side0 up", "addr add 10.77.0.2/30 dev side0", "addr add 2001:db8:77::2/64 dev side0 nodad",
            "addr add fe80::2/64 dev side0 nodad",
        ])
        // Whatever the provider has for us comes by the side, and not by the uplink.
        for prefix in [Site.lanPrefix.v4, "198.51.100.2/32"] {
            try isp2.ipBatch(["route replace \(prefix) via 10.77.0.1 dev side0"])
        }
        for prefix in [Site.lanPrefix.v6, "2001:db8:b::2/128"] {
            try isp2.ipBatch(["route replace \(prefix) via 2001:db8:77::1 dev side0"])
        }
        let policy = [
            "policies:",
            "  - { name: all, match: 'src in 10.0.5.0/24 or src in 2001:db8:10::/64', use: wan.cable }",
        ]
        // Without probes: their answers come by the side as well, where nobody waits for them.
        let file =
            Self.file(more: policy + (translated ? [Self.masquerade] : []))
            .split(separator: "\n").map { $0.replacing(", probe: far", with: "") }.joined(separator: "\n") + "\n"
        try site.router.nft(
            load:
                "table inet seen { chain c { type filter hook prerouting priority -400; iifname \"side1\" udp sport 7 counter; }; }\n"
        )
        let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
        try router.start()
        let streams = try Self.streams(site)
        rest(.milliseconds(200))
        try Self.expectNoLoss(streams, "translated: \(translated)")
        let list = try site.router.nft("list", "table", "inet", "seen")["nftables"]?.elements ?? []
        let count =
            list.compactMap { $0["rule"]?["expr"]?.elements }.flatMap { $0 }
            .compactMap { $0["counter"]?["packets"]?.integer }.first ?? 0
        #expect(count > 40, "the answers came by the side: \(count)")
    }
}
