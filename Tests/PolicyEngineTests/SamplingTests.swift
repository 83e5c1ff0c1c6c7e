import Chance
import NetTypes
import PolicyEngine
import Testing

@Suite struct SamplingTests {
    private let hash = KeyedHash(key0: 7, key1: 11)

    @Test func weightedDrawsComeOutInProportion() {
        var random = SeededGenerator(42)
        let weights: [UInt32] = [5, 0, 1, 94]
        var counts = [0, 0, 0, 0]
        let draws = 100_000
        for _ in 0..<draws {
            if let pick = Sampling.weighted(weights, draw: random.next()) { counts[pick] += 1 }
        }
        #expect(counts[1] == 0 && counts.reduce(0, +) == draws)
        // Five standard deviations: √(n p (1 − p)) is at most 75 here.
        for (count, weight) in zip(counts, weights) { #expect(abs(count - draws * Int(weight) / 100) < 375) }
    }

    @Test func theEndsOfTheDrawPickTheEnds() {
        #expect(Sampling.weighted([1, 2, 3], draw: 0) == 0)
        #expect(Sampling.weighted([1, 2, 3], draw: .max) == 2)
        #expect(Sampling.weighted([0, 0, 3, 0], draw: .max) == 2)
        #expect(Sampling.weighted([], draw: 1) == nil && Sampling.weighted([0, 0], draw: 1) == nil)
        #expect(Sampling.weighted(Array(repeating: .max, count: 1000), draw: .max) == 999)
    }

    @Test func consistentChoiceIsInProportionToo() {
        let weights: [UInt32] = [1, 3, 6]
        var counts = [0, 0, 0]
        for key in 0..<UInt64(100_000) {
            if let pick = Sampling.consistent(weights, identities: [101, 202, 303], key: key, hash: hash) {
                counts[pick] += 1
            }
        }
        // Five standard deviations: at most 155.
        for (count, weight) in zip(counts, weights) { #expect(abs(count - 10_000 * Int(weight)) < 775) }
    }

    @Test func removingAMemberMovesOnlyItsOwnKeys() {
        let identities: [UInt64] = [11, 22, 33, 44]
        for key in 0..<UInt64(5000) {
            let before = Sampling.consistent([2, 1, 1, 4], identities: identities, key: key, hash: hash)
            let after = Sampling.consistent([2, 0, 1, 4], identities: identities, key: key, hash: hash)
            if before == 1 { #expect(after != 1 && after != nil) } else { #expect(before == after) }
        }
    }

    @Test func aLargerWeightOnlyDrawsKeysToItself() {
        let identities: [UInt64] = [11, 22, 33]
        var moved = 0
        for key in 0..<UInt64(20_000) {
            let before = Sampling.consistent([1, 1, 1], identities: identities, key: key, hash: hash)
            let after = Sampling.consistent([1, 2, 1], identities: identities, key: key, hash: hash)
            if before != after {
                #expect(after == 1)
                moved += 1
            }
        }
        // From a third to a half: a sixth of all keys, 3333 ± 5 × 53.
        #expect(abs(moved - 3333) < 265)
    }

    @Test func theOrderOfMembersDoesNotMatter() {
        for key in 0..<UInt64(2000) {
            let one = Sampling.consistent([1, 2], identities: [11, 22], key: key, hash: hash)
            let other = Sampling.consistent([2, 1], identities: [22, 11], key: key, hash: hash)
            #expect(one == other.map { 1 - $0 })
        }
    }

    @Test func withoutWeightsOrIdentitiesNothingIsChosen() {
        #expect(Sampling.consistent([], identities: [], key: 1, hash: hash) == nil)
        #expect(Sampling.consistent([0, 0], identities: [1, 2], key: 1, hash: hash) == nil)
        #expect(Sampling.consistent([1, 1], identities: [], key: 1, hash: hash) == nil)
    }
}
