/// What does a provider say about its own limits, in the head of an answer? A member that would be refused is not asked until the limit
/// is whole again.
package import NetTypes

package struct ProviderLimits: Hashable, Sendable {
    /// What is left of one limit, and when it is whole again.
    package struct Left: Hashable, Sendable {
        package var units: UInt64
        package var reset: Reset

        package init(_ units: UInt64, _ reset: Reset) { (self.units, self.reset) = (units, reset) }
    }

    package enum Reset: Hashable, Sendable {
        case after(Span)
        /// Seconds since 1970.
        case at(UInt64)

        /// From now on, at most an hour: to ask once an hour whether it is still so costs nothing.
        func wait(at unixMicroseconds: UInt64) -> Span {
            switch self {
            case .after(let span): return min(max(span, .zero), Self.longest)
            case .at(let seconds):
                let (then, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
                guard !overflow, then > unixMicroseconds else { return .zero }
                let microseconds = min(then - unixMicroseconds, UInt64(Self.longest.nanoseconds) / 1000)
                return Span(nanoseconds: Int64(microseconds) * 1000)
            }
        }

        static let longest = Span.seconds(3600)
    }

    package var requests: Left?
    package var tokens: Left?

    /// Reads the fields of both dialects; nil when there are none. `field` gives a field's value by its name in lower case.
    package init?(_ field: (StaticString) -> String?) {
        requests =
            Self.left(field, "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests")
            ?? Self.left(field, "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset")
        tokens =
            Self.left(field, "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens")
            ?? Self.left(field, "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset")
        if requests == nil, tokens == nil { return nil }
    }

    private static func left(_ field: (StaticString) -> String?, _ units: StaticString, _ reset: StaticString) -> Left?
    {
        guard let units = field(units).flatMap({ UInt64($0) }), let text = field(reset) else { return nil }
        if let span = ResetText.span(text) { return Left(units, .after(span)) }
        return (try? KeyExpiry.parse(text)).map { Left(units, .at($0.unixSeconds)) }
    }
}

extension LoadSubject {
    /// Notes what the member's provider says, at this time on the daemon's clock and in microseconds since 1970; it is believed for
    /// `most`.
    func heard(
        _ limits: ProviderLimits,
        atMost most: Span = ProviderLimits.Reset.longest,
        at now: Instant,
        unixMicroseconds: UInt64
    ) {
        if let requests = limits.requests, requests.units == 0 {
            close(for: min(requests.reset.wait(at: unixMicroseconds), most), at: now)
        }
        if let tokens = limits.tokens {
            let reset = now + min(tokens.reset.wait(at: unixMicroseconds), most)
            words.store(reset.nanoseconds, in: .providerTokensReset)
            words.store(tokens.units.addingReportingOverflow(1).overflow ? .max : tokens.units + 1, in: .providerTokens)
        }
    }

    /// The provider takes nothing for so long, an hour at most.
    func close(for wait: Span, at now: Instant) {
        let until = (now + min(wait, ProviderLimits.Reset.longest)).nanoseconds
        words.update(.closedUntil) { max($0, until) }
    }

    /// How long the member's provider would refuse a request of so many tokens; nil when it would not, as far as it said.
    func providerWait(tokens: UInt64, at now: Instant) -> Span? {
        let closed = words.value(of: .closedUntil)
        if closed > now.nanoseconds { return Span(nanoseconds: Int64(clamping: closed - now.nanoseconds)) }
        let left = words.value(of: .providerTokens)
        guard left > 0, tokens > left - 1 else { return nil }
        let reset = words.value(of: .providerTokensReset)
        return reset > now.nanoseconds ? Span(nanoseconds: Int64(clamping: reset - now.nanoseconds)) : nil
    }
}
