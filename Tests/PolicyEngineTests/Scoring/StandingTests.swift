/// Groups that judge, under a clock that the test moves.
import Chance
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

/// One group and a clock.
private struct Judged {
    var table: GroupTable
    var now = Instant(nanoseconds: 1_000_000_000)
    private(set) var changes: [Instant] = []

    init(_ strategy: Strategy, _ terms: GroupTerms = .standard, keepsLast: Bool = true, _ members: MemberDefinition...)
    {
        let name = Located("g", at: Groups.nowhere)
        table = GroupTable(
            [GroupDefinition(name: name, strategy: strategy, members: members, keepsLast: keepsLast, terms: terms)],
            at: now
        )
    }

    var weights: [UInt32] { table.shares(of: GroupID(0), in: .v4).all.map(\.weight) }
    var reasons: [Share.Reason] { table.shares(of: GroupID(0), in: .v4).all.map(\.reason) }

    /// One round every tenth of a second for `seconds`: each member's answer in milliseconds, by `latency` of the round.
    mutating func run(_ seconds: Int, loss: [UInt32?] = [], _ latency: (Int) -> [Int64?]) {
        for round in 0..<(seconds * 10) {
            now = now + .milliseconds(100)
            for (member, time) in latency(round).enumerated() {
                let sample = Sample(
                    latency: time.map { .milliseconds($0) },
                    loss: (loss.indices.contains(member) ? loss[member] : nil).map { Fraction(millionths: $0) }
                )
                let before = weights
                _ = table.measure(sample, of: MemberID(member), in: .v4, at: now)
                if weights != before { changes.append(now) }
            }
            pass(.zero)
        }
    }

    mutating func pass(_ span: Span) {
        let before = weights
        now = now + span
        _ = table.advance(to: now)
        if weights != before { changes.append(now) }
    }

    mutating func observe(_ signal: Signal, _ member: Int) {
        _ = table.observe(signal, of: MemberID(member), in: .v4, at: now)
    }
}

@Suite struct StandingTests {
    private static let pair = (Groups.member("a", weight: 3), Groups.member("b"))
    private static let cause = Cause("test")

    @Test func loadLeavesASlowedMemberAndComesBackOnceEach() {
        var group = Judged(.latency, .standard, Self.pair.0, Self.pair.1)
        group.run(5) { _ in [20, 22] }
        #expect(group.weights == [3, 1], "hardly different: both lead")
        group.run(4) { _ in [120, 22] }
        #expect(group.weights == [3, 1], "not long enough yet")
        group.run(3) { _ in [120, 22] }
        #expect(group.weights == [0, 1] && group.reasons[0] == .behind(MemberID(1)))
        group.run(10) { _ in [20, 22] }
        #expect(group.weights == [3, 1])
        #expect(group.changes.count == 2, "once away, once back: \(group.changes)")
    }

    /// A member that is quick and slow in turns, each for less than the settling time, moves nothing.
    @Test func noiseMovesNothing() {
        var group = Judged(.latency, .standard, Self.pair.0, Self.pair.1)
        var random = SeededGenerator(7)
        group.run(5) { _ in (0..<2).map { _ in 20 + Int64.random(in: 0...6, using: &random) } }
        let before = group.changes.count
        group.run(600) { round in
            let burst: Int64 = round % 60 < 10 ? 100 : 0
            return [20 + Int64.random(in: 0...6, using: &random) + burst, 20 + Int64.random(in: 0...6, using: &random)]
        }
        #expect(group.changes.count == before, "\(group.changes)")
    }

    /// Whatever is measured, load moves at most once a settling time for each member.
    @Test(arguments: 1...20) func changesAreBoundedInRate(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        var group = Judged(.latency, .standard, Self.pair.0, Self.pair.1, Groups.member("c", weight: 2))
        group.run(120) { _ in
            (0..<3).map { _ in
                Int.random(in: 0..<10, using: &random) == 0 ? nil : Int64.random(in: 1...400, using: &random)
            }
        }
        let later = group.changes.filter { $0 > Instant(nanoseconds: 3_000_000_000) }
        #expect(later.count <= 3 * 120 / 5, "\(later.count)")
    }

