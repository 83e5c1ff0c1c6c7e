/// When a round is certain.
import Testing

@testable import Liveness

struct QuorumTests {
    struct Row: CustomTestStringConvertible {
        let need: Int
        let total: Int
        let answered: Int
        let lost: Int
        let outcome: Quorum.Outcome
        let reason: String
        var testDescription: String { reason }
    }

    static let rows = [
        Row(need: 1, total: 2, answered: 0, lost: 0, outcome: .open, reason: "nothing heard"),
        Row(need: 1, total: 2, answered: 0, lost: 1, outcome: .open, reason: "the other may still answer"),
        Row(need: 1, total: 2, answered: 1, lost: 0, outcome: .reached, reason: "one is enough"),
        Row(need: 1, total: 2, answered: 0, lost: 2, outcome: .missed, reason: "nobody is left"),
        Row(need: 2, total: 3, answered: 1, lost: 1, outcome: .open, reason: "the third decides"),
        Row(need: 2, total: 3, answered: 0, lost: 2, outcome: .missed, reason: "one alone cannot be two"),
        Row(need: 2, total: 3, answered: 2, lost: 1, outcome: .reached, reason: "two of three"),
        Row(need: 9, total: 2, answered: 2, lost: 0, outcome: .reached, reason: "no more can be needed than there are"),
        Row(need: 0, total: 1, answered: 0, lost: 1, outcome: .missed, reason: "at least one is always needed"),
    ]

    @Test(arguments: rows)
    func theOutcomeIsKnownAsSoonAsItIsCertain(_ row: Row) {
        var quorum = Quorum(need: row.need, of: row.total)
        for _ in 0..<row.answered { quorum.countAnswer() }
        for _ in 0..<row.lost { quorum.countLoss() }
        #expect(quorum.outcome == row.outcome)
    }

    @Test func moreAnswersThanTargetsAreNotCounted() {
        var quorum = Quorum(need: 1, of: 2)
        quorum.countLoss()
        for _ in 0..<5 { quorum.countAnswer() }
        #expect(quorum.answered == 1 && quorum.isComplete)
    }
}
