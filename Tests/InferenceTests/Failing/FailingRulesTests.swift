/// The small rules of failing: how many retries, how long a wait, which share.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct FailingRulesTests {
    private func tally(_ all: UInt64, _ some: UInt64) -> Tally {
        var tally = Tally()
        (tally.all, tally.some) = (all, some)
        return tally
    }

    @Test(
        arguments: [
            (0, 0, true, "the floor counts without any load"),
            (0, 9, true, "the last one of the floor"),
            (0, 10, false, "the floor is used up"),
            (1000, 209, true, "a fifth of a thousand, and the floor"),
            (1000, 210, false, "used up"),
            (10_485_750, 2_000_000, true, "the largest counts there are"),
        ] as [(UInt64, UInt64, Bool, String)]
    )
    func retriesAreAShareAndAFloor(_ requests: UInt64, _ retries: UInt64, _ isAllowed: Bool, _ why: String) {
        let budget = RetryBudget(share: Fraction(millionths: 200_000), atLeast: 10)
        #expect(budget.allows(after: tally(requests, retries)) == isAllowed, "\(why)")
    }

    @Test func noShareAndNoFloorIsNoRetry() {
        #expect(!RetryBudget(share: .zero, atLeast: 0).allows(after: tally(1000, 0)))
    }

    @Test(
        arguments: [
            ("0", 0), ("120", 120), (" 7", 7), ("1.5", 1), ("99999999999999999999", Int64.max),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Mon, 21 Sep 2026 14:13:50 GMT", 30),
            ("Tue, 22 Sep 2026 14:13:20 GMT", 86_400),
            ("Tue, 29 Feb 2028 00:00:00 GMT", 45395200),
        ] as [(String, Int64)]
    )
    func retryAfterIsReadAsSecondsOrAsADate(_ text: String, _ seconds: Int64) {
        #expect(RetryAfter.span(text, unixSeconds: 1_790_000_000) == .seconds(seconds))
    }

    @Test(arguments: [
        "", "soon", "-1", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 41 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994",
    ])
    func whatCannotBeReadIsNoTime(_ text: String) {
        #expect(RetryAfter.span(text, unixSeconds: 1_790_000_000) == nil)
    }

    @Test func theWaitDoublesUpToItsEnd() {
        let rule = PassiveHealth(downAfter: 3, recoverAfter: .seconds(30), recoverAtMost: .seconds(600))
        #expect(
            [0, 1, 2, 3, 4, 5, 400].map { rule.pause(afterFailedTrials: $0).milliseconds / 1000 } == [
                30, 60, 120, 240, 480, 600, 600,
            ]
        )
        let long = PassiveHealth(downAfter: 3, recoverAfter: .seconds(900), recoverAtMost: .seconds(600))
        #expect(long.pause(afterFailedTrials: 3) == .seconds(900), "never shorter than the first wait")
    }

    @Test(
        arguments: [(0, 5, 0), (100_000, 3, 1), (500_000, 3, 1), (500_000, 4, 2), (999_999, 4, 3)]
            as [(UInt32, Int, Int)]
    )
    func aShareOfAGroupIsAtLeastOneMemberUnlessItIsNone(_ share: UInt32, _ members: Int, _ most: Int) {
        let rule = PassiveHealth(downAfter: 3, recoverAfter: .seconds(1), mostEjected: Fraction(millionths: share))
        #expect(rule.mostDown(of: members) == most)
        #expect(PassiveHealth.standard.mostDown(of: members) == nil)
    }

    @Test(
        arguments: [(19, 19, false), (20, 9, false), (20, 10, true), (1000, 499, false), (1000, 500, true)]
            as [(UInt64, UInt64, Bool)]
    )
    func halfOfEnoughAttemptsIsTooOften(_ attempts: UInt64, _ failures: UInt64, _ isTooOften: Bool) {
        #expect(PassiveHealth.standard.isTooOften(tally(attempts, failures)) == isTooOften)
        let never = PassiveHealth(downAfter: 3, downAtShare: .one, recoverAfter: .seconds(1))
        #expect(!never.isTooOften(tally(attempts, attempts)))
    }
}