    @Test(arguments: 1...10) func theSameSamplesGiveTheSameTable(_ seed: UInt64) {
        let play = { () -> GroupTable in
            var random = SeededGenerator(seed)
            var group = Judged(
                .latency,
                GroupTerms(damping: .standard, holdDown: .seconds(1)),
                Self.pair.0,
                Self.pair.1
            )
            group.run(30) { _ in (0..<2).map { _ in Int64.random(in: 1...400, using: &random) } }
            return group.table
        }
        #expect(play() == play())
    }

    @Test func whoIsNotMeasuredYetCarriesALittleAndThenItsPart() {
        var group = Judged(.latency, .standard, Self.pair.0, Self.pair.1)
        #expect(group.weights == [3, 1], "nobody is measured: weights decide")
        group.run(29) { _ in [20, nil] }
        #expect(group.weights == [3, 1], "too early to say that nobody measures the other")
        group.run(2) { _ in [20, nil] }
        #expect(group.weights == [19, 1] && group.reasons == [.eligible, .exploring])
        group.run(2) { _ in [20, 20] }
        #expect(group.weights == [3, 1])
        for _ in 0..<30 { group.run(1) { _ in [20, nil] } }
        group.pass(.seconds(400))
        #expect(group.weights == [3, 1], "nobody is known any more")
    }

    @Test func aLimitPutsOutAfterAWhileAndLetsInWithSomeRoom() {
        let terms = GroupTerms(limits: Limits(maxLatency: .milliseconds(80)))
        var group = Judged(.weighted, terms, Self.pair.0, Self.pair.1)
        group.run(5) { _ in [79, 20] }
        #expect(group.weights == [3, 1])
        group.run(8) { _ in [82, 20] }
        #expect(group.weights == [0, 1] && group.reasons[0] == .overLimit(.latency))
        group.run(20) { _ in [79, 20] }
        #expect(group.weights == [0, 1], "79 is too near to 80 to come back")
        group.run(10) { _ in [70, 20] }
        #expect(group.weights == [3, 1])
    }

    @Test func limitsNeverEmptyAGroup() {
        let terms = GroupTerms(limits: Limits(maxLoss: Fraction(millionths: 20_000)))
        var group = Judged(.weighted, terms, Self.pair.0, Self.pair.1, Groups.member("c", tier: 2))
        group.run(8, loss: [50_000, 50_000, 0]) { _ in [20, 20, 20] }
        #expect(group.weights == [0, 0, 1], "a higher tier within the limits comes first")
        group.observe(.failure(Self.cause), 2)
        #expect(group.weights == [3, 1, 0] && group.reasons == [.lastResort, .lastResort, .down])
    }

    @Test func costAndQualityNeedNoMeasurement() {
        let cheap = MemberDefinition(
            name: Located("cheap", at: Groups.nowhere),
            weight: 1,
            tier: 1,
            hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
            scopes: [.v4],
            price: .zero,
            quality: Fraction(millionths: 500_000)
        )
        let good = MemberDefinition(
            name: Located("good", at: Groups.nowhere),
            weight: 2,
            tier: 1,
            hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
            scopes: [.v4],
            price: ScoreTests.dollars(100),
            quality: Fraction(millionths: 900_000)
        )
        #expect(Judged(.cost, .standard, cheap, good).weights == [1, 0])
        #expect(Judged(.quality, .standard, cheap, good).weights == [0, 1])
        let terms = Terms(strategy: .cost, aims: nil, limits: Limits(minQuality: Fraction(millionths: 600_000)))
        let byPolicy = Judged(.quality, .standard, cheap, good).table.shares(of: GroupID(0), in: .v4, by: terms)
        #expect(byPolicy.all.map(\.reason) == [.overLimit(.quality), .eligible], "a policy's own terms")
    }

