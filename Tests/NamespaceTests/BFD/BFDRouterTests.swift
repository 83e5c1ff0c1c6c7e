import Glibc
import Lab
import LabText
import NetTypes
import Probing
import Testing

extension BFDSuites {
    /// The real daemon with uplinks that are watched by BFD, and the far ends by the same code in the providers' namespaces.
    @Suite(.serialized)
    struct RouterTests {
        private static let hardLimit = 2000.0

        private static func file(_ interval: Int, cable: String = "") -> String {
            """
            version: 1
            network:
              probes:
                fast: { bfd: { tx: \(interval)ms, rx: \(interval)ms, multiplier: 3 } }
              groups:
                wan:
                  members:
                    fiber: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 }, weight: 3, probe: fast }
                    cable: { dev: eth1, via: { v4: 198.51.100.1, v6: fe80::1 }, weight: 1, probe: fast \(cable) }
              routes:
                default: wan

            """
        }

        private struct Stage {
            let site: Site
            let router: RouterUnderTest
            let gateways: [ISP: BFDRun]

            init(interval: Int) throws {
                site = try Site()
                router = try RouterUnderTest(RouterTests.file(interval), in: site.router, of: site.workspace)
                var gateways: [ISP: BFDRun] = [:]
                for isp in ISP.allCases {
                    let own = [isp.uplink.address.v4, Uplink.routerLinkLocal].map {
                        BFDWish(device: isp.uplink.peerDevice, peer: $0, transmit: interval, receive: interval)
                    }
                    gateways[isp] = try BFDRun(own, in: site.namespace(of: isp))
                }
                self.gateways = gateways
                try router.start()
                for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
                for family in Family.allCases {
                    try eventually("the agreed pace of \(family)", within: .seconds(8), every: .milliseconds(20)) {
                        try session("wan.fiber", family)?["detection"]?.integer == interval * 3_000_000
                    }
                }
            }

            func session(_ member: String, _ family: Family) throws -> JSON? {
                try router.ask("show", "bfd").elements?.first {
                    $0["member"]?.string == member && $0["scope"]?.string == family.scope
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: [50, 10])
        func aSilentDeathMovesTrafficWithinTheDetectionTimeAndAFewMilliseconds(interval: Int) throws {
            let stage = try Stage(interval: interval)
            let site = stage.site
            defer { site.tearDown() }
            let state = try KernelState(of: site.router)
            let listener = try NetlinkListener(in: site.router)
            let streams = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 1000, flows: 32)) }
            rest(.milliseconds(200))
            let death = Moment.now
            // Both are commands, which take longer than what is measured: the death lies between their begin and their end, and the
            // last packet of BFD came up to an interval before it.
            try site.namespace(of: .isp1).silenceBFD()
            let dead = Moment.now
            try site.breakSilently(.isp1)
            try stage.router.waitUntil("wan.fiber", is: "down")
            rest(.milliseconds(100))
            let bound = Double(interval * 3)
            for family in Family.allCases {
                let id = try #require(state.route("default", family)?.nexthop)
                let messages = listener.changes(since: death).filter { $0.type == "new-nexthop" && $0.nexthop == id }
                #expect(messages.count == 1, "\(family)")
                let message = try #require(messages.first).at
                let what = "BFD \(interval) ms × 3, \(family): to the group's message (bound \(bound) and 3)"
                measured("\(what), at most", message.milliseconds(since: death))
                measured("\(what), at least", message.milliseconds(since: dead))
                #expect(message.milliseconds(since: death) < Self.hardLimit)
            }
            for (family, stream) in streams {
                let result = try stream.finish()
                let last = try #require(result.gaps.max { $0.to < $1.to }, "some of 32 flows went by the dead way")
                let first = try #require(result.gaps.min { $0.from < $1.from })
                measured(
                    "BFD \(interval) ms × 3, \(family): from the first lost packet to the last",
                    last.to.milliseconds(since: first.from)
                )
                #expect(!last.isOpen)
            }
            #expect(try KernelState(of: site.router).shares("default", .v4) == ["eth1": 1])
            let members = try stage.router.ask("show", "members").elements ?? []
            let fiber = members.filter { $0["name"]?.string == "wan.fiber" }
            #expect(fiber.count == 2 && fiber.allSatisfy { $0["cause"]?.string == "bfd-timeout" })

