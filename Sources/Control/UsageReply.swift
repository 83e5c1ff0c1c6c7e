/// What was used, and what it cost: the question and the answer of `martlet usage`.

/// `usage [--by PART] [--since DAY] [--until DAY]`.
package struct UsageQuestion: Codable, Sendable, Equatable {
    /// What is told apart, in this order: `key`, `team`, `model`, `provider`, `day`, `hour`. Empty: by key.
    package var by: [String]
    /// The first day, `2026-11-01`, in UTC; nil: the first of this month.
    package var since: String?
    /// The last day; nil: today.
    package var until: String?

    /// A question; without parameters it is about this month.
    package init(by: [String] = [], since: String? = nil, until: String? = nil) {
        (self.by, self.since, self.until) = (by, since, until)
    }
}

package struct UsageReply: Codable, Sendable, Equatable {
    /// One sum.
    package struct Row: Codable, Sendable, Equatable {
        /// What it is of, parallel to `by`; empty where there is none.
        package var of: [String]
        package var requests: UInt64
        /// Tokens that are charged.
        package var input: UInt64
        package var output: UInt64
        /// Parts of them that providers reported.
        package var cachedInput: UInt64
        package var cacheWrite: UInt64
        package var reasoning: UInt64
        /// What is charged besides: pictures that were made, milliseconds of sound that was heard, characters that were spoken.
        package var images: UInt64
        package var soundMilliseconds: UInt64
        package var spokenCharacters: UInt64
        /// Whole pico-dollars, as digits: it may be more than a program's numbers can hold.
        package var picoDollars: String
        /// The same in words, `12.34 USD`.
        package var cost: String
        /// Requests with estimated tokens; counted at the ceiling; of unknown cost, which is not in the sum.
        package var estimated: UInt64
        package var atCeiling: UInt64
        package var unpriced: UInt64

        /// A row.
        package init(
            of: [String],
            requests: UInt64,
            input: UInt64,
            output: UInt64,
            cachedInput: UInt64,
            cacheWrite: UInt64,
            reasoning: UInt64,
            images: UInt64 = 0,
            soundMilliseconds: UInt64 = 0,
            spokenCharacters: UInt64 = 0,
            picoDollars: String,
            cost: String,
            estimated: UInt64,
            atCeiling: UInt64,
            unpriced: UInt64
        ) {
            (self.of, self.requests, self.input, self.output) = (of, requests, input, output)
            (self.cachedInput, self.cacheWrite, self.reasoning) = (cachedInput, cacheWrite, reasoning)
            (self.images, self.soundMilliseconds) = (images, soundMilliseconds)
            self.spokenCharacters = spokenCharacters
            (self.picoDollars, self.cost, self.estimated) = (picoDollars, cost, estimated)
            (self.atCeiling, self.unpriced) = (atCeiling, unpriced)
        }
    }

    /// What this month will have cost, in UTC.
    package struct Forecast: Codable, Sendable, Equatable {
        /// `2026-11`.
        package var month: String
        /// Up to now, and at the month's end if it goes on as in the last week; in words.
        package var spent: String
        package var atEnd: String

        /// A forecast.
        package init(month: String, spent: String, atEnd: String) {
            (self.month, self.spent, self.atEnd) = (month, spent, atEnd)
        }
    }

    package var by: [String]
    /// The first and the last day.
    package var since: String
    package var until: String
    /// In the order of what they are of.
    package var rows: [Row]
    package var total: Row
    package var forecast: Forecast

    /// An answer.
    package init(by: [String], since: String, until: String, rows: [Row], total: Row, forecast: Forecast) {
        (self.by, self.since, self.until) = (by, since, until)
        (self.rows, self.total, self.forecast) = (rows, total, forecast)
    }
}