    @Test func anAllowanceIsFreeThenSharedThenCosts() {
        let metered = MemberDefinition(
            name: Located("metered", at: Groups.nowhere),
            weight: 1,
            tier: 1,
            hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
            scopes: [.v4],
            price: ScoreTests.dollars(400)
        )
        let dear = MemberDefinition(
            name: Located("dear", at: Groups.nowhere),
            weight: 1,
            tier: 1,
            hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
            scopes: [.v4],
            price: ScoreTests.dollars(100)
        )
        var group = Judged(.cost, .standard, metered, dear)
        #expect(group.weights == [0, 1])
        let after = ([0, 799, 800, 812, 813, 900, 999, 1000, 5000] as [UInt64]).map { used -> [UInt32] in
            _ = group.table.set(AllowanceLeft(used: used, of: 1000), of: MemberID(0))
            return group.weights
        }
        #expect(after == [[1, 0], [1, 0], [1, 0], [1, 0], [15, 1], [1, 1], [1, 15], [0, 1], [0, 1]])
    }
}

@Suite struct HoldingOutTests {
    private static let cause = Cause("test")

    @Test func holdDownKeepsOutForItsTimeAfterAFailure() {
        var group = Judged(.weighted, GroupTerms(holdDown: .seconds(10)), Groups.member("a"), Groups.member("b"))
        group.observe(.failure(Self.cause), 0)
        let failed = group.now
        group.pass(.seconds(1))
        group.observe(.success, 0)
        #expect(group.reasons == [.heldDown(until: failed + .seconds(10)), .eligible])
        #expect(group.table.nextMoment == failed + .seconds(10))
        group.pass(.seconds(8))
        #expect(group.weights == [0, 1])
        group.pass(.seconds(1))
        #expect(group.weights == [1, 1])
    }

    @Test func aLostLinkCountsAsAFailureAndItsReasonChangingDoesNot() throws {
        let terms = GroupTerms(damping: .standard)
        var group = Judged(.weighted, terms, Groups.member("a"), Groups.member("b"))
        group.observe(.absent(Cause("no-carrier")), 0)
        group.observe(.absent(Cause("no-device")), 0)
        group.observe(.failure(Self.cause), 0)
        let damping = try #require(group.table[MemberID(0)].standing(in: .v4)?.damping)
        #expect(damping.penalty(at: group.now, under: .standard) == 1000)
    }

    @Test func aFlappingMemberIsDampedAndReturnsByItself() throws {
        var group = Judged(.weighted, GroupTerms(damping: .standard), Groups.member("a"), Groups.member("b"))
        for _ in 0..<3 {
            group.observe(.failure(Self.cause), 0)
            group.pass(.seconds(20))
            group.observe(.success, 0)
        }
        guard case .damped(let until) = group.reasons[0] else {
            Issue.record("\(group.reasons)")
            return
        }
        #expect((until - group.now) > .seconds(1500) && (until - group.now) < .seconds(1800))
        group.pass(until - group.now)
        #expect(group.weights == [1, 1])
    }

    @Test func withNobodyElseADampedMemberCarries() {
        var group = Judged(.weighted, GroupTerms(holdDown: .seconds(10)), Groups.member("a"), Groups.member("b"))
        for member in 0...1 { group.observe(.failure(Self.cause), member) }
        group.observe(.success, 0)
        #expect(group.weights == [1, 0] && group.reasons == [.lastResort, .down])
    }

    @Test func newTermsForgetWhatTheyDoNotAskFor() {
        var group = Judged(.weighted, GroupTerms(holdDown: .seconds(10)), Groups.member("a"), Groups.member("b"))
        group.observe(.failure(Self.cause), 0)
        group.observe(.success, 0)
        let plain = Groups.group(.weighted, Groups.member("a"), Groups.member("b"))
        #expect(GroupTable([plain], keeping: group.table, at: group.now).weights() == [1, 1])
    }
}
