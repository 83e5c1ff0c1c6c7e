import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@Suite struct SharesTests {
    @Test func weightedSharesFollowWeightsOfTheEligible() {
        var table = Groups.table(Groups.group(.weighted, Groups.member("a", weight: 3), Groups.member("b", weight: 1)))
        #expect(table.weights() == [3, 1] && table.reasons() == [.eligible, .eligible])
        table.fail(0)
        #expect(table.weights() == [0, 1] && table.reasons() == [.down, .eligible])
        #expect(table.weights(.v6) == [3, 1], "the other family is kept apart")
        table.succeed(0)
        #expect(table.weights() == [3, 1])
    }

    @Test func staticGivesAllToTheFirstEligible() {
        var table = Groups.table(Groups.group(.static, Groups.member("a", weight: 3), Groups.member("b")))
        #expect(table.weights() == [3, 0] && table.reasons() == [.eligible, .behind(MemberID(0))])
        table.fail(0)
        #expect(table.weights() == [0, 1])
    }

    @Test func aHigherTierWaitsUntilTheLowerHasNobody() {
        var table = Groups.table(
            Groups.group(.weighted, Groups.member("a"), Groups.member("b"), Groups.member("c", tier: 2))
        )
        #expect(table.reasons()[2] == .standby(activeTier: 1))
        table.fail(0)
        #expect(table.weights() == [0, 1, 0])
        table.fail(1)
        #expect(table.weights() == [0, 0, 1] && table.shares(of: GroupID(0), in: .v4).activeTier == 2)
    }

    @Test func aDegradedMemberCarriesOnlyWhileNoHealthyOneOfAnyTierCan() {
        var table = Groups.table(
            Groups.group(.weighted, Groups.member("a", weight: 3), Groups.member("b"), Groups.member("c", tier: 2))
        )
        table.degrade(0)
        #expect(table.weights() == [0, 1, 0] && table.reasons() == [.degraded, .eligible, .standby(activeTier: 1)])
        table.degrade(1)
        #expect(table.weights() == [0, 0, 1] && table.reasons() == [.degraded, .degraded, .eligible])
        table.fail(2)
        #expect(table.weights() == [3, 1, 0], "better degraded than down")
        #expect(table.reasons() == [.lastResort, .lastResort, .down])
        #expect(!table.shares(of: GroupID(0), in: .v4).isKeptLast)
        table.succeed(1)
        #expect(table.weights() == [0, 1, 0])
        #expect(table.weights(.v6) == [3, 1, 0], "the other family is kept apart")
    }

    @Test func drainAndDownTakeAMemberOutWhateverItsHealth() {
        var table = Groups.table(Groups.group(.weighted, Groups.member("a"), Groups.member("b")))
        #expect(table.set(.drain, of: MemberID(0)) == true)
        #expect(table.set(.drain, of: MemberID(0)) == false, "no change")
        #expect(table.reasons() == [.drained, .eligible])
        _ = table.set(.down, of: MemberID(1))
        #expect(table.weights() == [0, 0], "the operator's word is not overruled by keep-last")
        #expect(table.reasons() == [.drained, .adminDown])
    }

    @Test func withNobodyHealthyTheLastCarriersGoOn() {
        var table = Groups.table(
            Groups.group(.weighted, Groups.member("a"), Groups.member("b"), Groups.member("c", tier: 2))
        )
        table.fail(0)
        table.fail(2)
        table.fail(1)
        #expect(table.weights() == [0, 1, 0], "b was the last to carry")
        #expect(table.reasons() == [.down, .keptLast, .down])
        #expect(table.shares(of: GroupID(0), in: .v4).isKeptLast)
        _ = table.observe(.absent(Cause("no-carrier")), of: MemberID(1), in: .v4, at: Groups.start)
        #expect(table.weights() == [1, 0, 1], "what is not there cannot be kept; any other is better than none")
    }

    @Test func withoutKeepLastNobodyCarries() {
        var table = Groups.table(Groups.group(.weighted, keepsLast: false, Groups.member("a")))
        table.fail(0)
        #expect(table.weights() == [0] && table.shares(of: GroupID(0), in: .v4).activeTier == nil)
    }

    @Test func aMemberOutsideTheScopeCarriesNothingInIt() {
        let table = Groups.table(Groups.group(.weighted, Groups.member("a", scopes: [.v4]), Groups.member("b")))
        #expect(table.reasons(.v6) == [.outOfScope, .eligible] && table.weights(.v6) == [0, 1])
        #expect(table.weights(.any) == [0, 0])
    }

    @Test func anExcludedMemberIsLeftOutOfThisOneQuestion() {
        let table = Groups.table(Groups.group(.weighted, Groups.member("a"), Groups.member("b", tier: 2)))
        let tried = Cause("tried")
        let shares = table.shares(of: GroupID(0), in: .v4) { $0 == MemberID(0) ? tried : nil }
        #expect(shares.all.map(\.reason) == [.excluded(tried), .eligible])
        #expect(table.weights() == [1, 0])
    }

    @Test func aReloadKeepsHealthAndAdminStateByName() {
        var table = Groups.table(Groups.group(.weighted, Groups.member("a"), Groups.member("b"), Groups.member("c")))
        table.fail(0)
        _ = table.set(.drain, of: MemberID(1))
        let moved = Groups.group(.weighted, Groups.member("new"), Groups.member("b"), Groups.member("a", weight: 9))
        let next = GroupTable([moved], keeping: table, at: Groups.start)
        #expect(next.reasons() == [.eligible, .drained, .down])
    }

    @Test func strangersIdsChangeNothing() {
        var table = Groups.table(Groups.group(.weighted, Groups.member("a")))
        #expect(table.fail(99) == .none)
        #expect(table.observe(.success, of: MemberID(-1), in: .v4, at: Groups.start) == .none)
        #expect(table.set(.down, of: MemberID(99)) == false)
        #expect(table.set(.down, of: MemberID(-1)) == false)
        #expect(table.fail(0, .any) == .none, "a scope it does not have")
    }

    @Test func noMoreThanSoManyAreLeftOutForBeingDown() {
        let members = ["a", "b", "c", "d"].map { Groups.member($0, scopes: [.v4]) }
        let definition = GroupDefinition(
            name: Located("g", at: Groups.nowhere),
            strategy: .weighted,
            members: members,
            keepsLast: true,
            mostDown: 2
        )
        var table = Groups.table(definition)
        for (second, member) in [2, 0, 3, 1].enumerated() {
            let moment = Instant(nanoseconds: UInt64(second + 1) * 1_000_000_000)
            _ = table.observe(.failure(Cause("test")), of: MemberID(member), in: .v4, at: moment)
        }
        #expect(table.weights() == [0, 1, 0, 1], "the first two that failed are out")
        #expect(table.reasons() == [.down, .lastResort, .down, .lastResort])
        table.succeed(0)
        #expect(table.weights() == [1, 1, 0, 0], "another takes its place")
    }
}
