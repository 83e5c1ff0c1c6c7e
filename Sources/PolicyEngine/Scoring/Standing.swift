/// What is believed of a member in one scope, and since when something else seems to be true: hysteresis in the domain of scores.
///
/// What was measured counts only after it has differed from what is believed by more than the margin, or been on the other side of a
/// limit, for a while without a break. So noise within the margin changes nothing, ever, and nothing changes twice within that
/// while.
import ConfigSyntax
package import NetTypes

package struct Standing: Hashable, Sendable, Codable {
    /// What shares are computed from; nil while not enough is known.
    package private(set) var measured: Measured?
    /// Until when a failure keeps the member out (`hold-down`).
    package private(set) var heldUntil: Instant?
    package private(set) var damping: Damping?

    private var latency: Distribution?
    private var loss: Fraction?
    /// What differs from `measured`, and since when.
    private var pending: Pending?
    /// Until when it is too early to say that nobody measures it; nil: it is not, or it was measured.
    private var freshUntil: Instant?

    private struct Pending: Hashable, Sendable, Codable {
        let since: Instant
        let isWorse: Bool
    }

    /// Enough for a probe every few seconds to have been answered often enough.
    static let freshness = Span.seconds(30)

    package init(at now: Instant) { freshUntil = now + Self.freshness }

    /// Whether it may still be measured for the first time any moment.
    var isFresh: Bool { freshUntil != nil }

    /// How many samples the latency rests on.
    package func samples(at now: Instant) -> Int { latency?.samples(at: now) ?? 0 }
}

// MARK: - What changes it. Each answers whether shares may have changed.

extension Standing {
    mutating func take(_ sample: Sample, under terms: GroupTerms, at now: Instant) -> Bool {
        if let loss = sample.loss { self.loss = loss }
        if let time = sample.latency {
            if latency == nil {
                latency = Distribution(first: time.nanoseconds, at: now)
            } else {
                latency?.add(time.nanoseconds, at: now)
            }
        }
        return advance(to: now, under: terms)
    }

    /// The member failed: it turned down, or what it stands on went.
    mutating func failed(under terms: GroupTerms, at now: Instant) -> Bool {
        if terms.holdDown > .zero { heldUntil = now + terms.holdDown }
        guard let rule = terms.damping else { return terms.holdDown > .zero }
        var damping = damping ?? Damping(at: now)
        damping.failed(at: now, under: rule)
        self.damping = damping
        return true
    }

    mutating func advance(to now: Instant, under terms: GroupTerms) -> Bool {
        var hasChanged = believe(under: terms, at: now)
        if let until = heldUntil, until <= now {
            heldUntil = nil
            hasChanged = true
        }
        if damping?.settle(at: now) == true { hasChanged = true }
        if let until = freshUntil, until <= now || measured != nil {
            freshUntil = nil
            hasChanged = true
        }
        return hasChanged
    }

    /// When `advance` is due if nothing else happens.
    func nextMoment(under terms: GroupTerms) -> Instant? {
        [
            heldUntil, freshUntil, damping?.reuseAt, pending.map { $0.since + terms.settle },
            // One beyond: at that moment it is not known any more.
            measured == nil ? nil : latency?.knownUntil,
        ].compactMap { $0 }.min()
    }

    /// The same standing under other terms: what they do not ask for is forgotten.
    func under(_ terms: GroupTerms, at now: Instant) -> Standing {
        var copy = self
        if terms.holdDown == .zero { copy.heldUntil = nil }
        if terms.damping == nil { copy.damping = nil }
        _ = copy.advance(to: now, under: terms)
        return copy
    }

    private mutating func believe(under terms: GroupTerms, at now: Instant) -> Bool {
        guard let latency, latency.isKnown(at: now) else {
            defer { (measured, pending) = (nil, nil) }
            return measured != nil
        }
        let found = Measured(
            latency: Span(nanoseconds: latency.mean),
            jitter: Span(nanoseconds: latency.deviation),
            loss: loss ?? .zero
        )
        guard let believed = measured else {
            measured = found
            return true
        }
        guard let isWorse = Self.move(from: believed, to: found, under: terms) else {
            pending = nil
            return false
        }
        let since = pending.flatMap { $0.isWorse == isWorse ? $0.since : nil } ?? now
        guard since + terms.settle <= now else {
            pending = Pending(since: since, isWorse: isWorse)
            return false
        }
        (measured, pending) = (found, nil)
        return true
    }

    /// Whether what was found is worse (true) or better (false) than what is believed by so much that it matters; nil: neither.
    private static func move(from believed: Measured, to found: Measured, under terms: GroupTerms) -> Bool? {
        for limits in terms.allLimits {
            if let maxLatency = limits.maxLatency?.nanoseconds {
                let (before, after) = (believed.latency.nanoseconds, found.latency.nanoseconds)
                if let side = crossing(before, after, of: maxLatency, terms.margin) { return side }
            }
            if let maxLoss = limits.maxLoss {
                let (before, after) = (Int64(believed.loss.millionths), Int64(found.loss.millionths))
                if let side = crossing(before, after, of: Int64(maxLoss.millionths), terms.margin) { return side }
            }
        }
        let before = Scoring.score(delay: Scoring.delay(of: believed), on: terms.scale)
        let after = Scoring.score(delay: Scoring.delay(of: found), on: terms.scale)
        if before > after { return before - after > terms.margin.millionths ? true : nil }
        return after - before > terms.margin.millionths ? false : nil
    }

    /// Whether a limit lies between two values: true when the second is beyond it, false when it is back by more than the margin.
    private static func crossing(_ before: Int64, _ after: Int64, of limit: Int64, _ margin: Fraction) -> Bool? {
        if before <= limit { return after > limit ? true : nil }
        let slack = Int64(Int128(limit) * Int128(margin.millionths) / Int128(Fraction.one.millionths))
        return after <= limit - slack ? false : nil
    }
}
