/// What is known of a member when it is judged: measured, configured and paid for.
package import ConfigSyntax
package import NetTypes

/// One measurement of a member: of a probe's round, or of real traffic.
package struct Sample: Hashable, Sendable, Codable {
    /// How long an answer took; nil when there was none.
    package let latency: Span?
    /// Of the things asked lately, those that stayed without an answer; nil when nobody counts.
    package let loss: Fraction?

    package init(latency: Span?, loss: Fraction?) { (self.latency, self.loss) = (latency, loss) }
}

/// What was measured, as far as it is believed: it stays until something else has been true for a while (`Standing`).
package struct Measured: Hashable, Sendable, Codable {
    /// The mean.
    package let latency: Span
    /// The mean deviation from it.
    package let jitter: Span
    package let loss: Fraction

    package init(latency: Span, jitter: Span, loss: Fraction) {
        (self.latency, self.jitter, self.loss) = (latency, jitter, loss)
    }
}

/// Everything a score is made of.
package struct Evidence: Hashable, Sendable {
    /// Nil: not measured often enough.
    package let measured: Measured?
    /// What one more unit of load costs now; nil: not known.
    package let price: Money?
    /// As configured; nil: not said.
    package let quality: Fraction?

    package init(measured: Measured?, price: Money?, quality: Fraction?) {
        (self.measured, self.price, self.quality) = (measured, price, quality)
    }
}

/// How much each aim counts under `hybrid`; they add up to one.
package struct Aims: Hashable, Sendable, Codable {
    package let cost: Fraction
    package let latency: Fraction
    package let quality: Fraction

    package init(cost: Fraction, latency: Fraction, quality: Fraction) {
        (self.cost, self.latency, self.quality) = (cost, latency, quality)
    }
}

/// Bounds that a member must keep to.
package struct Limits: Hashable, Sendable, Codable {
    package let maxLatency: Span?
    package let maxLoss: Fraction?
    /// For one unit of load.
    package let maxCost: Money?
    package let minQuality: Fraction?

    package init(
        maxLatency: Span? = nil,
        maxLoss: Fraction? = nil,
        maxCost: Money? = nil,
        minQuality: Fraction? = nil
    ) {
        (self.maxLatency, self.maxLoss, self.maxCost, self.minQuality) = (maxLatency, maxLoss, maxCost, minQuality)
    }

    package static let none = Limits()

    /// Which bound a member breaks.
    package enum Bound: String, Hashable, Sendable, CaseIterable, Codable {
        case latency
        case loss
        case cost
        case quality
    }

    /// The first bound that the evidence is beyond. What is not known breaks none.
    package func broken(by evidence: Evidence) -> Bound? {
        if let measured = evidence.measured {
            if let maxLatency, measured.latency > maxLatency { return .latency }
            if let maxLoss, measured.loss > maxLoss { return .loss }
        }
        if let maxCost, let price = evidence.price, price > maxCost { return .cost }
        if let minQuality, let quality = evidence.quality, quality < minQuality { return .quality }
        return nil
    }
}
