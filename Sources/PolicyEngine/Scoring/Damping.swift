/// When is a member that comes and goes kept out? Route flap damping as in RFC 2439: every failure adds to a penalty that halves
/// with time; above one threshold the member is left out, below another it may return.
package import NetTypes

/// How a group damps.
package struct DampingRule: Hashable, Sendable, Codable {
    package let halfLife: Span
    /// A penalty of this much keeps the member out.
    package let suppress: Int
    /// At this much it may return.
    package let reuse: Int

    package init(halfLife: Span, suppress: Int, reuse: Int) {
        (self.halfLife, self.suppress, self.reuse) = (halfLife, suppress, reuse)
    }

    /// What each failure adds: the unit that thresholds are written in.
    package static let failure = 1000
    /// The usual ones of routers: the second failure within a quarter of an hour does not yet keep out, the third does.
    package static let standard = DampingRule(halfLife: .seconds(900), suppress: 2000, reuse: 750)
    /// Nothing is kept out for longer than this many half-lives after its last failure (RFC 2439 §4.2, the ceiling).
    package static let mostHalfLives = 4

    var ceiling: UInt32 { UInt32(clamping: Int64(reuse) << Int64(Self.mostHalfLives)) }
}

/// One member's penalty.
package struct Damping: Hashable, Sendable, Codable {
    private var penalty: UInt32 = 0
    private var at: Instant
    /// Until when the member is kept out, if it does not fail again; nil: it is not.
    package private(set) var reuseAt: Instant?

    package init(at now: Instant) { at = now }

    package func penalty(at now: Instant, under rule: DampingRule) -> Int {
        Int(Decay.left(of: penalty, after: now - at, halfLife: rule.halfLife))
    }

    mutating func failed(at now: Instant, under rule: DampingRule) {
        let grown = Int64(penalty(at: now, under: rule)) + Int64(DampingRule.failure)
        // A ceiling beneath the threshold would make damping a dead letter.
        let most = max(Int64(rule.ceiling), Int64(rule.suppress))
        penalty = UInt32(clamping: min(grown, most))
        at = now
        guard reuseAt != nil || penalty >= UInt32(clamping: rule.suppress) else { return }
        reuseAt = now + Decay.time(for: penalty, toReach: UInt32(clamping: rule.reuse), halfLife: rule.halfLife)
    }

    /// Lets the member return when its time has come; true when it did.
    mutating func settle(at now: Instant) -> Bool {
        guard let due = reuseAt, due <= now else { return false }
        reuseAt = nil
        return true
    }
}
