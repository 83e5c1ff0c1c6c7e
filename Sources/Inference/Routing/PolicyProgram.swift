/// Which policy is the first whose condition holds? All conditions of a snapshot as one flat list of steps, each with the step to
/// go on with when it holds and when not: a request reads them in order, without following a tree.
///
/// Texts that conditions compare with are numbered. A request's own text is looked up once, and compared as a number from then on.
import PolicyEngine

struct PolicyProgram: Sendable {
    private enum Question: Sendable {
        /// The text in the slot is this literal.
        case literal(Int32)
        /// Any other, by its position in `tests`.
        case other(Int32)
    }

    private struct Step: Sendable {
        let slot: Int32
        let isNegated: Bool
        let question: Question
        let onTrue: Int32
        let onFalse: Int32
    }

    private static let holds: Int32 = -1
    private static let fails: Int32 = -2

    private var steps: [Step] = []
    private var tests: [Match.Test] = []
    /// By slot.
    private var literals: [[String: Int32]]
    /// The first step of each condition, or its verdict.
    private var entries: [Int32] = []

    init(_ matches: [Match]) {
        literals = RequestFact.allCases.map { _ in [:] }
        for match in matches { entries.append(emit(match.root, Self.holds, Self.fails)) }
    }

    /// What was looked up for one request.
    struct Memo {
        fileprivate static let unasked: Int32 = -3
        fileprivate static let absent: Int32 = -2
        fileprivate static let unnamed: Int32 = -1
        fileprivate var literals = InlineArray<16, Int32>(repeating: unasked)

        init() {
            // One place for each fact.
            precondition(RequestFact.allCases.count <= 16)
        }
    }

    /// Whether the condition of the policy at this position holds.
    func holds(_ policy: Int, _ facts: inout RequestFacts, _ memo: inout Memo) -> Bool {
        var at = entries[policy]
        while at >= 0 {
            let step = steps[Int(at)]
            at = answer(step, &facts, &memo) ? step.onTrue : step.onFalse
        }
        return at == Self.holds
    }

    private func answer(_ step: Step, _ facts: inout RequestFacts, _ memo: inout Memo) -> Bool {
        switch step.question {
        case .literal(let wanted):
            let found = literal(Int(step.slot), &facts, &memo)
            return found != Memo.absent && (found == wanted) != step.isNegated
        case .other(let test):
            let value = facts.value(FactSlot(Int(step.slot)))
            return tests[Int(test)].answer(value).map { $0 != step.isNegated } ?? false
        }
    }

    private func literal(_ slot: Int, _ facts: inout RequestFacts, _ memo: inout Memo) -> Int32 {
        if memo.literals[slot] != Memo.unasked { return memo.literals[slot] }
        var found = Memo.absent
        if case .text(let text) = facts.value(FactSlot(slot)) { found = literals[slot][text] ?? Memo.unnamed }
        memo.literals[slot] = found
        return found
    }

    // MARK: Making it

    /// Writes a condition's steps from its end, and gives the first.
    private mutating func emit(_ step: Match.Step, _ onTrue: Int32, _ onFalse: Int32) -> Int32 {
        switch step {
        case .always: return onTrue
        case .not(let inner): return emit(inner, onFalse, onTrue)
        case .all(let parts): return parts.reversed().reduce(onTrue) { emit($1, $0, onFalse) }
        case .some(let parts): return parts.reversed().reduce(onFalse) { emit($1, onTrue, $0) }
        case .test(let slot, .texts(let texts), let isNegated)
        where literals.indices.contains(slot.index) && (texts.count == 1 || !isNegated):
            return texts.reversed().reduce(onFalse) { next, text in
                append(slot, isNegated, .literal(number(of: text, slot.index)), onTrue, next)
            }
        case .test(let slot, let test, let isNegated):
            tests.append(test)
            return append(slot, isNegated, .other(Int32(tests.count - 1)), onTrue, onFalse)
        }
    }

    private mutating func append(
        _ slot: FactSlot,
        _ isNegated: Bool,
        _ question: Question,
        _ onTrue: Int32,
        _ onFalse: Int32
    ) -> Int32 {
        let slot = Int32(slot.index)
        steps.append(Step(slot: slot, isNegated: isNegated, question: question, onTrue: onTrue, onFalse: onFalse))
        return Int32(steps.count - 1)
    }

    private mutating func number(of text: String, _ slot: Int) -> Int32 {
        if let known = literals[slot][text] { return known }
        let number = Int32(literals[slot].count)
        literals[slot][text] = number
        return number
    }
}
