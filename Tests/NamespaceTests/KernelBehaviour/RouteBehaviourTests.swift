import Forwarding
import Glibc
import NetTypes
import Testing

@testable import Kernel

extension KernelBehaviour {
    /// Routes: types, metrics, tables, what replaces what, and what strangers' look like.
    struct Routes {
        /// What the kernel says to a packet of this host's own; nil when there is a way.
        private func answer(_ family: AddressFamily) -> Int32? {
            let lookup = RouteLookup(
                destination: IPAddress(family.farAddress)!,
                source: nil,
                inputInterface: nil,
                mark: 0
            )
            do throws(NetlinkFailure) {
                _ = try lookup.ask()
                return nil
            } catch .refused(let refusal) {
                return refusal.errno
            } catch {
                return -1
            }
        }

        @Test(
            arguments: [(Route.Action.blackhole, EINVAL), (.unreachable, EHOSTUNREACH), (.prohibit, EACCES)]
                as [(Route.Action, Int32)],
            AddressFamily.allCases
        )
        func aRefusingRouteSaysWhatItsTypeSays(type: (Route.Action, Int32), family: AddressFamily) throws {
            try Bench.run { bench in
                try bench.carryOut(.setRoute(route(family.farPrefix, type.0, table: 254)))
                #expect(answer(family) == type.1)
                #expect(bench.way(TestPacket(to: family.farAddress)) == nil)
                #expect(try bench.routes(to: family.farPrefix).map(\.action) == [type.0])
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aRouteThatIsSetAgainIsTheSameRouteStill(family: AddressFamily) throws {
            try Bench.run { bench in
                try bench.carryOut(.setNexthop(hop(1, "a", family)), .setRoute(farRoute(family, over: 1)))
                try bench.carryOut(.setRoute(farRoute(family, over: 1)))
                #expect(try bench.routes(to: family.farPrefix) == [farRoute(family, over: 1)])
                try bench.carryOut(.deleteRoute(farRoute(family, over: 1)))
                #expect(try bench.refusal(.deleteRoute(farRoute(family, over: 1)))?.errno == ESRCH)
                #expect(bench.way(TestPacket(to: family.farAddress)) == nil)
            }
        }

        /// A prefix that is refused inside of one that is carried: the hole is as large as it says.
        @Test(arguments: AddressFamily.allCases)
        func aRefusingRouteInsideOfACarriedPrefixIsAHole(family: AddressFamily) throws {
            try Bench.run { bench in
                let host = "\(family.farAddress)/\(family == .v4 ? 32 : 128)"
                try bench.carryOut(
                    .setNexthop(hop(1, "a", family)),
                    .setRoute(farRoute(family, over: 1)),
                    .setRoute(route(host, .blackhole, table: 254))
                )
                #expect(bench.way(TestPacket(to: family.farAddress)) == nil)
                #expect(bench.way(TestPacket(to: family == .v4 ? "192.0.2.8" : "2001:db8::8")) == "a")
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func theBetterMetricCarriesAndTheOtherTakesOver(family: AddressFamily) throws {
            try Bench.run { bench in
                let (first, second) = (farRoute(family, over: 1, metric: 10), farRoute(family, over: 2, metric: 20))
                try bench.carryOut(
                    .setNexthop(hop(1, "a", family)),
                    .setNexthop(hop(2, "b", family)),
                    .setRoute(second),
                    .setRoute(first)
                )
                #expect(bench.way(TestPacket(to: family.farAddress)) == "a")
                try bench.carryOut(.deleteRoute(first))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b")
                #expect(try bench.routes(to: family.farPrefix) == [second])
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aReplaceChangesOnlyTheRouteOfItsMetric(family: AddressFamily) throws {
            try Bench.run { bench in
                try bench.carryOut(
                    .setNexthop(hop(1, "a", family)),
                    .setNexthop(hop(2, "b", family)),
                    .setRoute(farRoute(family, over: 1, metric: 10)),
                    .setRoute(farRoute(family, over: 1, metric: 20)),
                    .setRoute(farRoute(family, over: 2, metric: 20))
                )
                let routes = try bench.routes(to: family.farPrefix).sorted { $0.key < $1.key }
                #expect(routes == [farRoute(family, over: 1, metric: 10), farRoute(family, over: 2, metric: 20)])
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aTypeReplacesAnotherInPlace(family: AddressFamily) throws {
            try Bench.run { bench in
                let refusing = route(family.farPrefix, .unreachable, table: 254)
                try bench.carryOut(
                    .setNexthop(hop(1, "a", family)),
                    .setRoute(refusing),
                    .setRoute(farRoute(family, over: 1))
                )
                #expect(bench.way(TestPacket(to: family.farAddress)) == "a")
                try bench.carryOut(.setRoute(refusing))
                #expect(answer(family) == EHOSTUNREACH)
                #expect(try bench.routes(to: family.farPrefix) == [refusing])
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func theLongerPrefixWinsWhateverItsMetric(family: AddressFamily) throws {
            try Bench.run { bench in
                let host = family == .v4 ? "192.0.2.9/32" : "2001:db8::9/128"
                try bench.carryOut(
                    .setNexthop(hop(1, "a", family)),
                    .setNexthop(hop(2, "b", family)),
                    .setRoute(farRoute(family, over: 1, metric: 1)),
                    .setRoute(route(host, .nexthop(NexthopID(2)), table: 254, metric: 4000))
                )
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b")
                let other = family == .v4 ? "192.0.2.8" : "2001:db8::8"
                #expect(bench.way(TestPacket(to: other)) == "a")
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aTableIsLookedInOnlyWhereARuleLeads(family: AddressFamily) throws {
            try Bench.run { bench in
                try bench.carryOut(
                    .setNexthop(hop(1, "a", family)),
                    .setNexthop(hop(2, "b", family)),
                    .setRoute(farRoute(family, over: 1)),
                    .setRoute(farRoute(family, over: 2, table: 7001))
                )
                #expect(bench.way(TestPacket(to: family.farAddress)) == "a")
                let rule = Rule(
                    family: family,
                    preference: 7001,
                    selectors: RuleSelectors(),
                    action: .lookup(7001),
                    routeProtocol: 219
                )
                try bench.carryOut(.addRule(rule))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b")
                try bench.carryOut(.deleteRoute(farRoute(family, over: 2, table: 7001)))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "a", "an empty table passes on")
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aReplaceTakesAStrangersPlaceWhoHasTheSameKey(family: AddressFamily) throws {
            try Bench.run { bench in
                try run(
                    "ip \(family.flag) route add \(family.farPrefix) via \(Bench.gateway("a", family)) metric 77 proto static"
                )
                try bench.carryOut(.setNexthop(hop(2, "b", family)), .setRoute(farRoute(family, over: 2)))
                #expect(
                    try bench.routes(to: family.farPrefix) == [farRoute(family, over: 2)],
                    "which is why nobody's key is set unseen"
                )
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aDeletionSparesTheRouteOfAnotherProtocol(family: AddressFamily) throws {
            try Bench.run { bench in
                try run(
                    "ip \(family.flag) route add \(family.farPrefix) via \(Bench.gateway("a", family)) metric 77 proto static"
                )
                #expect(try bench.refusal(.deleteRoute(farRoute(family, over: 1)))?.errno == ESRCH)
                #expect(try bench.routes(to: family.farPrefix).count == 1)
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aPreferredSourceIsWhatThisHostsPacketsGet(family: AddressFamily) throws {
            try Bench.run { bench in
                let own = family == .v4 ? "10.0.3.1" : "fd00:0:0:3::1"
                let wished = Route(
                    key: farRoute(family, over: 1).key,
                    action: .nexthop(NexthopID(1)),
                    routeProtocol: 219,
                    source: IPAddress(own)
                )
                try bench.carryOut(.setNexthop(hop(1, "a", family)), .setRoute(wished))
                #expect(try bench.routes(to: family.farPrefix) == [wished])
                let lookup = RouteLookup(
                    destination: IPAddress(family.farAddress)!,
                    source: nil,
                    inputInterface: nil,
                    mark: 0
                )
                #expect(try lookup.ask().source == IPAddress(own))
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aSourceThatIsNobodysIsRefused(family: AddressFamily) throws {
            try Bench.run { bench in
                try bench.carryOut(.setNexthop(hop(1, "a", family)))
                let strange = Route(
                    key: farRoute(family, over: 1).key,
                    action: .nexthop(NexthopID(1)),
                    routeProtocol: 219,
                    source: IPAddress(family == .v4 ? "198.51.100.1" : "2001:db8:1::1")
                )
                #expect(try bench.refusal(.setRoute(strange))?.errno == EINVAL)
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aSourceThatVanishesTakesAnIPv4RouteAndLeavesAnIPv6OneAsItIs(family: AddressFamily) throws {
            try Bench.run { bench in
                let own = family == .v4 ? "10.0.9.9" : "fd00:0:0:9::9"
                let length = family == .v4 ? 32 : 128
                try run("ip addr add \(own)/\(length) dev lo" + (family == .v4 ? "" : " nodad"))
                let wished = Route(
                    key: farRoute(family, over: 1).key,
                    action: .nexthop(NexthopID(1)),
                    routeProtocol: 219,
                    source: IPAddress(own)
                )
                try bench.carryOut(.setNexthop(hop(1, "a", family)), .setRoute(wished))
                try run("ip addr del \(own)/\(length) dev lo")
                let left = try bench.routes(to: family.farPrefix)
                #expect(left == (family == .v4 ? [] : [wished]))
            }
        }

        @Test(arguments: AddressFamily.allCases) func anMTUIsKeptWithTheRoute(family: AddressFamily) throws {
            try Bench.run { bench in
                let wished = Route(
                    key: farRoute(family, over: 1).key,
                    action: .nexthop(NexthopID(1)),
                    routeProtocol: 219,
                    mtu: 1400
                )
                try bench.carryOut(.setNexthop(hop(1, "a", family)), .setRoute(wished))
                #expect(try bench.routes(to: family.farPrefix) == [wished])
                let shown = try objects("ip -j \(family.flag) route show \(family.farPrefix)").first
                #expect((shown?["metrics"] as? [[String: Any]])?.first?["mtu"] as? Int == 1400)
            }
        }

        @Test(arguments: AddressFamily.allCases) func aStrangersWaysAreReadWithTheirWeights(family: AddressFamily)
            throws
        {
            try Bench.run { bench in
                let ways = ["a", "b"].map {
                    "nexthop via \(Bench.gateway($0, family)) dev \($0) weight \($0 == "a" ? 3 : 1)"
                }
                try run(
                    "ip \(family.flag) route add \(family.farPrefix) metric 5 proto static \(ways.joined(separator: " "))"
                )
                let hops = ["a", "b"].map { device in
                    InlineHop(
                        gateway: IPAddress(Bench.gateway(device, family)),
                        interface: Bench.index(device),
                        weight: device == "a" ? 3 : 1
                    )
                }
                let found = try #require(try bench.routes(to: family.farPrefix).first)
                guard case .multipath(let read) = found.action else {
                    Issue.record("\(found.action)")
                    return
                }
                #expect(Set(read) == Set(hops))
            }
        }

        @Test(arguments: AddressFamily.allCases) func aRouteOverANextHopThatIsNotThereIsRefused(family: AddressFamily)
            throws
        {
            try Bench.run { bench in
                let refusal = try bench.refusal(.setRoute(farRoute(family, over: 77)))
                #expect(refusal == KernelRefusal(errno: EINVAL, words: "Nexthop id does not exist"))
            }
        }
    }
}
