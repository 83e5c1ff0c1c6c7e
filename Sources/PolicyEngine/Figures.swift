/// What was measured of a member lately: loss, latency and jitter, each with the number of samples behind it.
///
/// Integers all through, so that a recording replays to the same decision; strategies score these, limits bound them.
package import NetTypes

/// Figures of one member in one scope over a sliding window.
package struct Figures: Hashable, Sendable, Codable {
    /// Requests in the window; what loss is a part of.
    package let sent: Int
    /// Those of them that stayed without an answer.
    package let lost: Int
    /// Round trips in the window; what the latencies are made of.
    package let roundTrips: Int
    /// Mean round trip; nil without one.
    package let latency: Span?
    /// Half of the round trips were no longer than this.
    package let median: Span?
    /// Nineteen of twenty round trips were no longer than this.
    package let percentile95: Span?
    /// Differences between one answer and the next; what jitter is made of.
    package let differences: Int
    /// Mean difference between a round trip and the one before it; nil before the second answer.
    package let jitter: Span?

    package init(
        sent: Int,
        lost: Int,
        roundTrips: Int = 0,
        latency: Span? = nil,
        median: Span? = nil,
        percentile95: Span? = nil,
        differences: Int = 0,
        jitter: Span? = nil
    ) {
        (self.sent, self.lost, self.roundTrips, self.latency) = (sent, lost, roundTrips, latency)
        (self.median, self.percentile95, self.differences, self.jitter) = (median, percentile95, differences, jitter)
    }

    /// Nothing was measured yet.
    package static let none = Figures(sent: 0, lost: 0)

    /// Lost requests in millionths of those sent; 0 before the first.
    package var lossMillionths: Int { sent > 0 ? lost * 1_000_000 / sent : 0 }

    /// The same in thousandths.
    package var lossPermille: Int { sent > 0 ? lost * 1000 / sent : 0 }
}
