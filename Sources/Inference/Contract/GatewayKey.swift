/// Which keys may clients use, and for what? As the gateway is told.

/// One key. A key that was rotated stands here twice for a while: with its new secret, and with the old one that expires.
package struct GatewayKey: Hashable, Sendable, Codable {
    package var name: String
    /// SHA-256 of the key's bytes, 64 lower-case hexadecimal digits.
    package var sha256: String
    package var team: String?
    /// Nil: none.
    package var tags: [String]?
    /// Groups and `group.member`s that it may be served by; nil: all.
    package var models: [String]?
    /// Seconds since 1970 from which on it is refused; nil: never.
    package var expires: UInt64?
    /// Nil: none.
    package var limits: LoadLimits?

    package init(
        name: String,
        sha256: String,
        team: String? = nil,
        tags: [String] = [],
        models: [String]? = nil,
        expires: UInt64? = nil,
        limits: LoadLimits = .none
    ) {
        (self.name, self.sha256, self.team) = (name, sha256, team)
        (self.models, self.expires) = (models, expires)
        self.tags = tags.isEmpty ? nil : tags
        self.limits = limits.isEmpty ? nil : limits
    }
}

/// What the keys of one team share.
package struct GatewayTeam: Hashable, Sendable, Codable {
    package var name: String
    package var limits: LoadLimits

    package init(name: String, limits: LoadLimits) { (self.name, self.limits) = (name, limits) }
}
