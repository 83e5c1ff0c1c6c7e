import NetTypes
import PolicyEngine
import Testing

@Suite struct HealthTests {
    private let hysteresis = Hysteresis(downAfter: 3, upAfter: 2)
    private let timeout = Cause("probe-timeout")
    private let limit = Cause("loss-limit")

    /// `+` a success, `~` an answer beyond a limit, `-` a failure; the verdict after each.
    @Test(arguments: [
        ("-", "?"), ("--", "??"), ("---", "??d"), ("+", "u"), ("+--", "uuu"), ("+---", "uuud"), ("+--+--", "uuuuuu"),
        ("---+", "??dd"), ("---++", "??ddu"), ("---+-++", "??ddddu"), ("---++---", "??dduuud"),
        ("+++++++---", "uuuuuuuuud"),
        // Limits have their own hysteresis: both edges act at once, but a way back from `down` still takes two answers.
        ("~", "g"), ("+~+", "ugu"), ("~--~", "gggg"), ("~---~~", "gggddg"), ("---~+", "??ddu"), ("---+~", "??ddg"),
    ])
    func verdictsFollowResultsInARow(_ signals: String, _ verdicts: String) {
        var health = Health(hysteresis, since: Instant(nanoseconds: 0))
        var seen = ""
        for (index, signal) in signals.enumerated() {
            let now = Instant(nanoseconds: UInt64(index))
            let heard: Signal = signal == "+" ? .success : signal == "~" ? .degraded(limit) : .failure(timeout)
            _ = health.observe(heard, at: now)
            switch health.verdict {
            case .unknown: seen += "?"
            case .up: seen += "u"
            case .degraded: seen += "g"
            case .down: seen += "d"
            }
        }
        #expect(seen == verdicts)
    }

    @Test func aChangeIsReportedOnceWithItsTimeAndCause() {
        var health = Health(hysteresis, since: Instant(nanoseconds: 0))
        #expect(health.observe(.success, at: Instant(nanoseconds: 1)) == .became(.up, from: .unknown))
        #expect(health.observe(.failure(timeout), at: Instant(nanoseconds: 2)) == .none)
        #expect(health.observe(.failure(timeout), at: Instant(nanoseconds: 3)) == .none)
        #expect(health.observe(.failure(timeout), at: Instant(nanoseconds: 4)) == .became(.down, from: .up))
        #expect(health.observe(.failure(timeout), at: Instant(nanoseconds: 5)) == .none)
        #expect(health.since == Instant(nanoseconds: 4) && health.cause == timeout)
    }

    @Test func aDegradedMemberSaysWhyAndMayStillCarryLoad() {
        var health = Health(hysteresis, since: Instant(nanoseconds: 0))
        _ = health.observe(.success, at: Instant(nanoseconds: 1))
        #expect(health.observe(.degraded(limit), at: Instant(nanoseconds: 2)) == .became(.degraded, from: .up))
        #expect(health.observe(.degraded(Cause("jitter-limit")), at: Instant(nanoseconds: 3)) == .none)
        #expect(health.cause == Cause("jitter-limit") && health.since == Instant(nanoseconds: 2) && health.isEligible)
        #expect(health.observe(.success, at: Instant(nanoseconds: 4)) == .became(.up, from: .degraded))
        #expect(health.cause == nil)
    }

    @Test func absenceActsAtOnceAndKeepsTheVerdict() {
        var health = Health(hysteresis, since: Instant(nanoseconds: 0))
        _ = health.observe(.success, at: Instant(nanoseconds: 1))
        let carrier = Cause("no-carrier")
        #expect(health.observe(.absent(carrier), at: Instant(nanoseconds: 2)) == .vanished(carrier))
        #expect(health.observe(.absent(carrier), at: Instant(nanoseconds: 3)) == .none)
        #expect(!health.isEligible && health.verdict == .up)
        #expect(health.observe(.present, at: Instant(nanoseconds: 4)) == .appeared)
        #expect(health.observe(.present, at: Instant(nanoseconds: 5)) == .none)
        #expect(health.isEligible)
    }

    @Test func anotherRuleKeepsTheVerdictAndCountsAnew() {
        var health = Health(hysteresis, since: Instant(nanoseconds: 0))
        _ = health.observe(.success, at: Instant(nanoseconds: 1))
        _ = health.observe(.failure(timeout), at: Instant(nanoseconds: 2))
        var changed = health.under(Hysteresis(downAfter: 2, upAfter: 1))
        #expect(changed.verdict == .up)
        #expect(changed.observe(.failure(timeout), at: Instant(nanoseconds: 3)) == .none)
        #expect(changed.observe(.failure(timeout), at: Instant(nanoseconds: 4)) == .became(.down, from: .up))
    }

    @Test func hysteresisIsAtLeastOne() {
        #expect(Hysteresis(downAfter: 0, upAfter: -5) == Hysteresis(downAfter: 1, upAfter: 1))
    }
}
