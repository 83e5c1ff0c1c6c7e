/// Which row of a price holds, and what tokens cost by it.
import ConfigSyntax
import Testing

@testable import Inference

@Suite struct PriceTests {
    /// 1 USD/Mtok is 10^6 pico-dollars a token.
    private static let usd: UInt64 = 1_000_000

    private static func rates(_ input: UInt64) -> PriceRates { PriceRates(input: input, output: 2 * input) }

    private static let price = Price(rows: [
        .init(rates(10)), .init(rates(20), above: 1000), .init(rates(30), above: 5000),
        .init(rates(5), service: .batch), .init(rates(40), service: .priority, above: 1000),
        .init(rates(11), from: 100), .init(rates(12), from: 200, until: 300),
    ])

    struct Case: Sendable {
        let input: UInt64
        let service: ServiceClass
        let second: UInt64
        let rate: UInt64?
        let why: String
    }

    @Test(arguments: [
        Case(input: 1, service: .standard, second: 0, rate: 10, why: "the plain row"),
        Case(input: 1000, service: .standard, second: 0, rate: 10, why: "above means more than"),
        Case(input: 1001, service: .standard, second: 0, rate: 20, why: "the longer prompt's row"),
        Case(input: 6000, service: .standard, second: 0, rate: 30, why: "the longest that holds"),
        Case(input: 6000, service: .standard, second: 150, rate: 30, why: "length goes before time"),
        Case(input: 1, service: .batch, second: 0, rate: 5, why: "its class"),
        Case(input: 6000, service: .batch, second: 0, rate: 5, why: "class goes before length"),
        Case(input: 6000, service: .priority, second: 0, rate: 40, why: "its class, long"),
        Case(input: 1, service: .priority, second: 0, rate: 10, why: "no row of its class holds: the plain one"),
        Case(input: 1, service: .flex, second: 0, rate: 10, why: "no row of its class at all"),
        Case(input: 1, service: .standard, second: 100, rate: 11, why: "from is the first second"),
        Case(input: 1, service: .standard, second: 250, rate: 12, why: "the latest beginning"),
        Case(input: 1, service: .standard, second: 300, rate: 11, why: "until is the first second it does not hold"),
    ])
    func theRightRowHolds(_ row: Case) {
        let found = Self.price.rates(input: row.input, service: row.service, at: row.second)
        #expect(found?.input == row.rate, Comment(rawValue: row.why))
    }

    @Test func outsideOfEveryRowThePriceIsNotKnown() {
        let price = Price(rows: [.init(Self.rates(1), from: 10, until: 20)])
        #expect(price.rates(input: 1, at: 9) == nil)
        #expect(price.rates(input: 1, at: 20) == nil)
        #expect(Cost.of(Usage(input: 1, output: 1), price, at: 20) == nil)
        #expect(Price(rows: []).rates(input: 1, at: 0) == nil)
    }

    @Test func everyClassOfTokenHasItsRate() {
        let rates = PriceRates(
            input: 100,
            output: 1000,
            cachedInput: 10,
            cacheWrite: 125,
            reasoning: 2000,
            request: 7,
            image: 3
        )
        let usage = Usage(input: 10, output: 6, cachedRead: 4, cacheWrite: 1, reasoning: 2)
        // 5 plain, 4 cached, 1 written; 4 said, 2 thought; 7 for the request, 2 images.
        let plain = 5 * 100 + 4 * 10 + 125
        #expect(rates.cost(of: usage, images: 2) == Int128(plain + 4 * 1000 + 2 * 2000 + 7 + 6))
    }

    @Test func aRateThatIsLeftOutIsNotFree() {
        let usage = Usage(input: 10, output: 6, cachedRead: 4, cacheWrite: 1, reasoning: 2)
        #expect(Self.rates(100).cost(of: usage) == 10 * 100 + 6 * 200)
    }

    @Test func partsBeyondTheirWholeAreCutToIt() {
        let rates = PriceRates(input: 100, output: 10, cachedInput: 1, cacheWrite: 3, reasoning: 20)
        let usage = Usage(input: 5, output: 2, cachedRead: 9, cacheWrite: 9, reasoning: 9)
        #expect(rates.cost(of: usage) == 5 * 1 + 2 * 20)
    }

    @Test func theLargestOfEverythingDoesNotTrap() {
        let most = PriceRates.largest
        let rates = PriceRates(
            input: most,
            output: most,
            cachedInput: most,
            cacheWrite: most,
            reasoning: most,
            request: most,
            image: most
        )
        let usage = Usage(input: .max, output: .max, cachedRead: .max, cacheWrite: .max, reasoning: .max)
        let whole = Int128(UInt64.max) * Int128(most)
        #expect(rates.cost(of: usage, images: .max) == 3 * whole + Int128(most))
    }

    /// Against a version that pays for each token by itself.
    @Test func theCostIsTheSumOfItsTokens() {
        var state: UInt64 = 1
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        for _ in 0..<500 {
            let rates = PriceRates(
                input: next(1000),
                output: next(1000),
                cachedInput: next(2) == 0 ? nil : next(1000),
                cacheWrite: next(2) == 0 ? nil : next(1000),
                reasoning: next(2) == 0 ? nil : next(1000),
                request: next(1000)
            )
            let (input, output) = (next(60), next(60))
            let read = next(input + 1)
            let written = next(input - read + 1)
            let usage = Usage(
                input: input,
                output: output,
                cachedRead: read,
                cacheWrite: written,
                reasoning: next(output + 1)
            )
            var sum = Int128(rates.request)
            for token in 0..<input {
                let rate = token < read ? rates.cachedInput : token < read + written ? rates.cacheWrite : nil
                sum += Int128(rate ?? rates.input)
            }
            for token in 0..<output {
                sum += Int128((token < usage.reasoning ?? 0 ? rates.reasoning : nil) ?? rates.output)
            }
            #expect(rates.cost(of: usage) == sum)
        }
    }

    @Test func whatWasNotReportedIsEstimatedAndMarked() {
        let nothing = Usage().completed(input: 9, output: 3, isWhole: true)
        #expect(nothing.usage == Usage(input: 9, output: 3) && nothing.isEstimated)
        let whole = Usage(input: 5, output: 2).completed(input: 9, output: 30, isWhole: true)
        #expect(whole.usage == Usage(input: 5, output: 2) && !whole.isEstimated)
        // A report before the end is a lower bound.
        let broken = Usage(input: 5, output: 2).completed(input: 9, output: 30, isWhole: false)
        #expect(broken.usage == Usage(input: 5, output: 30) && broken.isEstimated)
        let late = Usage(input: 5, output: 40).completed(input: 9, output: 30, isWhole: false)
        #expect(late.usage == Usage(input: 5, output: 40) && !late.isEstimated)
    }

    @Test func daysAreThoseOfTheCalendar() {
        #expect(CalendarDay("1970-01-01")?.firstSecond == 0)
        #expect(CalendarDay("2026-11-26")?.firstSecond == 1_795_651_200)
        #expect(CalendarDay("2024-02-29")?.description == "2024-02-29")
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "1969-12-31", "2026-01-32", "x", "2026-01"]
        {
            #expect(CalendarDay(text) == nil, "\(text)")
        }
        for number in 0..<40_000 {
            let day = CalendarDay(second: UInt64(number) * 86_400 + 5)
            #expect(CalendarDay(day.description) == day)
        }
        #expect(CalendarDay("2028-02-10")?.daysOfMonth == 29)
    }
}
