import Lab
import LabText
import Testing

extension RouterSuites {
    /// How fast does traffic leave a dead way, and how many messages does that cost?
    @Suite(.serialized)
    struct FailoverTests {
        /// Far beyond the bound of issue 2, for two cores that build and test at the same time; the figure itself is printed.
        private static let hardLimit = 3000.0

        private static let routes =
            (0..<50).map { "10.\(60 + $0).0.0/16: wan" }
            + (0..<50).map {
                "\"2001:db8:\(1000 + $0)::/48\": wan"
            }

        @Test(.timeLimit(.minutes(1)))
        func aSilentDeathMovesTrafficWithOneMessageAGroupAndFamilyAndNoneARoute() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(RouterFile.site(routes: Self.routes), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            let state = try KernelState(of: site.router)
            #expect(state.ourRoutes.count { $0.table == "main" && $0.nexthop != nil } == 102)
            let listener = try NetlinkListener(in: site.router)
            let streams = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 1000, flows: 32)) }
            rest(.milliseconds(100))
            let death = try site.breakSilently(.isp1)
            try router.waitUntil("wan.fiber", is: "down")
            rest(.milliseconds(100))
            for (family, stream) in streams { try gap(try stream.finish(), family, since: death) }
            try oneMessage(listener, since: death, in: state, members: ["eth1"], "death", from: death)
            #expect(try KernelState(of: site.router).shares("default", .v4) == ["eth1": 1])

            let mended = try site.mend(.isp1)
            try router.waitUntil("wan.fiber", is: "up")
            try router.waitUntilSettled()
            try oneMessage(listener, since: mended, in: state, members: ["eth0", "eth1"], "return", from: mended)
            #expect(try KernelState(of: site.router) == state)
            #expect(!listener.isOverrun)
        }

        /// Some flows lose packets from the death to the switch, and none after it.
        private func gap(_ result: PacketStream.Result, _ family: Family, since death: Moment) throws {
            let last = try #require(result.gaps.max { $0.to < $1.to }, "some of 32 flows went by the dead way")
            let took = last.to.milliseconds(since: death)
            measured("silent death to the last lost packet, \(family), bound \(RouterFile.bound)", took)
            #expect(took < Self.hardLimit)
            #expect(!last.isOpen)
        }

        /// Exactly one next-hop message for each of the two kernel groups, and none for a route.
        private func oneMessage(
            _ listener: NetlinkListener,
            since: Moment,
            in state: KernelState,
            members: [String],
            _ what: String,
            from cause: Moment
        ) throws {
            let changes = listener.changes(since: since)
            for family in Family.allCases {
                let id = try #require(state.route("default", family)?.nexthop)
                let ofGroup = changes.filter { $0.type == "new-nexthop" && $0.nexthop == id }
                #expect(ofGroup.count == 1, "\(what), \(family)")
                let devices = (ofGroup.first?.group ?? []).compactMap { state.nexthops[$0]?.device }.sorted()
                #expect(devices == members)
                if let first = ofGroup.first {
                    measured("\(what) to the group's message, \(family)", first.at.milliseconds(since: cause))
                }
            }
            #expect(changes.count == 2, "and nothing else: \(changes.map(\.details))")
        }

        @Test(.timeLimit(.minutes(1)), arguments: Family.allCases)
        func aFamilyThatDiesAloneMovesAlone(broken: Family) throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(RouterFile.site(), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            try site.breakSilently(.isp1, families: [broken])
            try router.waitUntil("wan.fiber", is: "down", families: [broken])
            try router.waitUntilSettled()
            let state = try KernelState(of: site.router)
            for family in Family.allCases {
                #expect(state.shares("default", family) == (family == broken ? ["eth1": 1] : ["eth0": 3, "eth1": 1]))
            }
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                // The last ones go on carrying.
                ("keep-last", ["eth0": 3, "eth1": 1], "unicast"),
                // The group is parked: the routes stay and discard, which `ip` shows as their type.
                ("blackhole", ["blackhole": 1], "blackhole"),
                // The routes themselves refuse.
                ("unreachable", [:], "unreachable"),
            ] as [(String, [String: Int], String)]
        )
        func withEveryMemberDownTheGroupDoesWhatTheFileSays(
            rule: String,
            shares: [String: Int],
            type: String
        ) throws {
            let site = try Site()
            defer { site.tearDown() }
            let file = RouterFile.site(whenAllDown: rule)
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            let whole = try KernelState(of: site.router)
            // Both at once, so that both carried until the end.
            for member in ISP.allCases { try site.breakSilently(member) }
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "down") }
            try router.waitUntilSettled()
            let state = try KernelState(of: site.router)
            for family in Family.allCases {
                #expect(state.route("default", family)?.type == type, "\(family)")
                // Whoever fell last carries on alone where the two did not fall in one round.
                let isKept = rule == "keep-last" && Set(state.shares("default", family).keys).isSubset(of: shares.keys)
                #expect(isKept || state.shares("default", family) == shares, "\(family)")
                #expect(rule != "keep-last" || !state.shares("default", family).isEmpty)
            }
            for member in ISP.allCases { try site.mend(member) }
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            try router.waitUntilSettled()
            #expect(try KernelState(of: site.router) == whole)
        }
    }
}
