/// When real traffic puts a member out, when it may be tried, and what a provider's wish to be left alone does.
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct BreakerTests {
    private let failure = Signal.failure(Cause("server-error"))

    /// A group of `one` and `two` that waits 5 s, at most 30.
    private func rig(_ more: String = "recover-at-most: 30s") throws -> Rig {
        var rig = Rig()
        try rig.configure(
            "version: 1\n" + Rig.models.replacing("recover-after: 5s", with: "recover-after: 5s\n      \(more)")
        )
        return rig
    }

    @discardableResult
    private func tell(_ rig: inout Rig, _ signal: Signal, _ member: String = "chat.one", times: Int = 1) -> [Effect] {
        (0..<times).flatMap { _ in rig.tell(.gateway(.signal(member: member, path: nil, signal, at: rig.now))) }
    }

    private func verdict(_ rig: Rig, _ member: String = "chat.one") -> Verdict? {
        rig.router.models?.groups.member(named: member)?.health(in: .any)?.verdict
    }

    /// How long the member stays out now, in seconds; it is on trial after it.
    private func wait(_ rig: inout Rig) -> Int {
        for second in 1...100 where !rig.sleep(.seconds(1)).snapshots.isEmpty { return second }
        return 0
    }

    @Test func aTrialIsSaidToBeOneAndEndsWithItsAnswer() throws {
        var rig = try rig()
        tell(&rig, failure, times: 3)
        let trial = rig.sleep(.seconds(5)).snapshots
        #expect(trial.map(\.trials) == [[MemberID(0)]])
        let over = tell(&rig, .success).snapshots
        #expect(over.map(\.trials) == [[]] && verdict(rig) == .up)
    }

    @Test func eachFailedTrialDoublesTheWaitUpToItsEnd() throws {
        var rig = try rig()
        tell(&rig, failure, times: 3)
        var waits: [Int] = []
        for _ in 0..<5 {
            waits.append(wait(&rig))
            tell(&rig, failure)
        }
        #expect(waits == [5, 10, 20, 30, 30])
    }

    @Test func whoFailsRightAfterComingBackWaitsLongerAndWhoHeldDoesNot() throws {
        var rig = try rig()
        tell(&rig, failure, times: 3)
        _ = wait(&rig)
        tell(&rig, .success)
        rig.sleep(.seconds(4))
        tell(&rig, failure, times: 3)
        #expect(wait(&rig) == 10)
        tell(&rig, .success)
        rig.sleep(.seconds(11))
        tell(&rig, failure, times: 3)
        #expect(wait(&rig) == 5)
    }

    @Test func halfOfItsAttemptsFailingPutsAMemberOutThoughNeverThreeInARow() throws {
        var rig = try rig()
        for _ in 0..<9 {
            tell(&rig, failure)
            tell(&rig, .success)
        }
        #expect(verdict(rig) == .up, "eighteen are too few")
        tell(&rig, .success)
        tell(&rig, failure)
        #expect(verdict(rig) == .down)
    }

    /// Whether it was put out at any moment of twenty failures, each followed by an answer.
    private func isPutOut(_ rig: inout Rig) -> Bool {
        (0..<20).contains { _ in
            tell(&rig, failure)
            defer { tell(&rig, .success) }
            return verdict(rig) == .down
        }
    }

    @Test func answersThatWereOnlyCountedWeighAsMuch() throws {
        var rig = try rig()
        rig.tell(.gateway(.answered(member: "chat.one", count: 100, at: rig.now)))
        #expect(!isPutOut(&rig))
        rig.sleep(.seconds(40))
        #expect(isPutOut(&rig), "what was half a minute ago is forgotten")
    }

    @Test func aPauseIsDegradedUntilItEndsWhateverElseIsAnswered() throws {
        var rig = try rig()
        let until = rig.now + .seconds(7)
        let heard = rig.tell(.gateway(.pause(member: "chat.one", Cause("rate-limited"), until: until)))
        #expect(heard.snapshots.count == 1 && verdict(rig) == .degraded)
        #expect(tell(&rig, .success).isEmpty && verdict(rig) == .degraded)
        #expect(rig.sleep(.milliseconds(6999)).isEmpty)
        let over = rig.sleep(.milliseconds(1)).snapshots
        #expect(over.map(\.trials) == [[MemberID(0)]] && verdict(rig) == .unknown, "one request finds out")
        #expect(tell(&rig, .success).snapshots.map(\.trials) == [[]] && verdict(rig) == .up)
    }

    @Test func aPauseThatGoesOnIsMetByOneRequest() throws {
        var rig = try rig()
        for _ in 0..<3 {
            rig.tell(.gateway(.pause(member: "chat.one", Cause("rate-limited"), until: rig.now + .seconds(2))))
            #expect(verdict(rig) == .degraded)
            #expect(rig.sleep(.seconds(2)).snapshots.map(\.trials) == [[MemberID(0)]])
        }
    }

    @Test func aLaterPauseIsTheOneThatCounts() throws {
        var rig = try rig()
        for seconds in [9, 3] as [Int64] {
            rig.tell(.gateway(.pause(member: "chat.one", Cause("rate-limited"), until: rig.now + .seconds(seconds))))
        }
        #expect(rig.sleep(.seconds(8)).isEmpty)
        #expect(rig.sleep(.seconds(1)).snapshots.count == 1)
    }

    @Test func oneMembersFailuresAreNeverAnothers() throws {
        var rig = try rig()
        tell(&rig, failure, times: 30)
        #expect(verdict(rig) == .down && verdict(rig, "chat.two") == .unknown)
    }

    @Test func aGroupKeepsHalfOfItsMembersWhenToldTo() throws {
        var rig = try rig("max-ejected: 0.5")
        tell(&rig, failure, times: 3)
        rig.sleep(.milliseconds(1))
        let snapshot = try #require(tell(&rig, failure, "chat.two", times: 3).snapshots.last)
        let shares = snapshot.models.shares(of: GroupID(0), in: .any).all
        #expect(shares.map(\.weight) == [0, 1] && shares.map(\.reason) == [.down, .lastResort])
    }

    @Test func anApplyForgetsNothingOfMembersThatStay() throws {
        var rig = try rig()
        tell(&rig, failure, times: 3)
        try rig.configure(
            "version: 1\n" + Rig.models.replacing("members: {", with: "members: { none: { provider: local, model: z },")
        )
        #expect(verdict(rig) == .down)
        #expect(wait(&rig) == 5)
    }
}
