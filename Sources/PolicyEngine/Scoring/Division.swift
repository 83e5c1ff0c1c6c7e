/// How is load divided by scores? The leaders share it by their configured weights; under `adaptive` all do, and delays change the weights.
///
/// Leaders are those whose score is within the strategy's band below the best. Two things are mixed in: members that nobody has
/// measured yet get a small part, so that they can be measured, and a leader near the end of its allowance gives way step by step to
/// those who would lead without it. The result depends on believed values alone (`Standing`), so it changes when they do and not
/// otherwise.
package import NetTypes

/// One member that may carry load.
package struct Contender: Hashable, Sendable {
    /// As configured; at least 1.
    package let weight: Int
    /// Nil: not known.
    package let score: UInt32?
    /// Its score once its allowance is used up; nil: it has none, or all of it is left or none.
    package let scoreWhenSpent: UInt32?
    /// Sixteenths of its part that it still takes, near the end of its allowance.
    package let sixteenths: Int

    package init(weight: Int, score: UInt32?, scoreWhenSpent: UInt32? = nil, sixteenths: Int = 16) {
        (self.weight, self.score, self.scoreWhenSpent) = (max(1, weight), score, scoreWhenSpent)
        self.sixteenths = min(16, max(0, sixteenths))
    }
}

package enum Division {
    /// What a weight can be at most: the kernel has 16 bits for it.
    package static let largestWeight: UInt64 = 65_535

    /// A weight for each contender, in order; their sum is above zero when there is one.
    package static func weights(_ contenders: [Contender], band: UInt32, exploration: UInt32) -> [UInt32] {
        let known = contenders.contains { $0.score != nil }
        // With nobody measured there is nothing to judge by.
        guard known else { return contenders.map { UInt32(clamping: $0.weight) } }
        let led = mixed(contenders, band: band)
        return scaled(explored(led, contenders, exploration: min(exploration, mostExploration)))
    }

    /// A weight for each contender by how quickly it answers: its own in proportion to the quickest's delay over its own. In sixteenths,
    /// so that what hardly differs is alike; nobody gets nothing, for whoever is slow under much load may be quick under little.
    package static func weights(_ contenders: [Contender], delays: [Span?], exploration: UInt32) -> [UInt32] {
        guard let best = delays.compactMap({ $0?.nanoseconds }).min() else {
            return contenders.map { UInt32(clamping: $0.weight) }
        }
        let led = zip(contenders, delays).map { contender, delay in
            delay.map { UInt64(contender.weight) * sixteenths(best, of: $0.nanoseconds) } ?? 0
        }
        return scaled(explored(led, contenders, exploration: min(exploration, mostExploration)))
    }

    /// The quickest's delay over another's, rounded.
    private static func sixteenths(_ best: Int64, of delay: Int64) -> UInt64 {
        let (best, delay) = (Int128(max(1, best)), Int128(max(1, delay)))
        return UInt64(clamping: max(1, (32 * best + delay) / (2 * delay)))
    }

    /// More than half is no exploration.
    private static let mostExploration: UInt32 = 500_000

    /// The weights of the leaders; zero for the others.
    private static func leaders(_ contenders: [Contender], _ scores: [UInt32?], band: UInt32) -> [UInt64] {
        let best = scores.compactMap { $0 }.max() ?? 0
        let least = best > band ? best - band : 0
        return zip(contenders, scores).map { contender, score in
            guard let score, score >= least else { return 0 }
            return UInt64(contender.weight)
        }
    }

    private static func mixed(_ contenders: [Contender], band: UInt32) -> [UInt64] {
        var scores = contenders.map(\.score)
        let now = leaders(contenders, scores, band: band)
        let ending = contenders.indices.filter {
            now[$0] > 0 && contenders[$0].sixteenths < 16 && contenders[$0].scoreWhenSpent != nil
        }
        guard let first = ending.min(by: { contenders[$0].sixteenths < contenders[$1].sixteenths }) else { return now }
        scores[first] = contenders[first].scoreWhenSpent
        let after = leaders(contenders, scores, band: band)
        let (sumNow, sumAfter) = (now.reduce(0, +), after.reduce(0, +))
        let part = UInt64(contenders[first].sixteenths)
        return zip(now, after).map { part * $0 * sumAfter + (16 - part) * $1 * sumNow }
    }

    /// Gives the unknown their part of the whole, shared by their configured weights.
    private static func explored(_ led: [UInt64], _ contenders: [Contender], exploration: UInt32) -> [UInt64] {
        let unknown = contenders.filter { $0.score == nil }
        guard !unknown.isEmpty, exploration > 0 else { return led }
        // Reduced first: the products below stay far within 64 bits.
        let led = scaled(led).map(UInt64.init)
        let (sum, unknownSum) = (led.reduce(0, +), unknown.reduce(0) { $0 + UInt64($1.weight) })
        let million: UInt64 = 1_000_000
        return zip(led, contenders).map { weight, contender in
            guard contender.score == nil else { return weight * (million - UInt64(exploration)) }
            return max(1, sum * UInt64(exploration) * UInt64(contender.weight) / unknownSum)
        }
    }

    /// The same proportions in small whole numbers, none of them lost.
    private static func scaled(_ weights: [UInt64]) -> [UInt32] {
        let divisor = weights.reduce(0, greatestCommonDivisor)
        guard divisor > 0, let most = weights.max().map({ $0 / divisor }) else { return weights.map { _ in 0 } }
        return weights.map { weight in
            let reduced = weight / divisor
            guard most > largestWeight, reduced > 0 else { return UInt32(clamping: reduced) }
            return UInt32(max(1, UInt128(reduced) * UInt128(largestWeight) / UInt128(most)))
        }
    }

    private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}
