import CTestShim
import Forwarding
import Glibc
import NetTypes
import Testing

@testable import Kernel

/// A next hop by the device's gateway.
func hop(_ id: UInt32, _ device: String, _ family: AddressFamily) -> Nexthop {
    let gateway = IPAddress(Bench.gateway(device, family))
    return nexthop(id, family, .via(gateway: gateway, interface: Bench.index(device), onlink: false))
}

/// A route to the far prefix of the family over a next hop.
func farRoute(_ family: AddressFamily, over id: UInt32, table: UInt32 = 254, metric: UInt32 = 77) -> Route {
    route(family.farPrefix, .nexthop(NexthopID(id)), table: table, metric: metric)
}

extension KernelBehaviour {
    /// Next hops by themselves.
    struct Nexthops {
        /// Whoever asks first: the source address of what this host sends by the one route is then that of the other's first device. That is
        /// why a path has a next hop of its own (docs/decisions/0019).
        @Test(arguments: [(true, "a"), (false, "b")])
        func inIPv6RoutesOverOneNextHopShareWhatTheKernelFoundForIt(isShared: Bool, device: String) throws {
            try Bench.run { bench in
                // Each processor finds out for itself.
                try #require(ctest_keep_processor(1) == 0)
                defer { precondition(ctest_keep_processor(0) == 0) }
                try bench.carryOut(
                    .setNexthop(hop(1, "a", .v6)),
                    .setNexthop(hop(2, "b", .v6)),
                    .setNexthop(hop(3, "b", .v6)),
                    .setNexthop(nexthop(4, .v6, group((1, 1), (2, 1)))),
                    .setRoute(farRoute(.v6, over: 4)),
                    .setRoute(farRoute(.v6, over: isShared ? 2 : 3, table: 7001))
                )
                try run("ip -6 rule add fwmark 0x1 lookup 7001 pref 7001")
                // Enough flows that both members have been taken.
                #expect(bench.shares(of: 64, to: AddressFamily.v6.farAddress).count == 2)
                let found = try objects("ip -j -6 route get \(AddressFamily.v6.farAddress) mark 0x1").first
                #expect(found?["dev"] as? String == "b")
                #expect(found?["prefsrc"] as? String == "fd00:0:0:\(Bench.index(device) - 10)::1")
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aNextHopCarriesTheRoutesThatNameItAndCanBeReplacedUnderThem(family: AddressFamily) throws {
            try Bench.run { bench in
                try bench.carryOut(.setNexthop(hop(1, "a", family)), .setRoute(farRoute(family, over: 1)))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "a")
                try bench.carryOut(.setNexthop(hop(1, "b", family)))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b")
                #expect(try bench.nexthop(1) == hop(1, "b", family))
                #expect(
                    try bench.routes(to: family.farPrefix) == [farRoute(family, over: 1)],
                    "the route was not touched"
                )
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aDeletedNextHopTakesItsRoutesAlong(family: AddressFamily) throws {
            try Bench.run { bench in
                try bench.carryOut(.setNexthop(hop(1, "a", family)), .setRoute(farRoute(family, over: 1)))
                try bench.carryOut(.deleteNexthop(NexthopID(1), family))
                #expect(try bench.nexthop(1) == nil)
                #expect(try bench.routes(to: family.farPrefix).isEmpty)
                #expect(bench.way(TestPacket(to: family.farAddress)) == nil)
            }
        }

        @Test func aNextHopIsDeletedOnlyOnce() throws {
            try Bench.run { bench in
                try bench.carryOut(.setNexthop(hop(1, "a", .v4)), .deleteNexthop(NexthopID(1), .v4))
                #expect(try bench.refusal(.deleteNexthop(NexthopID(1), .v4))?.errno == ENOENT)
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aNextHopNeedsADeviceThatIsThereAndUpWithCarrier(family: AddressFamily) throws {
            try Bench.run { bench in
                let missing = nexthop(1, family, .via(gateway: nil, interface: 999, onlink: false))
                #expect(
                    try bench.refusal(.setNexthop(missing))
                        == KernelRefusal(errno: EINVAL, words: "Invalid device index")
                )
                try run("ip link set dev a down")
                #expect(try bench.refusal(.setNexthop(hop(1, "a", family)))?.errno == ENETDOWN)
                try run("ip link set dev b-far down")
                try bench.waitUntil("the carrier is lost") {
                    try bench.refusal(.setNexthop(hop(1, "b", family)))?.errno == ENETDOWN
                }
                #expect(try bench.refusal(.setNexthop(hop(1, "c", family))) == nil)
            }
        }

        @Test(arguments: [("198.51.100.1", AddressFamily.v4), ("2001:db8:1::1", .v6)])
        func aGatewayBeyondTheConnectedNetworkNeedsOnlink(gateway: String, family: AddressFamily) throws {
            try Bench.run { bench in
                let way = { nexthop(1, family, .via(gateway: IPAddress(gateway), interface: 11, onlink: $0)) }
                #expect(try bench.refusal(.setNexthop(way(false))) != nil)
                try bench.carryOut(.setNexthop(way(true)))
                #expect(try bench.nexthop(1) == way(true))
            }
        }

        @Test func anIPv6AddressOfThisHostIsNoGateway() throws {
            try Bench.run { bench in
                let own = nexthop(1, .v6, .via(gateway: IPAddress("fd00:0:0:1::1"), interface: 11, onlink: false))
                let refusal = try bench.refusal(.setNexthop(own))
                #expect(refusal?.errno == EINVAL)
            }
        }

        @Test func aLinkLocalGatewayBelongsToItsDevice() throws {
            try Bench.run { bench in
                for (id, device) in [(UInt32(1), "a"), (2, "b")] {
                    let way = nexthop(
                        id,
                        .v6,
                        .via(gateway: IPAddress("fe80::2"), interface: Bench.index(device), onlink: false)
                    )
                    try bench.carryOut(.setNexthop(way), .setRoute(farRoute(.v6, over: id)))
                    #expect(bench.way(TestPacket(to: AddressFamily.v6.farAddress)) == device)
                }
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aBlackholeDiscardsWhatItsRoutesSend(family: AddressFamily) throws {
            try Bench.run { bench in
                try bench.carryOut(.setNexthop(hop(1, "a", family)), .setRoute(farRoute(family, over: 1)))
                try bench.carryOut(.setNexthop(nexthop(1, family, .blackhole)))
                #expect(bench.way(TestPacket(to: family.farAddress)) == nil)
                try bench.carryOut(.setNexthop(hop(1, "a", family)))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "a", "and back")
            }
        }

        @Test func anIPv4RouteGoesThroughAnIPv6Gateway() throws {
            try Bench.run { bench in
                try bench.carryOut(.setNexthop(hop(1, "b", .v6)), .setRoute(farRoute(.v4, over: 1)))
                #expect(bench.way(TestPacket(to: AddressFamily.v4.farAddress)) == "b")
                #expect(try objects("ip -j -4 route show 192.0.2.0/24").first?["nhid"] as? Int == 1)
            }
        }

        @Test func anIPv6RouteGoesThroughNoIPv4Gateway() throws {
            try Bench.run { bench in
                try bench.carryOut(.setNexthop(hop(1, "b", .v4)))
                #expect(try bench.refusal(.setRoute(farRoute(.v6, over: 1)))?.errno == EINVAL)
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aLostLinkTakesItsNextHopsAndTheirRoutesAndRestoresNothing(family: AddressFamily) throws {
            try Bench.run { bench in
                try bench.carryOut(.setNexthop(hop(1, "a", family)), .setRoute(farRoute(family, over: 1)))
                try run("ip link set dev a-far down")
                try bench.waitUntil("the next hop is gone") { try bench.nexthop(1) == nil }
                #expect(try bench.routes(to: family.farPrefix).isEmpty)
                try run("ip link set dev a-far up")
                #expect(try bench.nexthop(1) == nil)
            }
        }
    }
}
