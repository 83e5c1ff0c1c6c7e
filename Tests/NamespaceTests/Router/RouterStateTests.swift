import Lab
import LabText
import Testing

extension RouterSuites {
    /// Does the kernel hold what the file says, and all that is a stranger's as before? Judged by `ip -j` and `nft -j`.
    @Suite(.serialized)
    struct StateTests {
        @Test(.timeLimit(.minutes(1)))
        func theKernelHoldsWhatTheFileSaysInBothFamiliesAndASecondPlanIsEmpty() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let state = try KernelState(of: lab.router)
            for family in Family.allCases {
                #expect(state.shares("default", family) == ["eth0": 3, "eth1": 1], "the group, with its weights")
                #expect(state.route("default", family)?.metric == 77)
                let expected = lab.uplinks.map { family == .v4 ? $0.gateway.v4 : Uplink.gatewayLinkLocal }
                let hops = try state.members(of: "default", family)
                #expect(hops.compactMap(\.gateway).sorted() == expected.sorted())
            }
            #expect(state.route("192.0.2.128/25", .v4)?.type == "blackhole")
            #expect(state.route("2001:db8:dead::/48", .v6)?.type == "unreachable")
            let via = try #require(state.route("10.20.0.0/16", .v4)?.nexthop.flatMap { state.nexthops[$0] })
            #expect(via.gateway == "203.0.113.1" && via.device == "eth0" && via.group.isEmpty)
            try paths(state, lab)
            #expect(try router.plan().changes == [])
        }

        /// Each member has, in each family, a rule for its mark, a table with its own gateway, and an unreachable default behind.
        private func paths(_ state: KernelState, _ lab: RouterOnly) throws {
            #expect(state.ourRules.count == 4, "two members, two families")
            for rule in state.ourRules {
                #expect(rule.mask == "0xff000000" && (7000...7999).contains(rule.preference))
                let routes = state.ourRoutes.filter { $0.table == rule.table && $0.family == rule.family }
                #expect(routes.count == 2)
                #expect(routes.contains { $0.type == "unreachable" && $0.metric == 4_294_967_295 })
                let way = try #require(routes.first { $0.metric == 77 })
                let hop = try #require(way.nexthop.flatMap { state.nexthops[$0] })
                #expect(lab.uplinks.map(\.device).contains(hop.device ?? "?"))
            }
            let marks = Set(state.ourRules.compactMap(\.mark))
            #expect(marks.count == 2)
            let table = try #require(state.tables["inet martlet"])
            for member in ["wan.first", "wan.second"] { #expect(table.contains(member), "counted by path") }
        }

        @Test(.timeLimit(.minutes(1)))
        func aPlanListsWhatAnApplyWouldDoAndDoesNothing() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router)
            try router.write(RouterFile.links(routes: ["10.30.0.0/16: wan"]))
            let plan = try router.plan()
            #expect(plan.changes.count == 1)
            #expect(plan.changes.first?.contains("10.30.0.0/16") == true, "\(plan.changes)")
            #expect(try KernelState(of: lab.router) == before)
            _ = try router.ask("apply", router.configurationPath)
            #expect(try KernelState(of: lab.router).route("10.30.0.0/16", .v4) != nil)
            #expect(try router.plan().changes == [])
        }

        /// Strangers outside our windows, inside them, and on the very key of a route that the file asks for.
        static let strangers = [
            "nexthop add id 7 via 203.0.113.1 dev eth0", "nexthop add id 1296113700 blackhole",
            "route add 10.99.0.0/16 via 203.0.113.1 metric 77", "route add 10.40.0.0/16 via 203.0.113.9 metric 77",
            "route add 10.98.0.0/16 nhid 7 proto static", "route add default via 203.0.113.1 metric 5 table 7500",
            "rule add fwmark 0x1000000/0xff000000 lookup 100 pref 7500",
            "rule add from 10.1.0.0/16 lookup 101 pref 900",
        ]

        @Test(.timeLimit(.minutes(1)))
        func strangersStayUntouchedThroughStartApplyFailoverStopAndKill() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            try lab.router.ipBatch(Self.strangers)
            try lab.router.nft(
                load: "table inet others {\nchain c {\ntype filter hook output priority 0\ncounter\n}\n}\n"
            )
            let before = try KernelState(of: lab.router).strangers
            #expect(before.routes.count >= 4 && before.rules.count >= 2 && before.tables["inet others"] != nil)
            let wanted = RouterFile.links(routes: ["10.40.0.0/16: wan", "10.41.0.0/16: wan"])
            let router = try RouterUnderTest(wanted, in: lab.router, of: lab.workspace)
            func check(_ step: String) throws {
                #expect(try KernelState(of: lab.router).strangers == before, "after \(step)")
            }
            try router.start()
            try check("start")
            #expect(try KernelState(of: lab.router).route("10.41.0.0/16", .v4) != nil, "what is free is ours")
            try conflicts(of: router)
            _ = try router.apply(RouterFile.links(routes: ["10.40.0.0/16: blackhole"]))
            try check("apply")
            try lab.carrierDown(1)
            try router.waitUntil("wan.second", is: "absent")
            try lab.carrierUp(1)
            try router.waitUntilSettled()
            // The kernel itself drops a stranger's route on a dead link (fact 1): that one was not our doing.
            let unbound = before.without("10.40.0.0/16")
            #expect(try KernelState(of: lab.router).strangers.without("10.40.0.0/16") == unbound, "after failover")
            #expect(try router.end(with: 15) == .exited(0))
            let stopped = try KernelState(of: lab.router)
            #expect(stopped.strangers.without("10.40.0.0/16") == unbound, "after SIGTERM")
            #expect(!stopped.ourRoutes.isEmpty, "the data plane stays")
            try router.start()
            try router.end(with: 9)
            #expect(try KernelState(of: lab.router).strangers.without("10.40.0.0/16") == unbound, "after kill -9")
        }

        /// The stranger on a route's key is named with the line that wanted the place, the others as what they are.
        private func conflicts(of router: RouterUnderTest) throws {
            let conflicts = try router.plan().conflicts
            #expect(conflicts.contains { $0.contains("10.40.0.0/16") && $0.contains("wanted by") }, "\(conflicts)")
            for object in ["1296113700", "7500: fwmark", "table 7500"] {
                #expect(conflicts.contains { $0.contains(object) }, "\(object) in \(conflicts)")
            }
            #expect(!conflicts.contains { $0.contains("10.99.0.0") }, "it is in nobody's way")
            #expect(try router.alarms.contains { $0.contains("10.40.0.0/16") })
            let routes = try router.ask("show", "routes").elements ?? []
            let row = routes.first { $0["object"]?.string == "10.40.0.0/16" }
            #expect(row?["state"]?.string == "foreign-conflict")
        }
    }
}

extension KernelState {
    /// The next hops of the group behind our route.
    func members(of destination: String, _ family: Family) throws -> [Nexthop] {
        let id = try #require(route(destination, family)?.nexthop)
        return try #require(nexthops[id]).group.keys.compactMap { nexthops[$0] }
    }

    /// All but what stands under `destination`.
    func without(_ destination: String) -> KernelState {
        var state = self
        state.routes.removeAll { $0.destination == destination }
        return state
    }
}
