import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// Do routes stand with everything the file says of them, and do they follow what others learn and keep?
    @Suite(.serialized)
    struct RouteTests {
        private static let options = [
            "10.20.1.0/24: { via: 203.0.113.1, metric: 50, src: 203.0.113.2, mtu: 1400 }",
            "10.20.2.0/24: { via: 198.18.0.1, dev: eth0, onlink: true, table: 100 }",
            "10.20.3.0/24: prohibit",
            "10.20.4.0/24: { use: blackhole, metric: 9 }",
            "10.20.5.0/24: { dev: eth1 }",
            "10.20.6.0/24: { via: fe80::1, dev: eth0 }",
            "10.20.7.0/24: { use: wan, table: 100, metric: 5 }",
            "\"2001:db8:20::/48\": { via: \"2001:db8:1::1\", metric: 60, src: \"2001:db8:1::2\", mtu: 1400 }",
            "\"2001:db8:21::/48\": { use: wan.second, table: 100 }",
        ]

        @Test(.timeLimit(.minutes(1)))
        func everythingTheFileSaysOfARouteStandsAndGoesWithIt() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            // A stranger was there first, at a key of our own choosing.
            try lab.router.ipBatch(["route add 10.20.8.0/24 via 203.0.113.9 metric 50 proto static"])
            let file = RouterFile.links(routes: Self.options + ["10.20.8.0/24: { use: wan, metric: 50 }"])
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.start()
            let state = try KernelState(of: lab.router)
            let row = { (destination: String) in state.ourRoutes.first { $0.destination == destination } }
            let hop = { (destination: String) in row(destination)?.nexthop.flatMap { state.nexthops[$0] } }
            #expect(row("10.20.1.0/24")?.metric == 50 && row("10.20.1.0/24")?.source == "203.0.113.2")
            #expect(row("10.20.1.0/24")?.mtu == 1400 && row("10.20.1.0/24")?.table == "main")
            #expect(row("10.20.2.0/24")?.table == "100" && hop("10.20.2.0/24")?.gateway == "198.18.0.1")
            #expect(row("10.20.3.0/24")?.type == "prohibit" && row("10.20.4.0/24")?.type == "blackhole")
            #expect(row("10.20.4.0/24")?.metric == 9)
            #expect(hop("10.20.5.0/24")?.device == "eth1" && hop("10.20.5.0/24")?.gateway == nil)
            #expect(hop("10.20.6.0/24")?.gateway == "fe80::1", "IPv4 through an IPv6 gateway")
            #expect(row("10.20.7.0/24")?.nexthop == state.route("default", .v4)?.nexthop)
            #expect(row("10.20.7.0/24")?.table == "100" && row("10.20.7.0/24")?.metric == 5)
            #expect(row("2001:db8:20::/48")?.metric == 60 && row("2001:db8:20::/48")?.source == "2001:db8:1::2")
            #expect(row("2001:db8:20::/48")?.mtu == 1400)
            #expect(hop("2001:db8:21::/48")?.device == "eth1")
            #expect(row("10.20.8.0/24") == nil, "the stranger's stays")
            #expect(try router.plan().conflicts.contains { $0.contains("10.20.8.0/24") })
            #expect(try router.plan().changes == [])
            try removedAfterARestart(router, lab)
        }

        /// Whatever the daemon before had been asked for, with any metric and in any table, is known as ours and goes.
        private func removedAfterARestart(_ router: RouterUnderTest, _ lab: RouterOnly) throws {
            try router.end(with: SIGKILL)
            try router.write(RouterFile.links())
            try router.start()
            let state = try KernelState(of: lab.router)
            #expect(
                !state.ourRoutes.contains { $0.destination.hasPrefix("10.20.") && $0.destination != "10.20.0.0/16" }
            )
            #expect(!state.ourRoutes.contains { $0.table == "100" })
            #expect(state.routes.contains { $0.destination == "10.20.8.0/24" && $0.owner == "static" })
        }

        @Test(.timeLimit(.minutes(1)))
        func aSourceThatVanishesTakesItsRouteAlongAndBringsItBack() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let own = Dual(v4: "198.18.7.7", v6: "2001:db8:77::7")
            let lines = ["addr add \(own.v4)/32 dev lo", "addr add \(own.v6)/128 dev lo nodad"]
            try lab.router.ipBatch(lines)
            let routes = [
                "10.20.1.0/24: { use: wan, src: \(own.v4) }", "\"2001:db8:20::/48\": { use: wan, src: \"\(own.v6)\" }",
            ]
            let file = RouterFile.links(routes: routes)
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router).ours
            #expect(before.ourRoutes.compactMap(\.source).sorted() == [own.v4, own.v6])
            try lab.router.ipBatch(["addr del \(own.v4)/32 dev lo", "addr del \(own.v6)/128 dev lo"])
            try eventually("both routes gone", within: RouterUnderTest.patience) {
                try KernelState(of: lab.router).ours.routes.count == before.routes.count - 2
            }
            #expect(
                try router.ask("show", "routes").elements?.count { $0["detail"]?.string == "no-source-address" } == 2
            )
            try lab.router.ipBatch(lines)
            try eventually("both routes back", within: RouterUnderTest.patience) {
                try KernelState(of: lab.router).ours == before
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aRecursiveGatewayFollowsTheRouteItIsReachedThrough() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let routes = [
                "10.30.0.0/16: { via: 198.18.1.1 }", "\"2001:db8:30::/48\": { via: \"2001:db8:f1::1\" }",
                "198.18.2.0/24: wan", "10.31.0.0/16: { via: 198.18.2.9 }", "10.32.0.0/16: { via: 10.31.0.1 }",
            ]
            let router = try RouterUnderTest(RouterFile.links(routes: routes), in: lab.router, of: lab.workspace)
            try router.start()
            let waiting = try KernelState(of: lab.router)
            #expect(waiting.route("10.30.0.0/16", .v4) == nil && waiting.route("2001:db8:30::/48", .v6) == nil)
            let group = waiting.route("default", .v4)?.nexthop
            #expect(waiting.route("10.31.0.0/16", .v4)?.nexthop == group, "through our own route: what carries that")
            #expect(waiting.route("10.32.0.0/16", .v4)?.nexthop == group, "and through that again")
            for (number, what) in [(0, "add"), (1, "replace")] {
                let uplink = lab.uplinks[number]
                try lab.router.ipBatch([
                    "route \(what) 198.18.1.0/24 via \(uplink.gateway.v4) proto static",
                    "route \(what) 2001:db8:f1::/64 via \(uplink.gateway.v6) proto bird",
                ])
                for (destination, family) in [("10.30.0.0/16", Family.v4), ("2001:db8:30::/48", .v6)] {
                    try eventually("\(destination) by \(uplink.device)", within: RouterUnderTest.patience) {
                        let state = try KernelState(of: lab.router)
                        let hop = state.route(destination, family)?.nexthop.flatMap { state.nexthops[$0] }
                        return hop?.device == uplink.device && hop?.gateway == uplink.gateway[family]
                    }
                }
            }
            try lab.router.ipBatch(["route del 198.18.1.0/24", "route del 2001:db8:f1::/64"])
            try eventually("both wait again", within: RouterUnderTest.patience) {
                try KernelState(of: lab.router).ours == waiting.ours
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func anAutomaticGatewayIsTheOneTheNetworkManagerLearntAndFollowsIt() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let file = RouterFile.automatic(["eth0", "eth1", "ppp0"])
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.start()
            try router.waitUntil("wan.eth0", is: "absent")
            try lab.router.ipBatch([
                "route add default via 203.0.113.1 dev eth0 proto dhcp metric 100",
                "route add default via 203.0.113.9 dev eth1 proto dhcp metric 200",
                // A worse one on the same device does not count.
                "route add default via 203.0.113.3 dev eth0 proto static metric 900",
            ])
            try lab.router.ipBatch(
                ["route add default proto ra metric 1024 nexthop via fe80::1 dev eth0 nexthop via fe80::1 dev eth1"],
                family: .v6
            )
            for member in ["wan.eth0", "wan.eth1"] { try router.waitUntil(member, is: "unknown") }
            try router.waitUntilSettled()
            for family in Family.allCases {
                let hops = try KernelState(of: lab.router).members(of: "default", family)
                let expected = family == .v4 ? ["203.0.113.1", "203.0.113.9"] : ["fe80::1", "fe80::1"]
                #expect(hops.compactMap(\.gateway).sorted() == expected)
            }
            let answer = try lab.router.attempt([try Programs.built("lab-tool"), "ping", "--to", Site.targets[0].v4])
            #expect(answer.status == 0, "\(answer.errorOutput)")
            try lab.router.ipBatch(["route replace default via 203.0.113.5 dev eth0 proto dhcp metric 100"])
            try eventually("the new gateway", within: RouterUnderTest.patience) {
                let hops = try KernelState(of: lab.router).members(of: "default", .v4)
                return hops.contains { $0.gateway == "203.0.113.5" && $0.device == "eth0" }
            }
            try lab.router.ipBatch(["route del default dev eth1 proto dhcp"])
            try router.waitUntil("wan.eth1", is: "absent", families: [.v4])
            try pointToPoint(router, lab)
        }

        /// A link with one receiver needs no gateway, and no default route either.
        private func pointToPoint(_ router: RouterUnderTest, _ lab: RouterOnly) throws {
            let tunnel = try lab.router.spawn([
                try Programs.built("lab-tool"), "delay", "--device", "ppp0", "--ms", "1",
            ])
            defer { tunnel.stop() }
            try eventually("the device", within: .seconds(5)) {
                try lab.router.ip("link", "show").description.contains("ppp0")
            }
            try lab.router.ipBatch([
                "addr add 198.18.9.1/32 dev ppp0", "addr add 2001:db8:99::1/128 dev ppp0 nodad", "link set ppp0 up",
            ])
            try router.waitUntil("wan.ppp0", is: "unknown")
            for family in Family.allCases {
                try eventually("the member, \(family)", within: RouterUnderTest.patience) {
                    let hops = try KernelState(of: lab.router).members(of: "default", family)
                    return hops.contains { $0.device == "ppp0" && $0.gateway == nil }
                }
            }
        }
    }
}
