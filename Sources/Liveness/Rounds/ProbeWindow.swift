/// How did the last rounds go: loss, latency and jitter over a sliding window, in bounded memory?
import NetTypes
package import PolicyEngine

/// What became of the last rounds of one schedule. Adding a round costs a shift within a small sorted array.
///
/// *Latency* is that of each round's fastest answer: the way is as fast as its fastest answer shows, whatever ails one target.
/// *Jitter* is the mean difference between one answer of a target and its next, over all targets (the samples of RFC 3550 §6.4.1
/// without its smoothing: a window forgets, a filter does not).
package struct ProbeWindow: Hashable, Sendable {
    /// Rounds looked back at where none are configured: enough to see one lost in thirty; at one a second, an outage is forgotten
    /// in half a minute.
    package static let standardRounds = 32
    /// Fewer tell nothing; more remember what nobody asks for any more, and make each round dearer.
    package static let allowedRounds = 4...1024

    /// What is known of one round. Spans are whole microseconds.
    struct Round: Hashable, Sendable {
        var sent: UInt16 = 0
        var lost: UInt16 = 0
        /// Of the fastest answer; `none` without one.
        var trip: UInt32 = Self.none
        var differences: UInt16 = 0
        var difference: UInt64 = 0

        static let none = UInt32.max
    }

    private let length: Int
    private var history: [Round] = []
    private var oldest = 0
    /// The trips in the window, in ascending order.
    private var trips: [UInt32] = []
    private var tripSum: UInt64 = 0
    private var differenceSum: UInt64 = 0
    private var differences = 0
    private var sent = 0
    private var lost = 0

    package init(rounds: Int = Self.standardRounds) {
        length = min(max(rounds, Self.allowedRounds.lowerBound), Self.allowedRounds.upperBound)
    }

    mutating func add(_ round: Round) {
        if history.count < length {
            history.append(round)
        } else {
            forget(history[oldest])
            history[oldest] = round
            oldest = oldest + 1 == length ? 0 : oldest + 1
        }
        sent += Int(round.sent)
        lost += Int(round.lost)
        differences += Int(round.differences)
        differenceSum &+= round.difference
        guard round.trip != Round.none else { return }
        trips.insert(round.trip, at: place(of: round.trip))
        tripSum &+= UInt64(round.trip)
    }

    private mutating func forget(_ round: Round) {
        sent -= Int(round.sent)
        lost -= Int(round.lost)
        differences -= Int(round.differences)
        differenceSum &-= round.difference
        guard round.trip != Round.none else { return }
        trips.remove(at: place(of: round.trip))
        tripSum &-= UInt64(round.trip)
    }

    /// Where a trip stands or would stand: after all shorter ones.
    private func place(of trip: UInt32) -> Int {
        var (low, high) = (0, trips.count)
        while low < high {
            let middle = (low + high) / 2
            if trips[middle] < trip { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether it looks back as far as it is meant to.
    package var isFull: Bool { history.count == length }

    package var figures: Figures {
        let count = trips.count
        return Figures(
            sent: sent,
            lost: lost,
            roundTrips: count,
            latency: count > 0 ? Self.span(tripSum / UInt64(count)) : nil,
            median: count > 0 ? Self.span(UInt64(trips[(count - 1) / 2])) : nil,
            percentile95: count > 0 ? Self.span(UInt64(trips[(count * 95 + 99) / 100 - 1])) : nil,
            differences: differences,
            jitter: differences > 0 ? Self.span(differenceSum / UInt64(differences)) : nil
        )
    }

    private static func span(_ microseconds: UInt64) -> Span { Span(nanoseconds: Int64(clamping: microseconds) * 1000) }
}
