/// A condition compiled against a schema: what the hot path evaluates.
package import ConfigSyntax
package import NetTypes

package struct Match: Hashable, Sendable, Codable {
    package let root: Step
    /// Every attribute the condition asks for, in the order written.
    package let attributes: [Expression.Word]

    package init(root: Step, attributes: [Expression.Word]) {
        self.root = root
        self.attributes = attributes
    }

    /// One step of the evaluation. Planes that compile conditions further (to rules and sets) read it.
    package indirect enum Step: Hashable, Sendable, Codable {
        case always
        case not(Step)
        case all([Step])
        case some([Step])
        /// True when the fact is there and the test's answer is not `negated`.
        case test(FactSlot, Test, negated: Bool)
    }

    /// One question about one fact.
    package enum Test: Hashable, Sendable, Codable {
        /// A flag that is set.
        case flag
        /// Sorted, disjoint ranges of numbers, seconds of the day or nanoseconds.
        case ranges([ClosedRange<Int64>])
        case addresses(AddressRanges)
        /// A named set, with what it holds now.
        case set(String, AddressRanges)
        case texts([String])
        case pattern(Glob)
        /// The set holds one of the words.
        case holds([String])
        /// The field of this name (lower case) passes the text test.
        case fieldTexts(name: String, [String])
        case fieldPattern(name: String, Glob)
        case fieldPresent(name: String)
    }

    /// What stands for a condition that could not be read, so that the rest of its policy is still checked.
    package static var never: Match { Match(root: .some([]), attributes: []) }

    /// Whether the condition holds. A comparison with an absent fact is false, whatever its relation.
    package func evaluate(_ facts: Facts) -> Bool { evaluate { facts[$0] } }

    /// The same with facts that are asked for one by one, from left to right and no further than the verdict needs: those that
    /// are dear to find out are found out only then.
    package func evaluate(_ fact: (FactSlot) -> FactValue) -> Bool { Self.evaluate(root, fact) }

    private static func evaluate(_ step: Step, _ fact: (FactSlot) -> FactValue) -> Bool {
        switch step {
        case .always: true
        case .not(let inner): !evaluate(inner, fact)
        case .all(let parts): parts.allSatisfy { evaluate($0, fact) }
        case .some(let parts): parts.contains { evaluate($0, fact) }
        case .test(let slot, let test, let negated): test.answer(fact(slot)).map { $0 != negated } ?? false
        }
    }

    /// The slots of all facts that the condition may ask for, each once.
    package var slots: Set<FactSlot> {
        var found: Set<FactSlot> = []
        var steps = [root]
        while let step = steps.popLast() {
            switch step {
            case .always: continue
            case .not(let inner): steps.append(inner)
            case .all(let parts), .some(let parts): steps += parts
            case .test(let slot, _, _): found.insert(slot)
            }
        }
        return found
    }

    /// The names of the fields that it may ask for, in lower case, each once, in the order written.
    package var fieldNames: [String] {
        var names: [String] = []
        var steps = [root]
        while let step = steps.popLast() {
            switch step {
            case .always: continue
            case .not(let inner): steps.append(inner)
            case .all(let parts), .some(let parts): steps += parts.reversed()
            case .test(_, .fieldTexts(let name, _), _), .test(_, .fieldPattern(let name, _), _),
                .test(_, .fieldPresent(let name), _):
                if !names.contains(name) { names.append(name) }
            case .test: continue
            }
        }
        return names
    }
}

extension Match.Test {
    /// The answer; nil when the fact (or the field) is absent or of another type than the test.
    package func answer(_ value: FactValue) -> Bool? {
        switch (self, value) {
        case (.flag, .flag(let isSet)): isSet
        case (.ranges(let ranges), .number(let number)): ranges.contains { $0.contains(number) }
        case (.addresses(let addresses), .address(let address)), (.set(_, let addresses), .address(let address)):
            addresses.contains(address)
        case (.texts(let texts), .text(let text)): texts.contains(text)
        case (.pattern(let glob), .text(let text)): glob.matches(text)
        case (.holds(let wanted), .words(let words)): wanted.contains { words.contains($0) }
        case (.fieldTexts(let name, let texts), .fields(let fields)):
            Self.field(name, in: fields).map { texts.contains($0) }
        case (.fieldPattern(let name, let glob), .fields(let fields)):
            Self.field(name, in: fields).map { glob.matches($0) }
        case (.fieldPresent(let name), .fields(let fields)): Self.field(name, in: fields) != nil
        case (_, .absent), (.flag, _), (.ranges, _), (.addresses, _), (.set, _), (.texts, _), (.pattern, _),
            (.holds, _),
            (.fieldTexts, _), (.fieldPattern, _), (.fieldPresent, _):
            nil
        }
    }

    private static func field(_ name: String, in fields: [FactValue.Field]) -> String? {
        fields.first { $0.name == name }?.value
    }
}
