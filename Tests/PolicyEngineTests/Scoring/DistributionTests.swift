import NetTypes
import PolicyEngine
import Testing

@Suite struct DistributionTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }

    @Test func fourSamplesMakeItKnownAndSilenceUnknownAgain() throws {
        var distribution = Distribution(first: 20, at: at(0))
        for second in Int64(1)...2 { distribution.add(20, at: at(second * 1000)) }
        #expect(!distribution.isKnown(at: at(2000)) && distribution.knownUntil == nil)
        distribution.add(20, at: at(2999))
        // Something was forgotten in those three seconds, a little of a sample.
        #expect(!distribution.isKnown(at: at(2999)))
        distribution.add(20, at: at(3000))
        #expect(distribution.isKnown(at: at(3000)))
        for second in Int64(4)...100 { distribution.add(20, at: at(second * 1000)) }
        let until = try #require(distribution.knownUntil)
        #expect(
            distribution.isKnown(at: Instant(nanoseconds: until.nanoseconds - 1)) && !distribution.isKnown(at: until)
        )
        #expect((until - at(100_000)) > .seconds(60), "more was known than at first")
    }

    @Test func whatIsMeasuredOnceAnHourIsKnownForHours() {
        var distribution = Distribution(first: 20, at: at(0))
        for hour in Int64(1)...10 { distribution.add(20, at: at(hour * 3_600_000)) }
        #expect(distribution.isKnown(at: at(12 * 3_600_000)))
    }

    @Test func oneOutlierMovesTheMeanByAnEighthAndIsSeenInTheDeviation() {
        var distribution = Distribution(first: 100, at: at(0))
        for step in Int64(1)...20 { distribution.add(100, at: at(step * 100)) }
        #expect(distribution.mean == 100 && distribution.deviation == 0)
        distribution.add(900, at: at(2100))
        #expect(distribution.mean == 200 && distribution.deviation == 100)
    }

    @Test func extremesAreSurvived() {
        var distribution = Distribution(first: .max, at: at(0))
        distribution.add(.min, at: at(1))
        distribution.add(0, at: at(0))
        #expect(distribution.samples(at: at(1)) > 0)
    }
}
