/// What a month comes to.
import Testing

@testable import Inference

@Suite struct ForecastTests {
    /// 2026-11-11 00:00:00 UTC: ten days are over, twenty are left.
    private static let now: UInt64 = 1_794_355_200_000_000

    @Test func monthsAreThoseOfTheCalendar() {
        #expect(UsageForecast.monthStart(Self.now / 1_000_000) == 1_793_491_200)
        #expect(UsageForecast.monthEnd(Self.now / 1_000_000) == 1_796_083_200)
        // The last second of a leap February.
        #expect(UsageForecast.monthEnd(1_709_251_199) == 1_709_251_200)
    }

    struct Case: Sendable {
        let first: UInt64?
        let spent: Int128
        let lately: Int128
        let atEnd: Int128
        let why: String
    }

    @Test(arguments: [
        Case(first: 0, spent: 100, lately: 70, atEnd: 300, why: "20 days more at 10 a day"),
        Case(first: nil, spent: 0, lately: 0, atEnd: 0, why: "nothing was ever used"),
        Case(first: now / 3_600_000_000 - 48, spent: 20, lately: 20, atEnd: 220, why: "two days measured"),
        Case(first: now / 3_600_000_000 - 1, spent: 5, lately: 5, atEnd: 105, why: "an hour counts as a day"),
        Case(first: 0, spent: 100, lately: 0, atEnd: 100, why: "a quiet week"),
    ])
    func theRestGoesOnLikeTheLastWeek(_ row: Case) {
        let forecast = UsageForecast(now: Self.now, first: row.first, spent: row.spent, lately: row.lately)
        #expect(forecast.atEnd == row.atEnd, Comment(rawValue: row.why))
    }
}
