/// What does a provider say about its own limits, in the head of an answer? A member that would be refused is not asked until the limit
/// is whole again.
package import NetTypes

package struct ProviderLimits: Hashable, Sendable {
    /// What is left of one limit, and when it is whole again.
    package struct Left: Hashable, Sendable {
        package var units: UInt64
        /// When it is whole; nil: it did not say.
        package var limit: UInt64?
        package var reset: Reset

        package init(_ units: UInt64, of limit: UInt64? = nil, _ reset: Reset) {
            (self.units, self.limit, self.reset) = (units, limit, reset)
        }
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
        requests = Self.openaiRequests.left(field) ?? Self.anthropicRequests.left(field)
        tokens = Self.openaiTokens.left(field) ?? Self.anthropicTokens.left(field)
        if requests == nil, tokens == nil { return nil }
    }

    /// What one limit's fields are called.
    private struct Names {
        let remaining: StaticString
        let limit: StaticString
        let reset: StaticString

        func left(_ field: (StaticString) -> String?) -> Left? {
            guard let units = field(remaining).flatMap({ UInt64($0) }), let text = field(reset) else { return nil }
            let whole = field(limit).flatMap { UInt64($0) }
            if let span = ResetText.span(text) { return Left(units, of: whole, .after(span)) }
            return (try? KeyExpiry.parse(text)).map { Left(units, of: whole, .at($0.unixSeconds)) }
        }
    }

    private static let openaiRequests = Names(
        remaining: "x-ratelimit-remaining-requests",
        limit: "x-ratelimit-limit-requests",
        reset: "x-ratelimit-reset-requests"
    )
    private static let openaiTokens = Names(
        remaining: "x-ratelimit-remaining-tokens",
        limit: "x-ratelimit-limit-tokens",
        reset: "x-ratelimit-reset-tokens"
    )
    private static let anthropicRequests = Names(
        remaining: "anthropic-ratelimit-requests-remaining",
        limit: "anthropic-ratelimit-requests-limit",
        reset: "anthropic-ratelimit-requests-reset"
    )
    private static let anthropicTokens = Names(
        remaining: "anthropic-ratelimit-tokens-remaining",
        limit: "anthropic-ratelimit-tokens-limit",
        reset: "anthropic-ratelimit-tokens-reset"
    )
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
        if let requests = limits.requests {
            note(requests, .requests, until: now + min(requests.reset.wait(at: unixMicroseconds), most))
        }
        if let tokens = limits.tokens {
            note(tokens, .tokens, until: now + min(tokens.reset.wait(at: unixMicroseconds), most))
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
        return wait(for: 1, .requests, at: now) ?? wait(for: tokens, .tokens, at: now)
    }
}
