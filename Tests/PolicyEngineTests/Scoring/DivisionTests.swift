import Chance
import NetTypes
import PolicyEngine
import Testing

@Suite struct DivisionTests {
    private func weights(_ contenders: [Contender], band: UInt32 = 50_000, exploration: UInt32 = 50_000) -> [UInt32] {
        Division.weights(contenders, band: band, exploration: exploration)
    }

    @Test func thoseWithinTheBandShareByWeight() {
        let contenders = [(3, 800_000), (1, 750_000), (9, 749_999)].map { Contender(weight: $0, score: $1) }
        #expect(weights(contenders) == [3, 1, 0])
        #expect(weights(contenders, band: 0) == [1, 0, 0])
    }

    @Test func withNobodyKnownTheWeightsDecide() {
        #expect(weights([Contender(weight: 3, score: nil), Contender(weight: 1, score: nil)]) == [3, 1])
    }

    @Test func theUnknownCarryTheirPartTogether() {
        let found = weights([
            Contender(weight: 5, score: 900_000), Contender(weight: 1, score: nil), Contender(weight: 3, score: nil),
        ])
        #expect(found == [76, 1, 3], "95 %, and 5 % one to three")
        #expect(weights([Contender(weight: 5, score: 9), Contender(weight: 1, score: nil)], exploration: 0) == [1, 0])
    }

    @Test func aLeaderNearTheEndOfItsAllowanceGivesWayInSteps() {
        let parts = (0...16).map { sixteenths in
            weights([
                Contender(
                    weight: 1,
                    score: sixteenths == 0 ? 200_000 : 1_000_000,
                    scoreWhenSpent: (1..<16).contains(sixteenths) ? 200_000 : nil,
                    sixteenths: sixteenths
                ),
                Contender(weight: 1, score: 500_000),
            ])
        }
        #expect(parts[16] == [1, 0] && parts[12] == [3, 1] && parts[8] == [1, 1] && parts[1] == [1, 15])
        #expect(parts[0] == [0, 1])
    }

    @Test func itsEndMattersNotWhileOthersAreBetterAnyway() {
        let found = weights([
            Contender(weight: 1, score: 500_000, scoreWhenSpent: 100_000, sixteenths: 3),
            Contender(weight: 1, score: 900_000),
        ])
        #expect(found == [0, 1])
    }

    @Test(
        arguments: [
            ([100, 200, 400], [4, 2, 1], "who takes twice as long carries half"),
            ([100, 102, 99], [1, 1, 1], "what hardly differs is alike"),
            ([100, 5000, 100], [16, 1, 16], "nobody carries nothing"),
            ([0, 0, 1], [16, 16, 1], "no time at all"),
            ([nil, 100, 100], [2, 19, 19], "the unknown have their part"),
            ([nil, nil, nil], [1, 1, 1], "with nobody known the weights decide"),
        ] as [([Int64?], [UInt32], Comment)]
    )
    func delaysDivideTheLoad(_ delays: [Int64?], _ expected: [UInt32], _ why: Comment) {
        let contenders = delays.map { Contender(weight: 1, score: $0 == nil ? nil : 500_000) }
        let found = Division.weights(contenders, delays: delays.map { $0.map(Span.milliseconds) }, exploration: 50_000)
        #expect(found == expected, why)
    }

    @Test func delaysAndWeightsMultiply() {
        let contenders = [3, 1].map { Contender(weight: $0, score: 1) }
        let found = Division.weights(contenders, delays: [.milliseconds(200), .milliseconds(100)], exploration: 0)
        #expect(found == [3, 2])
    }

    /// Nobody's share shrinks by being quicker.
    @Test(arguments: 1...100) func whoGetsQuickerCarriesNoLess(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        let contenders = (0..<Int.random(in: 2...6, using: &random)).map { _ in
            Contender(weight: Int.random(in: 1...65_535, using: &random), score: 1)
        }
        var delays = contenders.map { _ in Int64.random(in: 1...10_000_000, using: &random) }
        let share = { (delays: [Int64]) -> [Double] in
            let found = Division.weights(contenders, delays: delays.map { Span(nanoseconds: $0) }, exploration: 0)
            let sum = found.reduce(0.0) { $0 + Double($1) }
            return found.map { Double($0) / sum }
        }
        let before = share(delays)
        let index = Int.random(in: delays.indices, using: &random)
        delays[index] = Int64.random(in: 1...delays[index], using: &random)
        let after = share(delays)
        // Whole numbers of 16 bits: a thousandth is rounding.
        #expect(after[index] >= before[index] - 0.001)
    }

    /// Random groups: somebody always carries, weights fit, the unknown stay within their part, nobody's better score costs it load.
    @Test(arguments: 1...200) func whateverTheScores(_ seed: UInt64) {
        var random = SeededGenerator(seed)
        for _ in 0..<20 {
            let contenders = (0..<Int.random(in: 1...8, using: &random)).map { _ in contender(&random) }
            let band = UInt32.random(in: 0...100_000, using: &random)
            let found = weights(contenders, band: band)
            let sum = found.reduce(0) { $0 + UInt64($1) }
            #expect(sum > 0 && found.allSatisfy { $0 <= 65_535 } && found.count == contenders.count)
            #expect(found == weights(contenders, band: band), "the same again")
            checkExploration(contenders, found)
            checkMonotony(contenders, found, band, &random)
        }
    }

    private func contender(_ random: inout SeededGenerator) -> Contender {
        let score = UInt32.random(in: 0...1_000_000, using: &random)
        let isEnding = Int.random(in: 0..<5, using: &random) == 0
        return Contender(
            weight: [1, 2, 11, 45, 65_535].randomElement(using: &random)!,
            score: Int.random(in: 0..<6, using: &random) == 0 ? nil : score,
            scoreWhenSpent: isEnding ? UInt32.random(in: 0...score, using: &random) : nil,
            sixteenths: isEnding ? Int.random(in: 1...15, using: &random) : 16
        )
    }

    private func checkExploration(_ contenders: [Contender], _ found: [UInt32]) {
        guard contenders.contains(where: { $0.score != nil }) else { return }
        let unknown = zip(contenders, found).reduce(UInt64(0)) { $0 + ($1.0.score == nil ? UInt64($1.1) : 0) }
        let sum = found.reduce(0) { $0 + UInt64($1) }
        // Each has at least one part of the whole, which rounding may add.
        #expect(unknown * 1_000_000 <= sum * 51_000 + UInt64(contenders.count) * 1_000_000)
    }

    private func checkMonotony(
        _ contenders: [Contender],
        _ found: [UInt32],
        _ band: UInt32,
        _ random: inout SeededGenerator
    ) {
        let index = Int.random(in: contenders.indices, using: &random)
        guard let score = contenders[index].score, contenders[index].scoreWhenSpent == nil else { return }
        var better = contenders
        better[index] = Contender(
            weight: contenders[index].weight,
            score: UInt32.random(in: score...1_000_000, using: &random)
        )
        let after = weights(better, band: band)
        let (before, sum) = (UInt128(found[index]), UInt128(found.reduce(0) { $0 + UInt64($1) }))
        let (now, sumNow) = (UInt128(after[index]), UInt128(after.reduce(0) { $0 + UInt64($1) }))
        // now / sumNow ≥ before / sum, but for a hundredth that rounding to 16 bits may take.
        #expect(now * sum * 101 >= before * sumNow * 100, "\(contenders) → \(better)")
    }
}
