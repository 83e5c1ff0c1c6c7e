/// What does one model cost, and when? Rows of rates, each for a class of service, a size of prompt and a time.
package struct Price: Hashable, Sendable, Codable {
    /// In the order they were written; which of them holds is worked out at each request.
    package var rows: [Row]

    /// Rates and when they hold.
    package struct Row: Hashable, Sendable, Codable {
        package var rates: PriceRates
        package var service: ServiceClass
        /// Holds for prompts of more tokens than this; 0: for all.
        package var above: UInt64
        /// The first second since 1970 (UTC) at which it holds; nil: always did.
        package var from: UInt64?
        /// The first second since 1970 (UTC) at which it does not hold any more; nil: holds for good.
        package var until: UInt64?

        /// A row; without conditions it holds always.
        package init(
            _ rates: PriceRates,
            service: ServiceClass = .standard,
            above: UInt64 = 0,
            from: UInt64? = nil,
            until: UInt64? = nil
        ) {
            (self.rates, self.service, self.above, self.from, self.until) = (rates, service, above, from, until)
        }

        fileprivate func holds(input: UInt64, at second: UInt64) -> Bool {
            (above == 0 || input > above) && (from ?? 0) <= second && second < (until ?? .max)
        }
    }

    /// A price of several rows.
    package init(rows: [Row]) { self.rows = rows }

    /// One price for everything.
    package init(_ rates: PriceRates) { rows = [Row(rates)] }

    /// The rates of a request; nil when the price is not known for that time.
    ///
    /// Among the rows that hold those of the asked class go before those of `standard`, then the one for the longest prompts, then
    /// the one that holds since the latest time. As the providers have it, the whole request is charged by one row.
    /// - Parameters:
    ///   - input: tokens of the prompt.
    ///   - second: since 1970, UTC.
    package func rates(input: UInt64, service: ServiceClass = .standard, at second: UInt64) -> PriceRates? {
        var best: Row?
        for row in rows where row.service == service || row.service == .standard {
            guard row.holds(input: input, at: second) else { continue }
            guard let other = best else {
                best = row
                continue
            }
            let isBetter =
                row.service == other.service
                ? (row.above, row.from ?? 0) > (other.above, other.from ?? 0) : row.service == service
            if isBetter { best = row }
        }
        return best?.rates
    }
}

/// How fast a provider was paid to be.
package enum ServiceClass: String, Hashable, Sendable, CaseIterable, Codable {
    case standard
    /// Answered within hours.
    case batch
    /// Answered when there is room.
    case flex
    /// Answered before the others.
    case priority

    /// The word of a provider's answer (`service_tier`); words that are not known are `standard`, nil stays nil.
    package init?(word: String?) {
        guard let word else { return nil }
        self = ServiceClass(rawValue: word) ?? .standard
    }
}