            try site.namespace(of: .isp1).endSilence()
            try site.mend(.isp1)
            try stage.router.waitUntil("wan.fiber", is: "up")
            try stage.router.waitUntilSettled()
            #expect(try KernelState(of: site.router) == state)
        }

        @Test(.timeLimit(.minutes(1)))
        func aReloadLeavesSessionsAloneAndAStopIsNoDeathToTheGateway() throws {
            let stage = try Stage(interval: 50)
            let site = stage.site
            defer { site.tearDown() }
            let before = try Family.allCases.map { try stage.session("wan.fiber", $0)?["discriminator"]?.integer }
            _ = try stage.router.apply(Self.file(50, cable: ", tier: 2"))
            // Another pace is another matter, and still the same session.
            _ = try stage.router.apply(Self.file(80, cable: ", tier: 2"))
            for (family, discriminator) in zip(Family.allCases, before) {
                let session = try eventually("the new pace", within: .seconds(5), every: .milliseconds(20)) {
                    let session = try stage.session("wan.fiber", family)
                    return session?["detection"]?.integer == 240_000_000 ? session : nil
                }
                #expect(session["discriminator"]?.integer == discriminator)
                #expect(session["falls"]?.integer == 0 && session["state"]?.string == "up")
            }
            // What the file wants no more says AdminDown; so does a daemon that ends.
            let stop = BootClock.now()
            try stage.router.end(with: SIGTERM)
            for isp in ISP.allCases {
                let gateway = try #require(stage.gateways[isp])
                for own in [isp.uplink.address.v4, Uplink.routerLinkLocal] {
                    let line = try gateway.first("an end", of: own, after: stop) { $0.signal != "-" }
                    #expect(line.signal == "bfd-admin-down")
                }
            }
            #expect(try KernelState(of: site.router).route("default", .v4) != nil)
        }

        /// Whoever is to speak BFD on this host next finds the port free.
        @Test(.timeLimit(.minutes(1)))
        func withoutSessionsNobodyListens() throws {
            let stage = try Stage(interval: 50)
            let site = stage.site
            defer { site.tearDown() }
            let isListening = {
                try ["udp", "udp6"].contains { try site.router.run(["cat", "/proc/net/\($0)"]).contains(":0EC8 ") }
            }
            #expect(try isListening())
            _ = try stage.router.apply(Self.file(50).replacing(", probe: fast", with: ""))
            try eventually("the port to be free", within: RouterUnderTest.patience) { try !isListening() }
        }

