import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// Do sets follow their files, and do packets keep to the way they belong to where sites are less tidy than a drawing?
    @Suite(.serialized)
    struct SteeringTests {
        private static let fiberGateways = "via: { v4: 203.0.113.1, v6: fe80::1 }"
        private static let cableGateways = "via: { v4: 198.51.100.1, v6: fe80::1 }"
        private static let masquerade = "masquerade: { out: [eth0, eth1] }"
        private static let cableAddress = Dual(v4: "198.51.100.2", v6: "2001:db8:b::2")

        private static func file(
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

        private static func start(_ file: String, _ site: Site) throws -> RouterUnderTest {
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            return router
        }

        /// Waits until at least 20 packets of each stream have gone by the provider.
        private static func waitUntilCarried(by isp: ISP, _ site: Site, _ families: [Family] = Family.allCases) throws {
            for family in families {
                let before = try site.passed(by: isp, family)
                try eventually("\(family) by \(isp)", within: RouterUnderTest.patience, every: .milliseconds(50)) {
                    try site.passed(by: isp, family) > before + 60
                }
            }
        }

        private static func streams(_ site: Site, rate: Int = 200) throws -> [(family: Family, stream: PacketStream)] {
            try Family.allCases.map { ($0, try site.packets(family: $0, rate: rate)) }
        }

        private static func expectNoLoss(_ streams: [(family: Family, stream: PacketStream)], _ what: Comment) throws {
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

        // MARK: - Answers

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

        // MARK: - Flows

        /// Flows that stick stay with their uplink when new ones go elsewhere, and a port forward beside them is answered where it came in.
        @Test(.timeLimit(.minutes(1)))
        func stickyFlowsAndAPortForwardDoNotDisturbEachOther() throws {
            let site = try Site()
            defer { site.tearDown() }
            try site.openInwards(by: .isp2)
            try site.startEchoAtClient()
            let sticky = ["strategy: static", "flows: sticky"]
            let forwards = [
                "forwards:", "  - { name: four, in: wan, proto: udp, port: 7, to: 10.0.5.2 }",
                "  - { name: six, in: wan, proto: udp, port: 7, to: \"2001:db8:10::2\" }",
            ]
            let router = try Self.start(Self.file(group: sticky, more: forwards), site)
            let outward = try Self.streams(site)
            let inward = try Family.allCases.map {
                ($0, try site.packets(from: site.far, to: Self.cableAddress, family: $0, rate: 200))
            }
            try Self.waitUntilCarried(by: .isp1, site)
            // Everything new goes by cable from now on.
            _ = try router.apply(Self.file(group: sticky, fiber: ", tier: 2", more: forwards))
            try router.waitUntilSettled()
            try Self.waitUntilCarried(by: .isp1, site)
            let before = try Family.allCases.map { try site.passed(by: .isp1, $0) }
            let fresh = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 200, flows: 3)) }
            rest(.milliseconds(300))
            try Self.expectNoLoss(fresh, "new flows")
            let fiber = try zip(Family.allCases, before).map { try site.passed(by: .isp1, $0) - $1 }
            try Self.expectNoLoss(outward, "flows that stick")
            try Self.expectNoLoss(inward, "what came in")
            // The old stream alone sends 200 a second; the new flows would have doubled that.
            #expect(fiber.allSatisfy { $0 > 30 }, "\(fiber)")
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["keep", "cut", "migrate-idle"])
        func flowsReturnAsTheMemberSays(onRecover: String) throws {
            let site = try Site()
            defer { site.tearDown() }
            let file = Self.file(fiber: ", on-recover: \(onRecover)", more: [Self.masquerade])
            let router = try Self.start(file, site)
            try site.breakSilently(.isp1)
            try router.waitUntil("wan.fiber", is: "down")
            try router.waitUntilSettled()
            // Begun by cable, one of them over before fiber returns.
            let idle = try Self.streams(site)
            rest(.milliseconds(150))
            for (_, stream) in idle { _ = try stream.finish() }
            let busy = try Self.streams(site)
            try Self.waitUntilCarried(by: .isp2, site)
            try site.mend(.isp1)
            try router.waitUntil("wan.fiber", is: "up")
            try router.waitUntilSettled()
            switch onRecover {
            case "cut":
                for family in ["ipv4", "ipv6"] {
                    try router.waitForJournal("connections of wan.cable \(family) begin anew elsewhere")
                }
                try Self.waitUntilCarried(by: .isp1, site)
                for (family, stream) in busy {
                    let result = try stream.finish()
                    #expect(result.gaps.allSatisfy { !$0.isOpen } && result.lost < 20, "\(family): \(result.gaps)")
                }
            case "keep":
                try Self.waitUntilCarried(by: .isp2, site)
                try Self.expectNoLoss(busy, "kept")
            default:
                // Ten seconds without a packet are idle.
                try eventually("idle flows were forgotten", within: .seconds(25), every: .milliseconds(100)) {
                    try router.process.errorOutput.contains("connections of wan.cable ipv6 begin anew elsewhere")
                }
                let lines = try router.process.errorOutput.split(separator: "\n").filter {
                    $0.contains("begin anew elsewhere") && $0.contains("wan.cable")
                }
                #expect(!lines.isEmpty && lines.allSatisfy { !$0.contains(" 0 connections of") }, "\(lines)")
                try Self.waitUntilCarried(by: .isp2, site)
                try Self.expectNoLoss(busy, "busy flows stay")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func drainedFlowsOfADeadMemberWaitForIt() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try Self.start(Self.file(fiber: ", on-fail: drain", more: [Self.masquerade]), site)
            let streams = try Self.streams(site)
            try Self.waitUntilCarried(by: .isp1, site)
            try site.breakSilently(.isp1)
            try router.waitUntil("wan.fiber", is: "down")
            try router.waitUntilSettled()
            let before = try Family.allCases.map { try site.passed(by: .isp2, $0) }
            rest(.milliseconds(300))
            let others = try zip(Family.allCases, before).map { try site.passed(by: .isp2, $0) - $1 }
            #expect(others.allSatisfy { $0 < 30 }, "only probes leave by cable: \(others)")
            let fresh = try Self.streams(site)
            rest(.milliseconds(150))
            try Self.expectNoLoss(fresh, "new flows go by cable")
            try site.mend(.isp1)
            try Self.waitUntilCarried(by: .isp1, site)
            for (family, stream) in streams {
                let result = try stream.finish()
                let last = result.gaps.max { $0.to < $1.to }
                #expect(last?.isOpen == false, "the flow lives on where it was, \(family): \(result.gaps)")
            }
        }

        /// A policy that is led elsewhere by an apply takes no live translated flow along: it would break.
        @Test(.timeLimit(.minutes(1)))
        func aTranslatedFlowStaysWhereItIsWhenItsPolicyIsLedElsewhere() throws {
            let site = try Site()
            defer { site.tearDown() }
            let file = { (member: String) in
                Self.file(more: [
                    Self.masquerade, "policies:", "  - { name: all, match: 'proto == udp', use: wan.\(member) }",
                ])
            }
            let router = try Self.start(file("cable"), site)
            let streams = try Self.streams(site)
            try Self.waitUntilCarried(by: .isp2, site)
            _ = try router.apply(file("fiber"))
            try router.waitUntilSettled()
            try Self.waitUntilCarried(by: .isp2, site)
            let fresh = try Self.streams(site)
            try Self.waitUntilCarried(by: .isp1, site)
            try Self.expectNoLoss(fresh, "new flows by fiber")
            try Self.expectNoLoss(streams, "old flows by cable")
        }

        /// An uplink that is taken out of the file takes its flows' addresses with it: they begin anew by another.
        @Test(.timeLimit(.minutes(1)))
        func flowsOfAMemberThatIsTakenAwayBeginAnewElsewhere() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try Self.start(Self.file(fiber: ", tier: 2", more: [Self.masquerade]), site)
            let streams = try Self.streams(site)
            try Self.waitUntilCarried(by: .isp2, site)
            let both = Self.file(more: [Self.masquerade])
            let alone = both.split(separator: "\n").filter { !$0.contains(" cable: ") }.joined(separator: "\n")
            try site.watch(.isp1, ["ip saddr 203.0.113.2 udp dport 7", "ip6 saddr 2001:db8:a::2 udp dport 7"])
            _ = try router.apply(alone + "\n")
            try router.waitUntilSettled()
            try Self.waitUntilCarried(by: .isp1, site)
            #expect(try site.watched(by: .isp1).allSatisfy { $0 > 20 }, "with the address of the uplink they are on")
            for (family, stream) in streams {
                let result = try stream.finish()
                #expect(result.gaps.allSatisfy { !$0.isOpen } && result.lost < 20, "\(family): \(result.gaps)")
            }
        }

        /// The provider takes its prefix back and gives another: flows that were translated to the old one begin anew with the new.
        @Test(.timeLimit(.minutes(1)))
        func flowsFollowAPrefixThatChanges() throws {
            let site = try Site()
            defer { site.tearDown() }
            let (old, new) = ("2001:db8:a:1::", "2001:db8:a:2::")
            let isp1 = site.namespace(of: .isp1)
            try site.router.ipBatch(["addr add \(old)2/64 dev eth0 nodad", "addr del 2001:db8:a::2/64 dev eth0"])
            try isp1.ipBatch(["route add \(old)/64 via fe80::2 dev wan0", "route add \(new)/64 via fe80::2 dev wan0"])
            try site.watch(.isp1, ["ip6 saddr \(old)/64 udp dport 7", "ip6 saddr \(new)/64 udp dport 7"])
            let router = try Self.start(Self.file(fiber: ", snat: { v6: auto }"), site)
            let stream = try site.packets(family: .v6, rate: 200)
            try Self.waitUntilCarried(by: .isp1, site, [.v6])
            #expect(try site.watched(by: .isp1)[0] > 20)
            // Deprecated first, as a router advertisement does it; the old one is not even routed any more.
            try site.router.ipBatch([
                "addr add \(new)2/64 dev eth0 nodad", "addr change \(old)2/64 dev eth0 preferred_lft 0 nodad",
            ])
            try isp1.ipBatch(["route del \(old)/64 via fe80::2 dev wan0"])
            try eventually("the new prefix", within: RouterUnderTest.patience, every: .milliseconds(50)) {
                try site.watched(by: .isp1)[1] > 60
            }
            let result = try stream.finish()
            #expect(result.gaps.allSatisfy { !$0.isOpen }, "the flow lives: \(result.gaps)")
            #expect(try router.alarms.isEmpty)
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

extension PacketStream {
    fileprivate func finish(after time: Duration) throws -> Result {
        rest(time)
        return try finish()
    }
}
