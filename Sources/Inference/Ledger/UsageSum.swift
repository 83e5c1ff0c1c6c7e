/// What was used, added up by what an operator asks for, and what the month will come to if it goes on like this.

/// What can be told apart. Days and hours are of UTC.
package enum UsagePart: String, Hashable, Sendable, CaseIterable, Codable {
    case key, team, model, provider, day, hour
}

/// One sum.
package struct UsageSum: Hashable, Sendable {
    /// What it is of, parallel to the parts asked for; days and hours as numbers since 1970.
    package var parts: [String]
    package var requests: UInt64
    package var input: UInt64
    package var output: UInt64
    package var cachedInput: UInt64
    package var cacheWrite: UInt64
    package var reasoning: UInt64
    /// What was used besides tokens.
    package var units: MediaUnits
    package var picoDollars: Int128
    /// How many of the requests have estimated tokens, were counted at the ceiling, or are of unknown cost and not in the sum.
    package var estimated: UInt64
    package var atCeiling: UInt64
    package var unpriced: UInt64

    /// A sum.
    package init(
        parts: [String],
        requests: UInt64,
        input: UInt64,
        output: UInt64,
        cachedInput: UInt64,
        cacheWrite: UInt64,
        reasoning: UInt64,
        units: MediaUnits = MediaUnits(),
        picoDollars: Int128,
        estimated: UInt64,
        atCeiling: UInt64,
        unpriced: UInt64
    ) {
        (self.parts, self.requests, self.input, self.output) = (parts, requests, input, output)
        (self.cachedInput, self.cacheWrite, self.reasoning) = (cachedInput, cacheWrite, reasoning)
        (self.units, self.picoDollars, self.estimated) = (units, picoDollars, estimated)
        (self.atCeiling, self.unpriced) = (atCeiling, unpriced)
    }
}

/// What a month will have cost.
package struct UsageForecast: Hashable, Sendable {
    /// From the month's first second up to now.
    package let spent: Int128
    /// At its end.
    package let atEnd: Int128

    /// Spent is what was spent; the rest of the month is taken to go on like the seven days (168 hours) that end now, or like the time since the
    /// first request where that is shorter, but a day at least: an hour's load is no month's.
    ///
    /// - Parameters:
    ///   - now: microseconds since 1970.
    ///   - first: the hour of the first request that is known; nil: there is none.
    ///   - spent: pico-dollars since the month's first second.
    ///   - lately: pico-dollars of the last 168 hours.
    package init(now: UInt64, first: UInt64?, spent: Int128, lately: Int128) {
        self.spent = spent
        let second = now / 1_000_000
        let since = first.map { second - min(second, $0 * 3600) } ?? 0
        let measured = min(max(since, 86_400), Self.measured)
        atEnd = spent + lately * Int128(Self.monthEnd(second) - second) / Int128(measured)
    }

    /// Seconds that the load is measured over, at most.
    private static let measured: UInt64 = 7 * 86_400

    /// The first second of the month that a second lies in.
    package static func monthStart(_ second: UInt64) -> UInt64 {
        let day = CalendarDay(second: second)
        return day.firstSecond - UInt64(day.parts.day - 1) * 86_400
    }

    /// The first second of the next month.
    package static func monthEnd(_ second: UInt64) -> UInt64 {
        monthStart(second) + UInt64(CalendarDay(second: second).daysOfMonth) * 86_400
    }
}
