/// What is kept of a key that was made at run time (`martlet keys create`)? Never the key: only its SHA-256.
package struct StoredKey: Hashable, Sendable, Codable {
    /// What a rotated key was before, as long as it is still good.
    package struct Former: Hashable, Sendable, Codable {
        package var sha256: String
        /// Seconds since 1970.
        package var until: UInt64

        package init(sha256: String, until: UInt64) { (self.sha256, self.until) = (sha256, until) }
    }

    package var name: String
    /// 64 lower-case hexadecimal digits.
    package var sha256: String
    package var former: [Former]
    package var team: String?
    package var tags: [String]
    /// Groups and `group.member`s that it may be served by; nil: all.
    package var models: [String]?
    /// Seconds since 1970; nil: never.
    package var expires: UInt64?
    /// Nil: none.
    package var limits: LoadLimits?
    /// Microseconds since 1970.
    package var createdAt: UInt64
    package var createdBy: String

    package init(
        name: String,
        sha256: String,
        former: [Former] = [],
        team: String? = nil,
        tags: [String] = [],
        models: [String]? = nil,
        expires: UInt64? = nil,
        createdAt: UInt64,
        createdBy: String
    ) {
        (self.name, self.sha256, self.former, self.team, self.tags) = (name, sha256, former, team, tags)
        (self.models, self.expires, self.createdAt, self.createdBy) = (models, expires, createdAt, createdBy)
    }

    /// Old secrets of one key that may be good at the same time; more of them is no rotation any more.
    static let mostFormer = 4

    /// Replaces the secret; the old one stays good until then.
    package mutating func rotate(to digest: String, keepingUntil until: UInt64, at now: UInt64) {
        former.removeAll { $0.until <= now }
        if until > now { former.append(Former(sha256: sha256, until: until)) }
        former = Array(former.suffix(Self.mostFormer))
        sha256 = digest
    }
}
