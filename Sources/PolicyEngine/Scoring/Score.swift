/// How good is a member? The one scoring function: both planes judge by it, for every strategy that judges.
///
/// Each aim gives 0 to 1 in millionths, more being better, and depends on the member alone, so that what happens to one member
/// never changes another's score. All arithmetic is on integers: the same evidence gives the same score everywhere.
package import ConfigSyntax
package import NetTypes

/// A member's score and what it is made of, in millionths.
package struct Score: Hashable, Sendable, Codable {
    package let total: UInt32
    package let cost: UInt32?
    package let latency: UInt32?
    package let quality: UInt32?
}

/// What scores one half: loads differ, and what is slow or dear for one is not for another.
package struct ScoreScale: Hashable, Sendable, Codable {
    package let delay: Span
    /// Of one unit of load.
    package let price: Money

    package init(delay: Span, price: Money) { (self.delay, self.price) = (delay, price) }

    /// 100 ms: where people begin to feel that something is slow. One dollar.
    package static let standard = ScoreScale(delay: .milliseconds(100), price: Money(picoDollars: 1_000_000_000_000))
}

package enum Scoring {
    /// What a lost piece of load costs in time: the sender's first retransmission (RFC 6298 §2.1 and §2.4, one second).
    package static let lossDelay = Span.seconds(1)
    package static let one: UInt32 = 1_000_000

    /// The score by the strategy; nil when it judges by something that is not known of this member, or does not judge.
    package static func score(
        _ evidence: Evidence,
        by strategy: Strategy,
        aims: Aims?,
        on scale: ScoreScale = .standard
    ) -> Score? {
        let cost = evidence.price.map { score(price: $0, on: scale) }
        let latency = evidence.measured.map { score(delay: delay(of: $0), on: scale) }
        let quality = evidence.quality.map(\.millionths)
        let total: UInt32?
        switch strategy {
        case .cost: total = cost
        case .latency, .adaptive: total = latency
        case .quality: total = quality
        case .hybrid: total = aims.flatMap { weighed([($0.cost, cost), ($0.latency, latency), ($0.quality, quality)]) }
        case .static, .weighted: total = nil
        }
        return total.map { Score(total: $0, cost: cost, latency: latency, quality: quality) }
    }

    /// How long a piece of load takes to be answered, all told: round trip, its usual lateness, and the wait for what is lost.
    package static func delay(of measured: Measured) -> Span {
        let lost = Int64(measured.loss.millionths) * (lossDelay.nanoseconds / Int64(one))
        return measured.latency + measured.jitter + Span(nanoseconds: lost)
    }

    /// `half / (half + delay)`, with the half of the scale.
    package static func score(delay: Span, on scale: ScoreScale = .standard) -> UInt32 {
        hyperbola(Int128(scale.delay.nanoseconds), Int128(delay.nanoseconds))
    }

    /// `half / (half + price)`; what is free scores one.
    package static func score(price: Money, on scale: ScoreScale = .standard) -> UInt32 {
        hyperbola(scale.price.picoDollars, price.picoDollars)
    }

    private static func hyperbola(_ half: Int128, _ value: Int128) -> UInt32 {
        let (sum, overflow) = half.addingReportingOverflow(max(0, value))
        return overflow ? 0 : UInt32(Int128(one) * half / sum)
    }

    /// The weighed sum; nil when an aim that counts is not known.
    private static func weighed(_ parts: [(aim: Fraction, score: UInt32?)]) -> UInt32? {
        var sum: UInt64 = 0
        for part in parts where part.aim > .zero {
            guard let score = part.score else { return nil }
            sum += UInt64(part.aim.millionths) * UInt64(score)
        }
        return UInt32(min(sum / UInt64(one), UInt64(one)))
    }
}
