/// What can be asked about client keys, and what is answered (`martlet keys`).
package import NetTypes

/// `keys create NAME`. Values are written as in the configuration.
package struct KeyWish: Codable, Sendable, Equatable {
    package var name: String
    package var team: String?
    package var tags: [String]?
    /// Groups and `group.member`s that it may be served by; left out: all.
    package var models: [String]?
    /// A date such as `2027-01-31`, or a time from now such as `90d`; left out: never.
    package var expires: String?
    /// Rates such as `10/s` and `400000/min`; left out: as many as come.
    package var requests: String?
    package var tokens: String?
    /// Streamed answers at the same time; left out: as many as come.
    package var streams: Int?
    /// Such as `20 USD/day`; left out: as much as it takes.
    package var budget: String?

    package init(
        name: String,
        team: String? = nil,
        tags: [String]? = nil,
        models: [String]? = nil,
        expires: String? = nil
    ) {
        (self.name, self.team, self.tags) = (name, team, tags)
        (self.models, self.expires) = (models, expires)
    }
}

/// `keys rotate NAME [--grace 1d]`.
package struct KeyRotation: Codable, Sendable, Equatable {
    package var name: String
    /// How long the old secret stays good; left out: not at all.
    package var grace: Span?

    package init(name: String, grace: Span? = nil) { (self.name, self.grace) = (name, grace) }

    /// Longer is no rotation any more.
    package static let longestGrace = Span.seconds(90 * 86_400)
}

/// `keys revoke NAME`.
package struct KeyRevocation: Codable, Sendable, Equatable {
    package var name: String

    package init(name: String) { self.name = name }
}

/// What was done to a key.
package struct KeyReply: Codable, Sendable, Equatable {
    package var name: String
    /// The key itself: told this once, and nowhere kept. Nil when there is no new one.
    package var key: String?
    package var words: String

    package init(name: String, key: String?, words: String) { (self.name, self.key, self.words) = (name, key, words) }
}

/// One client key, for `show keys`.
package struct KeyRow: Codable, Sendable, Equatable {
    package var name: String
    /// `declared` in the file, or `stored` by `martlet keys`.
    package var origin: String
    /// `valid`, `expired`, or `hidden` by a declared key of the same name.
    package var state: String
    package var team: String?
    package var tags: [String]
    /// Groups and `group.member`s that it may be served by; nil: all.
    package var models: [String]?
    /// Microseconds since 1970.
    package var expires: UInt64?
    /// Until when the secret before the last rotation is good, in microseconds since 1970.
    package var formerUntil: UInt64?
    /// Since the daemon's start, in microseconds since 1970.
    package var lastUsed: UInt64?
    /// Microseconds since 1970.
    package var createdAt: UInt64?
    package var createdBy: String?
    /// The line that declares it.
    package var place: String?
    /// In words: `10 req/s, 400000 tokens/min, 20 streams`; nil: none.
    package var limits: String?
    /// In words: `20.00 USD/day`; nil: none.
    package var budget: String?
    /// What the budget has paid in its period, in words.
    package var spent: String?

    package init(name: String, origin: String, state: String, tags: [String] = []) {
        (self.name, self.origin, self.state, self.tags) = (name, origin, state, tags)
    }
}