        /// `via: auto`: the session and `{member}` follow what the network manager learns.
        @Test(.timeLimit(.minutes(1)))
        func sessionsAndProbesFollowTheGatewayThatIsLearnt() throws {
            let site = try RouterOnly(uplinks: 1)
            defer { site.tearDown() }
            let file = """
                version: 1
                network:
                  probes:
                    fast: { bfd: { tx: 50ms, rx: 50ms } }
                    gate: { icmp: ["{member}"], every: 100ms, timeout: 90ms }
                  groups:
                    wan: { members: { dsl: { dev: eth0, via: auto, probe: fast } } }
                    asked: { members: { dsl: { dev: eth0, via: auto, probe: gate } } }
                  routes: { default: wan }

                """
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            let own = ["203.0.113.2", "fe80::2"]
            let far = try BFDRun(own.map { BFDWish(device: "peer0", peer: $0) }, in: site.peers)
            try router.start()
            try router.waitUntil("wan.dsl", is: "absent")
            #expect(try router.ask("show", "bfd").elements?.isEmpty == true)

            try site.router.ipBatch(["route add default via 203.0.113.1 dev eth0 proto dhcp metric 100"])
            try site.router.ipBatch(["route add default via fe80::1 dev eth0 proto ra metric 1024"], family: .v6)
            for member in ["wan.dsl", "asked.dsl"] { try router.waitUntil(member, is: "up") }
            #expect(try Self.watched(router) == Watched(peers: ["203.0.113.1", "fe80::1"]))

            // Another gateway is another session: the old one is ended, and is no death.
            let change = BootClock.now()
            try site.peers.ipBatch(["addr add 203.0.113.5/29 dev peer0", "addr add fe80::5/64 dev peer0 nodad"])
            try site.router.ipBatch(["route replace default via 203.0.113.5 dev eth0 proto dhcp metric 100"])
            try site.router.ipBatch(["route replace default via fe80::5 dev eth0 proto ra metric 1024"], family: .v6)
            try eventually("sessions with the new gateways", within: RouterUnderTest.patience) {
                try Self.watched(router) == Watched(peers: ["203.0.113.5", "fe80::5"])
            }
            for peer in own {
                let line = try far.first("an end", of: peer, after: change) { $0.signal != "-" }
                #expect(line.signal == "bfd-admin-down")
            }
            for member in ["wan.dsl", "asked.dsl"] { try router.waitUntil(member, is: "up") }

            // A death is a death, and over when the gateway is another.
            try site.peers.silenceBFD()
            try router.waitUntil("wan.dsl", is: "down")
            // By their metrics: without one, IPv6 would take ours, whose next hop is an object.
            try site.router.ipBatch(["route del default via 203.0.113.5 dev eth0 metric 100"])
            try site.router.ipBatch(["route del default via fe80::5 dev eth0 metric 1024"], family: .v6)
            for member in ["wan.dsl", "asked.dsl"] { try router.waitUntil(member, is: "absent") }
            #expect(try Self.watched(router) == Watched(peers: []))
            try site.peers.endSilence()
            try site.router.ipBatch(["route add default via 203.0.113.1 dev eth0 proto dhcp metric 100"])
            try site.router.ipBatch(["route add default via fe80::1 dev eth0 proto ra metric 1024"], family: .v6)
            for member in ["wan.dsl", "asked.dsl"] { try router.waitUntil(member, is: "up") }
            #expect(try Self.watched(router) == Watched(peers: ["203.0.113.1", "fe80::1"]))
        }

        /// Whom the sessions that are up are with, and whom the other probe asks.
        private struct Watched: Equatable {
            var sessions: [String]
            var targets: [String]

            init(peers: [String]) { (sessions, targets) = (peers, peers) }
        }

        private static func watched(_ router: RouterUnderTest) throws -> Watched {
            var watched = Watched(peers: [])
            let sessions = try router.ask("show", "bfd").elements ?? []
            watched.sessions = sessions.filter { $0["state"]?.string == "up" }.compactMap { $0["peer"]?.string }
                .sorted()
            let probes = try router.ask("show", "probes").elements ?? []
            watched.targets =
                probes.filter { $0["name"]?.string == "gate" }
                .flatMap { $0["targets"]?.elements ?? [] }.compactMap(\.string).sorted()
            return watched
        }

        @Test(.timeLimit(.minutes(1)))
        func aFileWhoseKeyCannotBeReadIsRefused() throws {
            let site = try RouterOnly(uplinks: 1)
            defer { site.tearDown() }
            let router = try RouterUnderTest(
                RouterFile.links().replacing("second:", with: "#"),
                in: site.router,
                of: site.workspace
            )
            try router.start()
            let key = site.workspace.path("key")
            try TextFile.write("a key", to: key, mode: 0o644)
            let authentication = "{ type: keyed-sha1, key-id: 1, key: { file: \(key) } }"
            let file = """
                version: 1
                network:
                  probes: { safe: { bfd: { authentication: \(authentication) } } }
                  groups: { wan: { members: { first: { dev: eth0, via: 203.0.113.1, probe: safe } } } }

                """
            try router.write(file)
            let reply = try router.attempt("apply", router.configurationPath)
            #expect(reply.status == 1)
            #expect((reply.output + reply.errorOutput).contains("others than its owner"))
            #expect(!(reply.output + reply.errorOutput).contains("a key"))
        }
    }
}
