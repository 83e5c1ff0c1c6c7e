/// The flat program says of every condition and every request what the tree says.
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct PolicyProgramTests {
    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private static let words = ["a", "b", "c", "d"]

    private func step(_ dice: inout Dice, depth: Int) -> Match.Step {
        let parts = { (dice: inout Dice) in
            (0..<Int.random(in: 0...3, using: &dice)).map { _ in self.step(&dice, depth: depth - 1) }
        }
        switch depth > 0 ? Int.random(in: 0...9, using: &dice) : 9 {
        case 0: return .always
        case 1: return .not(step(&dice, depth: depth - 1))
        case 2, 3: return .all(parts(&dice))
        case 4, 5: return .some(parts(&dice))
        default: return test(&dice)
        }
    }

    private func test(_ dice: inout Dice) -> Match.Step {
        let isNegated = Bool.random(using: &dice)
        let texts = Array(Self.words.shuffled(using: &dice).prefix(Int.random(in: 1...3, using: &dice)))
        switch Int.random(in: 0...5, using: &dice) {
        case 0: return .test(RequestFact.model.slot, .texts(texts), negated: isNegated)
        case 1: return .test(RequestFact.team.slot, .texts(texts), negated: isNegated)
        case 2: return .test(RequestFact.stream.slot, .flag, negated: false)
        case 3: return .test(RequestFact.promptTokens.slot, .ranges([0...500, 900...1000]), negated: isNegated)
        case 4: return .test(RequestFact.header.slot, .fieldTexts(name: "x", texts), negated: isNegated)
        default: return .test(RequestFact.tags.slot, .holds(texts), negated: isNegated)
        }
    }

    private func facts(_ dice: inout Dice) -> RequestFacts {
        var facts = RequestFacts(model: Self.words.randomElement(using: &dice) ?? "", document: nil)
        facts.team = Bool.random(using: &dice) ? Self.words.randomElement(using: &dice) : nil
        facts.isStreamed = Bool.random(using: &dice)
        facts.promptTokens = Bool.random(using: &dice) ? UInt64.random(in: 0...1500, using: &dice) : nil
        facts.tags = Array(Self.words.shuffled(using: &dice).prefix(Int.random(in: 0...2, using: &dice)))
        if Bool.random(using: &dice) {
            facts.headers = [.init(name: "x", value: Self.words.randomElement(using: &dice) ?? "")]
        }
        return facts
    }

    @Test(arguments: 1...40) func itSaysWhatTheTreeSays(_ seed: UInt64) {
        var dice = Dice(state: seed)
        let matches = (0..<20).map { _ in Match(root: step(&dice, depth: 4), attributes: []) }
        let program = PolicyProgram(matches)
        for _ in 0..<25 {
            var facts = facts(&dice)
            var memo = PolicyProgram.Memo()
            for (number, match) in matches.enumerated() {
                let expected = match.evaluate { facts.value($0) }
                #expect(program.holds(number, &facts, &memo) == expected, "\(match.root)")
            }
        }
    }
}
