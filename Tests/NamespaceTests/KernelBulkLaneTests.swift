import Forwarding
import Glibc
import NetTypes
import Testing

@testable import Kernel

/// Whole tables in a real kernel.
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
struct KernelBulkLaneTests {
    private static let count = 20_000

    /// Three routes in 20,000 name a next hop that is not there; each is refused, and only they are.
    @Test func errorsAreAttributedToTheirChanges() throws {
        let planted = [0, 7_777, 19_999]
        var operations = (0..<Self.count).map { setRoute($0, through: 9) }
        for index in planted { operations[index] = setRoute(index, through: 66) }
        let prelude: [KernelChange.Operation] = [
            .setNexthop(nexthop(1, .v4, via("10.0.0.2"))), .setNexthop(nexthop(9, .v4, group((1, 1)))),
        ]
        try inNewNetwork {
            try connectVethPair()
            let outcomes = try carryOutInBulk(prelude + operations)
            let refusal = ChangeOutcome.refused(KernelRefusal(errno: EINVAL, words: "Nexthop id does not exist"))
            #expect(outcomes.indices.filter { outcomes[$0] != .accepted } == planted.map { $0 + prelude.count })
            #expect(planted.allSatisfy { outcomes[$0 + prelude.count] == refusal })
            #expect(try countOfRoutes() == Self.count - planted.count)

            let deletion = try carryOutInBulk((0..<Self.count).map { .deleteRoute(bulkRoute($0, through: 9)) })
            let absent = ChangeOutcome.refused(KernelRefusal(errno: ESRCH, words: ""))
            #expect(deletion.indices.filter { deletion[$0] == absent } == planted)
            #expect(try countOfRoutes() == 0)
        }
    }

    /// Every single route refused: more answers than requests go unlost, or are said to be unknown; none is called accepted.
    @Test(arguments: [4 << 20, 1] as [Int32]) func aFloodOfErrorsIsNeverTakenForSuccess(receiveBuffer: Int32) throws {
        var limits = LaneLimits.bulk
        limits.receiveBuffer = receiveBuffer
        limits.answerWithin = .milliseconds(200)
        try inNewNetwork {
            let outcomes = try carryOutInBulk((0..<2000).map { setRoute($0, through: 66) }, limits)
            #expect(!outcomes.contains(.accepted))
            #expect(outcomes.contains(.unknown) == (receiveBuffer == 1))
        }
    }

    @Test func otherChangesAmongRoutesKeepTheirPlace() throws {
        try inNewNetwork {
            try connectVethPair()
            let outcomes = try carryOutInBulk([
                .setRoute(route("10.1.0.0/16", .nexthop(NexthopID(1)))),
                .setNexthop(nexthop(1, .v4, via("10.0.0.2"))),
                .changeRuleset(try #require(RulesetChange.from(nil, to: KernelNftTests.table))),
                .setRoute(route("10.2.0.0/16", .nexthop(NexthopID(1)))),
                .setRoute(route("10.3.0.0/16", .inline(gateway: nil, interface: 11))),
                .deleteRoute(route("10.2.0.0/16", .nexthop(NexthopID(1)))),
            ])
            #expect(outcomes.map { $0 == .accepted } == [false, true, true, true, false, true])
        }
    }

    @Test func aGroupReplaceOnTheFastLanePassesABulkLoad() throws {
        let prelude: [KernelChange.Operation] = [
            .setNexthop(nexthop(1, .v4, via("10.0.0.2"))), .setNexthop(nexthop(9, .v4, group((1, 1)))),
        ]
        try inNewNetwork {
            try connectVethPair()
            #expect(try carryOut(prelude) == accepted(2))
            let done = WorkQueue<String>()
            let bulk = try BulkLane { _, _ in _ = done.push("bulk") }
            let fast = try FastLane { _, outcomes in _ = done.push(outcomes == accepted(1) ? "fast" : "refused") }
            bulk.submit((0..<100_000).map { KernelChange(setRoute($0, through: 1), cause: nil) }, token: 1)
            fast.submit([KernelChange(.setNexthop(nexthop(9, .v4, group((1, 2)))), cause: nil)], token: 2)
            #expect(done.takeAll()?.first == "fast")
            fast.stop()
            bulk.stop()
        }
    }

    @Test func aStoppedLaneAnswersThatItDoesNotKnow() throws {
        try inNewNetwork {
            let outcomes = Outcomes()
            let lane = try BulkLane(completion: outcomes.completion)
            lane.stop()
            lane.submit([KernelChange(setRoute(1, through: 1), cause: nil)], token: 42)
            let answer = try outcomes.next()
            #expect(answer.token == 42)
            #expect(answer.outcomes == [.unknown])
        }
    }

    private func bulkRoute(_ index: Int, through id: UInt32) -> Route {
        let address = IPAddress(v4: 0x0B00_0000 + UInt32(index) << 8)
        let key = Route.Key(table: 7001, prefix: IPPrefix(containing: address, length: 24), metric: 77)
        return Route(key: key, action: .nexthop(NexthopID(id)), routeProtocol: 219)
    }

    private func setRoute(_ index: Int, through id: UInt32) -> KernelChange.Operation {
        .setRoute(bulkRoute(index, through: id))
    }

    private func carryOutInBulk(
        _ operations: [KernelChange.Operation],
        _ limits: LaneLimits = .bulk
    ) throws -> [ChangeOutcome] {
        let outcomes = Outcomes()
        let lane = try BulkLane(limits: limits, completion: outcomes.completion)
        defer { lane.stop() }
        lane.submit(operations.map { KernelChange($0, cause: nil) }, token: 1)
        return try outcomes.next().outcomes
    }

    private func countOfRoutes() throws -> Int {
        try run("ip route show table 7001").split(separator: "\n").count
    }
}
