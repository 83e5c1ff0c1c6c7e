/// When enough targets have answered, and when enough can no longer answer.
package struct Quorum: Hashable, Sendable {
    /// Answers that make a round a success; 1…total.
    package let need: Int
    package let total: Int
    package private(set) var answered = 0
    /// Targets that certainly do not answer any more.
    package private(set) var lost = 0

    package init(need: Int, of total: Int) {
        self.total = max(total, 1)
        self.need = min(max(need, 1), self.total)
    }

    package enum Outcome: Hashable, Sendable {
        case open
        case reached
        /// Too few can still answer.
        case missed
    }

    package var outcome: Outcome {
        if answered >= need { return .reached }
        return total - lost < need ? .missed : .open
    }

    /// Whether every target has had its say.
    package var isComplete: Bool { answered + lost >= total }

    package mutating func countAnswer() { answered = min(answered + 1, total - lost) }

    package mutating func countLoss() { lost = min(lost + 1, total - answered) }
}
