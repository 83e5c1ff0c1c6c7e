/// Who may ask, for what, and how much (`models.keys`, `models.teams`)?
package import ConfigSyntax

/// One client key of the file. The key itself is nowhere: only its SHA-256.
package struct ClientKey: Hashable, Sendable {
    package let name: Located<String>
    package let hash: KeyDigest
    package let team: Located<String>?
    /// Words that policies and reports may go by; in file order.
    package let tags: [String]
    /// Groups and `group.member`s that it may be served by; nil: all.
    package let models: [Located<String>]?
    /// Nil: never.
    package let expires: KeyExpiry?
    package let budget: Located<Budget>?
    package let limits: RateLimits
}

/// What the keys of one team share.
package struct TeamDefinition: Hashable, Sendable {
    package let name: Located<String>
    package let budget: Located<Budget>?
    package let limits: RateLimits
}

/// Upper bounds on the load of a key, a team, a group or a member.
package struct RateLimits: Hashable, Sendable {
    package let requests: Located<Rate>?
    package let tokens: Located<Rate>?
    /// Streamed answers at the same time.
    package let streams: Int?

    package static let none = RateLimits(requests: nil, tokens: nil, streams: nil)

    package var isEmpty: Bool { requests == nil && tokens == nil && streams == nil }
}
