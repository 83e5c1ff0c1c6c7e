/// What is known of a quantity that is measured again and again: its mean, how much it varies, and how many samples that rests on.
package import NetTypes

/// Mean and mean deviation over the last handful of samples (RFC 6298 §2, without its floating point), in whole units of the caller.
package struct Distribution: Hashable, Sendable, Codable {
    /// Samples that the mean reaches back over: one outlier moves it by an eighth.
    package static let memory: Int64 = 8
    /// Fewer say nothing: a first answer is often late for a reason of its own (an address to be resolved, a cold cache).
    package static let leastSamples = 4
    /// Half of what was known is forgotten in this time without a new sample, or in `memory` of its usual intervals.
    package static let halfLife = Span.seconds(60)

    package private(set) var mean: Int64
    /// The mean distance of samples from the mean.
    package private(set) var deviation: Int64
    /// In 256ths of a sample, so that forgetting is gradual.
    private var weight: UInt32
    private var last: Instant
    /// Between the last two samples.
    private var interval: Span

    private static let unit: UInt32 = 256
    /// More samples are no better known.
    private static let mostSamples: UInt32 = 64

    package init(first sample: Int64, at now: Instant) {
        (mean, deviation, weight, last, interval) = (sample, 0, Self.unit, now, .zero)
    }

    package mutating func add(_ sample: Int64, at now: Instant) {
        let known = samples(at: now)
        let count = min(Int64(known) + 1, Self.memory)
        let (difference, overflow) = sample.subtractingReportingOverflow(mean)
        guard !overflow else { return }
        mean += difference / count
        let distance = Int64(clamping: difference.magnitude)
        deviation = known == 0 ? 0 : deviation + (distance - deviation) / count
        weight = min(weight(at: now) + Self.unit, Self.mostSamples * Self.unit)
        (interval, last) = (now - last, max(now, last))
    }

    /// How many samples it rests on now, old ones counting less.
    package func samples(at now: Instant) -> Int { Int(weight(at: now) / Self.unit) }

    package func isKnown(at now: Instant) -> Bool { samples(at: now) >= Self.leastSamples }

    /// When it stops being known, if nothing more is measured; nil when it is not known at the time of its last sample.
    package var knownUntil: Instant? {
        guard isKnown(at: last) else { return nil }
        let rest = UInt32(Self.leastSamples) * Self.unit - 1
        return last + Decay.time(for: weight, toReach: rest, halfLife: forgetting)
    }

    private var forgetting: Span {
        max(Self.halfLife, Span(nanoseconds: Span.scaled(interval.nanoseconds, Self.memory)))
    }

    private func weight(at now: Instant) -> UInt32 { Decay.left(of: weight, after: now - last, halfLife: forgetting) }
}
