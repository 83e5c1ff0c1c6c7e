/// Does a budget pay no more than it has, and begin anew with its period?
import Chance
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct SpendingTests {
    private static let day = 20_261_126

    private static func subject(_ picoDollars: UInt64, per span: SpendingLimit.Span = .day) -> LoadSubject {
        var limits = LoadLimits()
        limits.budget = SpendingLimit(picoDollars: picoDollars, per: span)
        return LoadSubject(.key, "ci", limits, PlainWords())
    }

    /// A book with a line for each request that runs.
    private struct SlowBook {
        let budget: UInt64
        var period = 0
        var settled: UInt64 = 0
        var open: [UInt64] = []

        mutating func reserve(_ amount: UInt64, in period: Int) -> Bool {
            if period > self.period { (self.period, settled, open) = (period, 0, []) }
            guard settled + open.reduce(0, +) + amount <= budget || amount == 0 else { return false }
            open.append(amount)
            return true
        }
    }

    /// Random requests over many days, some of which end days later, against the book.
    @Test(arguments: [SpendingLimit.Span.day, .month]) func aWordSaysWhatTheBookSays(_ span: SpendingLimit.Span) {
        var random = SeededGenerator(span == .day ? 1 : 2)
        let subject = Self.subject(1000, per: span)
        var book = SlowBook(budget: 1000)
        var day = Self.day
        var running: [(hold: SpendingHold, period: Int)] = []
        var refused = 0
        for _ in 0..<20_000 {
            if random.below(200) == 0 { day += day % 100 < 28 ? 1 : 73 }
            if random.below(2) == 0, !running.isEmpty {
                let (hold, period) = running.remove(at: Int(random.below(UInt64(running.count))))
                let cost = random.below(hold.picoDollars * 2 + 2)
                subject.settle(hold, cost: cost)
                if period == book.period, let line = book.open.firstIndex(of: hold.picoDollars) {
                    book.open.remove(at: line)
                    book.settled += cost
                }
            } else {
                let amount = random.below(60)
                let hold = subject.reserve(amount, on: day)
                #expect((hold != nil) == book.reserve(amount, in: span.period(of: day)))
                if let hold { running.append((hold, book.period)) } else { refused += 1 }
            }
            if span.period(of: Int(subject.words.value(of: .day))) == book.period {
                #expect(subject.words.value(of: span.words.spent) == book.settled + book.open.reduce(0, +))
            }
        }
        #expect(refused > 100, "\(refused)")
    }

    @Test func whatIsInFlightNeverExceedsTheBudgetAndWhatCostsNothingAlwaysPasses() {
        let subject = Self.subject(100)
        let first = subject.reserve(60, on: Self.day)
        #expect(first != nil && subject.reserve(41, on: Self.day) == nil && subject.reserve(40, on: Self.day) != nil)
        #expect(subject.reserve(0, on: Self.day) != nil)
        subject.settle(first!, cost: 10)
        #expect(subject.reserve(51, on: Self.day) == nil && subject.reserve(50, on: Self.day) != nil)
    }

    @Test func aRequestBelongsToThePeriodInWhichItBegan() {
        let subject = Self.subject(100)
        let hold = subject.reserve(100, on: Self.day)!
        #expect(subject.reserve(100, on: Self.day + 1) != nil, "the new day has nothing of the old one")
        subject.settle(hold, cost: 70)
        #expect(subject.words.value(of: .spentOfDay) == 100)
        #expect(subject.reserve(1, on: Self.day) == nil, "a clock that is set back gives no second budget")
    }

    @Test func aProcessThatBeginsAnewGoesOnWhereTheLastOneEnded() {
        let subject = Self.subject(100, per: .month)
        let use = { (day: Int, ofMonth: UInt64) in
            SpendingUse(kind: .key, name: "ci", day: day, ofDay: 0, ofMonth: ofMonth)
        }
        subject.recall(use(20_261_103, 90))
        subject.recall(use(20_261_103, 90))
        #expect(subject.reserve(11, on: Self.day) == nil && subject.reserve(10, on: Self.day) != nil)
        subject.recall(use(20_261_031, 5000))
        #expect(subject.words.value(of: .elsewhereOfMonth) == 90, "an earlier month says nothing")
        // What others settle besides comes to what is reserved here.
        subject.recall(use(20_261_103, 85))
        #expect(subject.reserve(6, on: Self.day) == nil && subject.reserve(5, on: Self.day) != nil)
        #expect(subject.reserve(100, on: 20_261_201) != nil, "the next month has nothing of it")
    }

    /// Whoever edits the file changes what a budget counts, not what was spent.
    @Test func aBudgetThatIsCountedByAnotherPeriodKnowsWhatWasSpentInThatOne() throws {
        let words = PlainWords()
        let subject = { (span: SpendingLimit.Span) in
            var limits = LoadLimits()
            limits.budget = SpendingLimit(picoDollars: 100, per: span)
            return LoadSubject(.key, "ci", limits, words)
        }
        let (daily, monthly) = (subject(.day), subject(.month))
        daily.recall(SpendingUse(kind: .key, name: "ci", day: Self.day, ofDay: 5, ofMonth: 20))
        daily.settle(try #require(daily.reserve(30, on: Self.day)), cost: 10)
        daily.settle(try #require(daily.reserve(30, on: Self.day + 1)), cost: 40)
        let running = try #require(daily.reserve(30, on: Self.day + 1))
        // 20 elsewhere, 10 of the day before, 40 and 30 of this one.
        #expect(monthly.reserve(1, on: Self.day + 1) == nil)
        daily.settle(running, cost: 25)
        let more = try #require(monthly.reserve(5, on: Self.day + 1))
        #expect(monthly.reserve(1, on: Self.day + 1) == nil)
        #expect(daily.reserve(31, on: Self.day + 1) == nil, "40, 25 and 5")
        monthly.settle(more, cost: 0)
        #expect(daily.reserve(35, on: Self.day + 1) != nil)
    }

    // MARK: In exchanges

    /// `big` costs 1 and 2 USD a million, `small` nothing.
    private static func stage(_ budget: UInt64) -> LimitedStage {
        LimitedStage { snapshot in
            let price = { (input: UInt64, output: UInt64) in
                Price(PriceRates(input: input * 1_000_000, output: output * 1_000_000))
            }
            snapshot.deployments[0].price = price(1, 2)
            snapshot.deployments[1].price = price(0, 0)
            var limits = LoadLimits()
            limits.budget = SpendingLimit(picoDollars: budget, per: .day)
            snapshot.keys[0].limits = limits
        }
    }

    @Test func anExchangeReservesTheEstimateAndIsChargedWhatItCost() throws {
        let stage = Self.stage(10_000_000_000)
        let running = try stage.begin(model: "chat.big")
        let words = stage.words(.key, "ci")
        let reserved = words.value(of: .spentOfDay)
        #expect(reserved > 2 * 1024 * 1_000_000 && reserved < 3 * 1024 * 1_000_000)
        running.answer(at: stage.now)
        // 3 tokens of prompt, 1 of answer.
        #expect(words.value(of: .spentOfDay) == 5_000_000 && running.record?.cost?.picoDollars == 5_000_000)
    }

    @Test func anAttemptThatFailedGivesItsReservationBack() throws {
        let stage = Self.stage(10_000_000_000)
        let running = try stage.begin()
        #expect(stage.words(.key, "ci").value(of: .spentOfDay) > 0)
        for _ in 0..<2 { running.handle(.connectFailed(running.attempt!, .connectRefused, detail: ""), at: stage.now) }
        #expect(running.order?.provider == 1)
        #expect(stage.words(.key, "ci").value(of: .spentOfDay) == 0, "the second one costs nothing")
    }

    @Test func whenTheBudgetIsUsedUpWhatCostsNothingServesAndElseTheClientIsTold() throws {
        let stage = Self.stage(1)
        let running = try stage.begin()
        #expect(running.order?.provider == 1)
        running.handle(.clientGone, at: stage.now)
        #expect(running.record?.candidates.first { $0.member == "chat.big" }?.cause == "over-budget")
        let refused = try stage.begin(model: "chat.big")
        #expect(refused.head?.status == 429 && refused.record?.errorCode == "insufficient_quota")
        #expect(refused.header("x-should-retry") == "false" && refused.header("retry-after") == nil)
        #expect(refused.record?.outcome == .rejected)
    }

    @Test func whatHasNoPriceIsNotPaidFor() throws {
        let stage = Self.stage(1_000_000_000_000)
        stage.snapshot.deployments[0].price = nil
        let running = try stage.begin()
        #expect(running.order?.provider == 1)
        running.handle(.clientGone, at: stage.now)
        #expect(running.record?.candidates.first { $0.member == "chat.big" }?.cause == "price-unknown")
    }
}
