/// When does a member that answers serve too badly: limits on loss, latency and jitter, with their hysteresis?
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

/// What a member must keep within. A limit that is nil is none.
package struct ProbeLimits: Hashable, Sendable, Codable {
    package let loss: Fraction?
    package let latency: Span?
    package let jitter: Span?
    /// A limit that was exceeded is kept again when the figure has fallen to this part of it.
    package let recoverAt: Fraction

    /// A fifth below the limit: a figure that lies on it would flicker otherwise.
    package static let standardRecovery = Fraction(millionths: 800_000)

    package init(loss: Fraction?, latency: Span?, jitter: Span?, recoverAt: Fraction = Self.standardRecovery) {
        (self.loss, self.latency, self.jitter, self.recoverAt) = (loss, latency, jitter, recoverAt)
    }
}

/// Which limits are exceeded, followed from round to round.
struct LimitWatch: Hashable, Sendable {
    /// Fewer samples prove no rate: one lost of three is a third.
    static let fewestSamples = 8

    private enum Limit: CaseIterable {
        case loss
        case latency
        case jitter
    }

    private let limits: ProbeLimits
    private var exceeded: Set<Limit> = []
    /// What is exceeded and by how much; nil when everything is kept.
    private(set) var fault: ProbeFault?

    init(_ limits: ProbeLimits) { self.limits = limits }

    /// `isComplete`: whether the figures are those of a whole window. A few good rounds right after the start acquit nobody: with a third of
    /// them lost, half a window may well look clean.
    mutating func judge(_ figures: Figures, isComplete: Bool) {
        fault = nil
        for limit in Limit.allCases {
            guard let reading = reading(limit, figures), reading.samples >= Self.fewestSamples else { continue }
            if reading.value > reading.limit {
                exceeded.insert(limit)
            } else if isComplete, keepsWell(reading) {
                exceeded.remove(limit)
            }
            if exceeded.contains(limit), fault == nil { fault = ProbeFault(reading.cause, reading.words) }
        }
    }

    private func keepsWell(_ reading: Reading) -> Bool {
        Int128(reading.value) * 1_000_000 <= Int128(reading.limit) * Int128(limits.recoverAt.millionths)
    }

    private typealias Reading = (cause: Cause, value: Int64, limit: Int64, samples: Int, words: String)

    private func reading(_ limit: Limit, _ figures: Figures) -> Reading? {
        switch limit {
        case .loss:
            guard let loss = limits.loss else { return nil }
            let words = "\(figures.lost) of \(figures.sent) lost, limit \(Self.percent(loss))"
            return (.lossLimit, Int64(figures.lossMillionths), Int64(loss.millionths), figures.sent, words)
        case .latency:
            guard let latency = limits.latency, let mean = figures.latency else { return nil }
            let words = "\(mean) on average, limit \(latency)"
            return (.latencyLimit, mean.nanoseconds, latency.nanoseconds, figures.roundTrips, words)
        case .jitter:
            guard let jitter = limits.jitter, let mean = figures.jitter else { return nil }
            let words = "jitter \(mean), limit \(jitter)"
            return (.jitterLimit, mean.nanoseconds, jitter.nanoseconds, figures.differences, words)
        }
    }

    private static func percent(_ fraction: Fraction) -> String {
        let (whole, rest) = (fraction.millionths / 10_000, fraction.millionths % 10_000)
        guard rest > 0 else { return "\(whole) %" }
        var digits = String(10_000 + rest).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits) %"
    }
}

/// Why a request or a round failed, or is worse than it should be.
package struct ProbeFault: Hashable, Sendable {
    package let cause: Cause
    /// What the cause does not say; nil when it says all.
    package let detail: String?

    package init(_ cause: Cause, _ detail: String? = nil) { (self.cause, self.detail) = (cause, detail) }
}
