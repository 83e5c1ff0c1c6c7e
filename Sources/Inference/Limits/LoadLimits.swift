/// How much may a key, a team, a group or a member do? As the gateway is told.
package import ConfigSyntax
package import NetTypes

package struct LoadLimits: Hashable, Sendable, Codable {
    package var requests: Pace?
    package var tokens: Pace?
    /// Streamed answers at the same time.
    package var streams: UInt64?
    /// Of a key or a team.
    package var budget: SpendingLimit?

    package init(requests: Pace? = nil, tokens: Pace? = nil, streams: UInt64? = nil) {
        (self.requests, self.tokens, self.streams) = (requests, tokens, streams)
    }

    package static let none = LoadLimits()

    package var isEmpty: Bool { self == .none }
}

extension LoadLimits {
    /// Of what the configuration says.
    package init(_ limits: RateLimits, budget: Located<Budget>? = nil) {
        self.init(
            requests: limits.requests.map { Pace($0.value) },
            tokens: limits.tokens.map { Pace($0.value) },
            streams: limits.streams.map { UInt64($0) }
        )
        self.budget = budget.flatMap { SpendingLimit($0.value) }
    }
}

extension Pace {
    package init(_ rate: Rate) {
        self.init(UInt64(clamping: rate.amount.value), per: rate.unit.span)
    }
}

extension Period {
    /// As rates count it: a month is thirty days, whichever it is.
    package var span: Span {
        switch self {
        case .second: .seconds(1)
        case .minute: .seconds(60)
        case .hour: .seconds(3600)
        case .day: .seconds(86_400)
        case .month: .seconds(30 * 86_400)
        }
    }
}
