import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@Suite struct ScoreTests {
    static func measured(_ latency: Int64, jitter: Int64 = 0, lossPermille: UInt32 = 0) -> Measured {
        Measured(
            latency: .milliseconds(latency),
            jitter: .milliseconds(jitter),
            loss: Fraction(millionths: lossPermille * 1000)
        )
    }

    static func dollars(_ cents: Int128) -> Money { Money(picoDollars: cents * 10_000_000_000) }

    private static let third = Aims(
        cost: Fraction(millionths: 400_000),
        latency: Fraction(millionths: 300_000),
        quality: Fraction(millionths: 300_000)
    )

    @Test(
        arguments: [
            (measured(0), 1_000_000, "nothing is better than no delay"),
            (measured(20), 833_333, "100 / 120"),
            (measured(100), 500_000, "half at a tenth of a second"),
            (measured(20, jitter: 5), 800_000, "its usual lateness counts"),
            (measured(20, lossPermille: 100), 454_545, "a tenth lost costs a tenth of a second"),
            (measured(1000, lossPermille: 1000), 47_619, "and all lost a second"),
        ] as [(Measured, UInt32, Comment)]
    )
    func latencyScoresByTheWholeDelay(measured: Measured, score: UInt32, why: Comment) {
        let evidence = Evidence(measured: measured, price: nil, quality: nil)
        #expect(Scoring.score(evidence, by: .latency, aims: nil)?.total == score, why)
    }

    @Test(
        arguments: [
            (dollars(0), 1_000_000), (dollars(100), 500_000), (dollars(400), 200_000), (dollars(401), 199_600),
            (Money(picoDollars: .max), 0),
        ] as [(Money, UInt32)]
    )
    func costScoresByThePrice(price: Money, score: UInt32) {
        let evidence = Evidence(measured: nil, price: price, quality: nil)
        #expect(Scoring.score(evidence, by: .cost, aims: nil)?.total == score)
    }

    @Test func hybridWeighsAllThreeAndNeedsWhatItWeighs() {
        let whole = Evidence(measured: Self.measured(100), price: .zero, quality: Fraction(millionths: 900_000))
        let score = Scoring.score(whole, by: .hybrid, aims: Self.third)
        #expect(score?.total == 820_000)
        #expect(score?.cost == 1_000_000 && score?.latency == 500_000 && score?.quality == 900_000)
        let unmeasured = Evidence(measured: nil, price: .zero, quality: .one)
        #expect(Scoring.score(unmeasured, by: .hybrid, aims: Self.third) == nil)
        let costAndQuality = Aims(
            cost: Fraction(millionths: 500_000),
            latency: .zero,
            quality: Fraction(millionths: 500_000)
        )
        #expect(Scoring.score(unmeasured, by: .hybrid, aims: costAndQuality)?.total == 1_000_000)
    }

    @Test(arguments: [Strategy.static, .weighted]) func whoDoesNotJudgeGivesNoScore(strategy: Strategy) {
        let whole = Evidence(measured: Self.measured(1), price: .zero, quality: .one)
        #expect(Scoring.score(whole, by: strategy, aims: Self.third) == nil)
    }

    @Test func aPriceNobodyKnowsIsNotZero() {
        #expect(Scoring.score(Evidence(measured: nil, price: nil, quality: nil), by: .cost, aims: nil) == nil)
    }

    @Test func aLimitIsBrokenByWhatIsKnownOnly() {
        let limits = Limits(
            maxLatency: .milliseconds(80),
            maxLoss: Fraction(millionths: 20_000),
            maxCost: Self.dollars(100),
            minQuality: Fraction(millionths: 500_000)
        )
        let broken = { (measured: Measured?, price: Money?, quality: Fraction?) in
            limits.broken(by: Evidence(measured: measured, price: price, quality: quality))
        }
        #expect(broken(nil, nil, nil) == nil)
        #expect(broken(Self.measured(80, lossPermille: 20), Self.dollars(100), Fraction(millionths: 500_000)) == nil)
        #expect(broken(Self.measured(81), .zero, .one) == .latency)
        #expect(broken(Self.measured(1, lossPermille: 21), .zero, .one) == .loss)
        #expect(broken(Self.measured(1), Self.dollars(101), .one) == .cost)
        #expect(broken(Self.measured(1), .zero, Fraction(millionths: 499_999)) == .quality)
    }
}
