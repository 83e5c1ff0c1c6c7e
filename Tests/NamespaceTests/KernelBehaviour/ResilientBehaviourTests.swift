import Forwarding
import Glibc
import NetTypes
import Testing

@testable import Kernel

extension KernelBehaviour {
    /// Resilient groups: buckets, and when they move.
    struct Resilient {
        private func shape(_ count: UInt16 = 32, idle: Span = .seconds(60), unbalanced: Span = .zero) -> Buckets {
            Buckets(count: count, idle: idle, unbalanced: unbalanced)
        }

        private func members(_ weights: UInt32...) -> [WeightedNexthop] {
            weights.enumerated().map { WeightedNexthop(id: NexthopID(UInt32($0) + 1), weight: $1) }
        }

        private func make(_ bench: Bench, _ family: AddressFamily, _ weights: [WeightedNexthop], _ shape: Buckets)
            throws
        {
            for (number, device) in Bench.devices.enumerated() {
                try bench.carryOut(.setNexthop(hop(UInt32(number + 1), device, family)))
            }
            try bench.carryOut(
                .setNexthop(nexthop(9, family, .resilient(weights, shape))),
                .setRoute(farRoute(family, over: 9))
            )
        }

        /// How many buckets each member has.
        private func counts() throws -> [Int] {
            let buckets = try NexthopBucket.all(of: NexthopID(9))
            return (1...3 as ClosedRange<UInt32>).map { id in buckets.count { $0.member.value == id } }
        }

        private func owners() throws -> [UInt32] { try NexthopBucket.all(of: NexthopID(9)).map(\.member.value) }

        /// Touches every bucket: far more flows than there are buckets.
        private func keepBusy(_ bench: Bench, _ family: AddressFamily) {
            _ = bench.shares(of: 512, to: family.farAddress)
        }

        @Test(
            arguments: [([1, 1], 32, [16, 16, 0]), ([3, 1], 32, [24, 8, 0]), ([1, 1, 2], 64, [16, 16, 32])]
                as [([UInt32], UInt16, [Int])]
        )
        func bucketsAreGivenByWeight(weights: [UInt32], count: UInt16, expected: [Int]) throws {
            try Bench.run { bench in
                let members = weights.enumerated().map { WeightedNexthop(id: NexthopID(UInt32($0) + 1), weight: $1) }
                try make(bench, .v4, members, shape(count))
                #expect(try counts() == expected)
                #expect(
                    try bench.nexthop(9)?.kind == .resilient(members, shape(count)),
                    "and reads back as it was sent"
                )
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aLeavingMemberMovesOnlyItsOwnBuckets(family: AddressFamily) throws {
            try Bench.run { bench in
                try make(bench, family, members(1, 1, 1), shape(30))
                keepBusy(bench, family)
                let before = try owners()
                try bench.carryOut(.setNexthop(nexthop(9, family, .resilient(members(1, 1), shape(30)))))
                let after = try owners()
                #expect(zip(before, after).allSatisfy { $0 == 3 || $0 == $1 })
                #expect(!after.contains(3))
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func aBusyBucketStaysUntilItIsIdle(family: AddressFamily) throws {
            try Bench.run { bench in
                let shape = shape(idle: .milliseconds(500))
                try make(bench, family, members(1, 1), shape)
                keepBusy(bench, family)
                let before = try owners()
                try bench.carryOut(.setNexthop(nexthop(9, family, .resilient(members(1, 7), shape))))
                #expect(try owners() == before, "all are busy")
                usleep(900_000)
                #expect(try counts() == [4, 28, 0])
                let after = try owners()
                #expect(zip(before, after).allSatisfy { $0 == $1 || $0 == 1 }, "none moved against the change")
            }
        }

        @Test func anIdleBucketMovesAtOnce() throws {
            try Bench.run { bench in
                try make(bench, .v4, members(1, 1), shape(idle: .milliseconds(100)))
                usleep(200_000)
                try bench.carryOut(
                    .setNexthop(nexthop(9, .v4, .resilient(members(1, 3), shape(idle: .milliseconds(100)))))
                )
                #expect(try counts() == [8, 24, 0])
            }
        }

        @Test func aBusyBucketMovesWhenTheGroupHasBeenUnbalancedTooLong() throws {
            try Bench.run { bench in
                let shape = shape(idle: .seconds(60), unbalanced: .milliseconds(300))
                try make(bench, .v4, members(1, 1), shape)
                keepBusy(bench, .v4)
                let before = try owners()
                try bench.carryOut(.setNexthop(nexthop(9, .v4, .resilient(members(1, 3), shape))))
                #expect(try owners() == before)
                usleep(600_000)
                #expect(try counts() == [8, 24, 0])
            }
        }

        @Test func theNumberOfBucketsIsForLife() throws {
            try Bench.run { bench in
                try make(bench, .v4, members(1, 1), shape(32))
                let refusal = try bench.refusal(.setNexthop(nexthop(9, .v4, .resilient(members(1, 1), shape(64)))))
                #expect(refusal?.errno == EINVAL)
                #expect(try NexthopBucket.all(of: NexthopID(9)).count == 32)
            }
        }

        @Test func aGroupBecomesResilientOnlyAsANewOne() throws {
            try Bench.run { bench in
                try make(bench, .v4, members(1, 1), shape())
                #expect(try bench.refusal(.setNexthop(nexthop(9, .v4, group((1, 1)))))?.errno == EINVAL)
                try bench.carryOut(.setNexthop(nexthop(8, .v4, group((1, 1)))))
                #expect(
                    try bench.refusal(.setNexthop(nexthop(8, .v4, .resilient(members(1, 1), shape()))))?.errno == EINVAL
                )
            }
        }

        @Test(arguments: AddressFamily.allCases) func routesMoveToAGroupOfAnotherShapeWithoutALoss(
            family: AddressFamily
        ) throws {
            try Bench.run { bench in
                try make(bench, family, members(1, 1), shape())
                try bench.carryOut(.setNexthop(nexthop(8, family, group((1, 1), (2, 1)))))
                try bench.carryOut(.setRoute(farRoute(family, over: 8)), .deleteNexthop(NexthopID(9), family))
                let sent = bench.shares(of: 64, to: family.farAddress)
                #expect(sent.values.reduce(0, +) == 1)
            }
        }

        @Test(arguments: AddressFamily.allCases) func aResilientGroupParksOnABlackholeToo(family: AddressFamily) throws
        {
            try Bench.run { bench in
                try make(bench, family, members(1, 1), shape())
                try bench.carryOut(.setNexthop(nexthop(4, family, .blackhole)))
                let parked = [WeightedNexthop(id: NexthopID(4), weight: 1)]
                try bench.carryOut(.setNexthop(nexthop(9, family, .resilient(parked, shape()))))
                #expect(bench.way(TestPacket(to: family.farAddress)) == nil)
                #expect(try bench.routes(to: family.farPrefix).count == 1)
                try bench.carryOut(.setNexthop(nexthop(9, family, .resilient(members(1, 1), shape()))))
                #expect(bench.shares(of: 64, to: family.farAddress).values.reduce(0, +) == 1)
            }
        }

        @Test(arguments: AddressFamily.allCases) func aLostLinkGivesItsBucketsToTheOthers(family: AddressFamily) throws
        {
            try Bench.run { bench in
                try make(bench, family, members(1, 1), shape())
                keepBusy(bench, family)
                try run("ip link set dev a-far down")
                try bench.waitUntil("its buckets moved") { try counts() == [0, 32, 0] }
                #expect(bench.shares(of: 64, to: family.farAddress) == ["b": 1])
            }
        }
    }
}
