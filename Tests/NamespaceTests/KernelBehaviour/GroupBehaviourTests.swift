import Forwarding
import Glibc
import NetTypes
import Testing

@testable import Kernel

extension KernelBehaviour {
    /// Groups: membership, weights, and what takes members away.
    struct Groups {
        /// Two members, their group, and a route over it.
        private func twoWays(_ bench: Bench, _ family: AddressFamily, _ weights: (UInt32, UInt32) = (1, 1)) throws {
            try bench.carryOut(
                .setNexthop(hop(1, "a", family)),
                .setNexthop(hop(2, "b", family)),
                .setNexthop(nexthop(9, family, group((1, weights.0), (2, weights.1)))),
                .setRoute(farRoute(family, over: 9))
            )
        }

        struct Weights: Sendable, CustomTestStringConvertible {
            let (first, second): (UInt32, UInt32)
            let family: AddressFamily
            var testDescription: String { "\(first):\(second) \(family)" }
        }

        @Test(
            arguments: AddressFamily.allCases.flatMap { family in
                [(1, 1), (2, 1), (11, 45)].map { Weights(first: $0.0, second: $0.1, family: family) }
            }
        )
        func flowsDivideByWeight(weights: Weights) throws {
            try Bench.run { bench in
                try twoWays(bench, weights.family, (weights.first, weights.second))
                let share = bench.shares(of: 4096, to: weights.family.farAddress)["a"] ?? 0
                let wished = Double(weights.first) / Double(weights.first + weights.second)
                #expect(abs(share - wished) < 0.15 * min(wished, 1 - wished), "\(share)")
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aReplacedGroupMovesItsRoutesWithoutTouchingThem(family: AddressFamily) throws {
            try Bench.run { bench in
                try twoWays(bench, family)
                try bench.carryOut(.setNexthop(nexthop(9, family, group((2, 1)))))
                #expect(bench.shares(of: 64, to: family.farAddress) == ["b": 1])
                #expect(try bench.routes(to: family.farPrefix) == [farRoute(family, over: 9)])
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aMemberThatIsReplacedStaysInItsGroup(family: AddressFamily) throws {
            try Bench.run { bench in
                try twoWays(bench, family)
                try bench.carryOut(.setNexthop(hop(1, "c", family)))
                #expect(Set(bench.shares(of: 256, to: family.farAddress).keys) == ["b", "c"])
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aDeletedMemberLeavesTheRestToItsGroup(family: AddressFamily) throws {
            try Bench.run { bench in
                try twoWays(bench, family)
                try bench.carryOut(.deleteNexthop(NexthopID(1), family))
                #expect(try bench.nexthop(9)?.kind == group((2, 1)))
                #expect(bench.shares(of: 64, to: family.farAddress) == ["b": 1])
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func theLastMemberTakesGroupAndRoutesAlong(family: AddressFamily) throws {
            try Bench.run { bench in
                try twoWays(bench, family)
                try bench.carryOut(.deleteNexthop(NexthopID(1), family), .deleteNexthop(NexthopID(2), family))
                #expect(try bench.nexthop(9) == nil)
                #expect(try bench.routes(to: family.farPrefix).isEmpty)
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aDeletedGroupTakesItsRoutesAndLeavesItsMembers(family: AddressFamily) throws {
            try Bench.run { bench in
                try twoWays(bench, family)
                try bench.carryOut(.deleteNexthop(NexthopID(9), family))
                #expect(try bench.routes(to: family.farPrefix).isEmpty)
                #expect(try bench.nexthop(1) == hop(1, "a", family))
            }
        }

        @Test(arguments: ["a down", "a-far down"], AddressFamily.allCases)
        func aMembersLostLinkShrinksTheGroup(what: String, family: AddressFamily) throws {
            try Bench.run { bench in
                try twoWays(bench, family)
                try run("ip link set dev \(what)")
                try bench.waitUntil("the group is smaller") { try bench.nexthop(9)?.kind == group((2, 1)) }
                #expect(bench.shares(of: 64, to: family.farAddress) == ["b": 1])
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func theLastMembersLostLinkTakesGroupAndRoutes(family: AddressFamily) throws {
            try Bench.run { bench in
                try twoWays(bench, family)
                for device in ["a", "b"] { try run("ip link set dev \(device)-far down") }
                try bench.waitUntil("the group is gone") { try bench.nexthop(9) == nil }
                #expect(try bench.routes(to: family.farPrefix).isEmpty)
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aGroupParkedOnABlackholeKeepsItsRoutesThroughAnyLoss(family: AddressFamily) throws {
            try Bench.run { bench in
                try twoWays(bench, family)
                try bench.carryOut(
                    .setNexthop(nexthop(3, family, .blackhole)),
                    .setNexthop(nexthop(9, family, group((3, 1))))
                )
                for device in ["a", "b"] { try run("ip link set dev \(device)-far down") }
                #expect(try bench.routes(to: family.farPrefix).count == 1)
                #expect(bench.way(TestPacket(to: family.farAddress)) == nil)
                for device in ["a", "b"] { try run("ip link set dev \(device)-far up") }
                try run("ip neigh replace \(Bench.gateway("b", family)) lladdr 02:00:00:00:01:02 dev b nud permanent")
                try bench.carryOut(.setNexthop(hop(2, "b", family)), .setNexthop(nexthop(9, family, group((2, 1)))))
                #expect(bench.way(TestPacket(to: family.farAddress)) == "b")
            }
        }

        /// What the kernel refuses of groups, and why in its own words.
        @Test(
            arguments: [
                ("a group in a group", group((9, 1)), ""),
                ("a member twice", group((1, 1), (1, 1)), "Nexthop id can not be used twice in a group"),
                ("a member that is not there", group((77, 1)), "Invalid nexthop id"),
                ("a blackhole among others", group((1, 1), (3, 1)), "can not be used"),
                ("nobody", group(), ""),
            ] as [(String, Nexthop.Kind, String)]
        )
        func noGroupIsMadeOf(what: String, kind: Nexthop.Kind, words: String) throws {
            try Bench.run { bench in
                try twoWays(bench, .v4)
                try bench.carryOut(.setNexthop(nexthop(3, .v4, .blackhole)))
                let refusal = try bench.refusal(.setNexthop(nexthop(10, .v4, kind)))
                #expect(refusal?.errno == EINVAL, "\(what)")
                #expect(words.isEmpty || refusal?.words.contains(words) == true, "\(refusal?.words ?? "")")
            }
        }

        @Test func aLoneNextHopBecomesNoGroupNorTheOtherWayRound() throws {
            try Bench.run { bench in
                try twoWays(bench, .v4)
                #expect(try bench.refusal(.setNexthop(nexthop(1, .v4, group((2, 1)))))?.errno == EINVAL)
                #expect(try bench.refusal(.setNexthop(hop(9, "a", .v4)))?.errno == EINVAL)
            }
        }

        @Test(arguments: [1, 256, 257, 65535] as [UInt32]) func aWeightIsKeptAsItWasSent(weight: UInt32) throws {
            try Bench.run { bench in
                #expect(try KernelFeatures.probe().hasWideWeights, "this kernel keeps 16 bits")
                try twoWays(bench, .v4, (weight, 1))
                #expect(try bench.nexthop(9)?.kind == group((1, weight), (2, 1)))
            }
        }

        @Test func aGroupCountsWhatItSendsByEachMember() throws {
            try Bench.run { bench in
                try twoWays(bench, .v4)
                let sent = bench.shares(of: 512, to: AddressFamily.v4.farAddress)
                let counts = try #require(try MemberCount.all(of: NexthopID(9)))
                #expect(counts.map(\.member.value) == [1, 2])
                #expect(counts.map(\.packets) == ["a", "b"].map { UInt64((sent[$0] ?? 0) * 512) })
            }
        }
    }
}
