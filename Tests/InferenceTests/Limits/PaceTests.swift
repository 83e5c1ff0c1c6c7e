/// Is the one word of a pace the bucket that it stands for? Against a slow bucket that is filled drop by drop, with a moved clock.
import Chance
import NetTypes
import Testing

@testable import Inference

@Suite struct PaceTests {
    /// Holds what is left in parts of a unit, and is filled by what the time since its last use gives.
    private struct SlowBucket {
        let amount: UInt64
        let span: UInt64
        /// In units × span, so that nothing is rounded.
        var left: Int128
        var at: UInt64

        init(_ amount: UInt64, _ span: UInt64, at now: UInt64) {
            (self.amount, self.span, at) = (amount, span, now)
            left = Int128(amount) * Int128(span)
        }

        mutating func fill(to now: UInt64) {
            left = min(Int128(amount) * Int128(span), left + Int128(now - at) * Int128(amount))
            at = now
        }

        mutating func take(_ units: UInt64, at now: UInt64) -> Bool {
            fill(to: now)
            guard left >= Int128(min(units, amount)) * Int128(span) else { return false }
            left -= Int128(units) * Int128(span)
            return true
        }

        mutating func settle(_ reserved: UInt64, as used: UInt64, at now: UInt64) {
            fill(to: now)
            left += (Int128(reserved) - Int128(used)) * Int128(span)
        }
    }

    /// Spans that the amounts divide: nothing is rounded, and the two must agree in every single answer.
    @Test(
        arguments: [(50, 1_000_000_000), (400_000, 60_000_000_000), (1, 3_600_000_000_000), (20, 1_000)]
            as [(UInt64, UInt64)]
    )
    func aWordAnswersAsTheBucketDoes(_ amount: UInt64, _ span: UInt64) {
        var random = SeededGenerator(amount &+ span)
        let pace = Pace(amount, per: Span(nanoseconds: Int64(span)))
        var now: UInt64 = 1_000_000_000_000
        var (word, bucket) = (UInt64(0), SlowBucket(amount, span, at: now))
        var (taken, refused) = (0, 0)
        var open: [UInt64] = []
        for _ in 0..<5_000 {
            now += random.below(span / 20 + 1)
            let at = Instant(nanoseconds: now)
            if random.below(4) == 0, let reserved = open.popLast() {
                let used = random.below(reserved * 2 + 2)
                word = pace.settling(reserved, as: used, in: word, at: at)
                bucket.settle(reserved, as: used, at: now)
            } else {
                let units = random.below(max(2, amount / 8) + 1)
                let next = pace.taking(units, from: word, at: at)
                let fits = bucket.take(units, at: now)
                #expect((next != nil) == fits, "\(units) of \(amount) at \(now)")
                if let next {
                    word = next
                    taken += 1
                    if units > 0 { open.append(units) }
                } else {
                    refused += 1
                    let wait = UInt64(pace.wait(for: units, in: word, at: at).nanoseconds)
                    #expect(wait > 0)
                    #expect(pace.taking(units, from: word, at: Instant(nanoseconds: now + wait)) != nil)
                    #expect(pace.taking(units, from: word, at: Instant(nanoseconds: now + wait - 1)) == nil)
                }
            }
            bucket.fill(to: now)
            let left = bucket.left < 0 ? 0 : UInt64(bucket.left / Int128(span))
            #expect(pace.left(in: word, at: at) == left)
        }
        #expect(taken > 300 && refused > 300, "\(taken) \(refused)")
    }

    @Test func whatWasReservedTooMuchComesBackAtOnce() {
        let pace = Pace(1000, per: .seconds(60))
        let now = Instant(nanoseconds: 5_000_000_000)
        let full = pace.taking(1000, from: 0, at: now)!
        #expect(pace.taking(1, from: full, at: now) == nil)
        let settled = pace.settling(1000, as: 10, in: full, at: now)
        #expect(pace.left(in: settled, at: now) == 990)
        #expect(pace.taking(991, from: settled, at: now) == nil && pace.taking(990, from: settled, at: now) != nil)
    }

    @Test func whatUsesMoreThanItReservedIsPaidByThoseAfterIt() {
        let pace = Pace(100, per: .seconds(10))
        let now = Instant(nanoseconds: 1)
        let word = pace.settling(10, as: 300, in: pace.taking(10, from: 0, at: now)!, at: now)
        #expect(pace.left(in: word, at: now) == 0)
        #expect(pace.wait(for: 1, in: word, at: now) == Span(nanoseconds: 20_100_000_000))
        #expect(pace.reset(in: word, at: now) == .seconds(30))
    }

    @Test func aRequestLargerThanTheWholeLimitPassesWhenNothingIsOwed() {
        let pace = Pace(100, per: .seconds(1))
        let now = Instant(nanoseconds: 9)
        let word = pace.taking(250, from: 0, at: now)!
        #expect(pace.wait(for: 250, in: word, at: now) == Span(nanoseconds: 2_500_000_000))
        #expect(pace.taking(250, from: pace.taking(1, from: 0, at: now)!, at: now) == nil)
    }

    @Test(arguments: [UInt64.max, UInt64.max / 2, 1 << 62] as [UInt64]) func absurdNumbersDoNotTrap(_ units: UInt64) {
        let pace = Pace(1, per: .seconds(86_400 * 30))
        let now = Instant(nanoseconds: 1)
        let word = pace.taking(units, from: 0, at: now)!
        #expect(pace.taking(units, from: word, at: now) == nil)
        #expect(pace.left(in: word, at: now) == 0)
        #expect(
            pace.settling(units, as: 0, in: word, at: now) <= word
                && pace.settling(0, as: units, in: word, at: now) >= word
        )
        let (wait, reset) = (pace.wait(for: units, in: word, at: now), pace.reset(in: word, at: now))
        #expect(wait > .zero && reset > .zero)
        // Whoever tells it rounds it up.
        #expect(!ResetText.text(wait).isEmpty && !ResetText.text(reset).isEmpty)
    }

    @Test(
        arguments: [
            (0, "0ms"), (1, "1ms"), (120_000_000, "120ms"), (1_000_000_000, "1s"), (1_500_000_000, "1.5s"),
            (59_906_000_000, "59.906s"), (360_000_000_000, "6m0s"), (3_630_000_000_000, "1h0m30s"),
        ] as [(Int64, String)]
    )
    func theTimeToAResetReadsAsOpenAIWritesIt(_ nanoseconds: Int64, _ text: String) {
        #expect(ResetText.text(Span(nanoseconds: nanoseconds)) == text)
        if nanoseconds % 1_000_000 == 0 { #expect(ResetText.span(text) == Span(nanoseconds: nanoseconds)) }
    }

    @Test(arguments: ["", "s", "1x", "1.2.3s", "-1s", "soon"]) func whatIsNoTimeIsNone(_ text: String) {
        #expect(ResetText.span(text) == nil)
    }
}

extension SeededGenerator {
    mutating func below(_ bound: UInt64) -> UInt64 { next() % max(1, bound) }
}
