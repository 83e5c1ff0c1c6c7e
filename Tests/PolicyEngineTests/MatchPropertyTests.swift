/// Random conditions over random facts: the compiled match and the slow evaluator agree, every time.
import Chance
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@Suite struct MatchPropertyTests {
    private static let schema = FactSchema(
        [
            .init("src", .address), .init("port", .number(0...65535)), .init("name", .text(vocabulary: [])),
            .init("flag", .flag), .init("words", .words(vocabulary: [])),
        ],
        allowsPatterns: true
    )
    private static let set = ["10.0.0.0/15", "10.2.0.0/16", "2001:db8::/31", "10.1.0.0/16"].map {
        try! IPPrefix(parsing: $0)
    }

    @Test(arguments: 1...40)
    func theCompiledMatchAgreesWithTheSlowEvaluator(_ seed: UInt64) throws {
        var random = SeededGenerator(seed)
        let sets = SetTable([("set", AddressRanges(Self.set))])
        var verdicts: [Bool: Int] = [:]
        for _ in 0..<50 {
            let text = condition(depth: 4, &random)
            let expression = try Expression(parsing: text)
            let match = try Match.compile(expression, schema: Self.schema, sets: sets).get()
            for _ in 0..<10 {
                let facts = facts(&random)
                let slow = SlowEvaluator(schema: Self.schema, facts: facts, set: Self.set).holds(expression)
                #expect(match.evaluate(facts) == slow, "\(text) over \(facts)")
                verdicts[slow, default: 0] += 1
            }
        }
        // A test that only ever saw one verdict would prove nothing.
        #expect(verdicts[true, default: 0] > 50 && verdicts[false, default: 0] > 50)
    }

    private func condition(depth: Int, _ random: inout SeededGenerator) -> String {
        guard depth > 0 else { return term(&random) }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return "not " + parenthesised(depth, &random)
        case 1: return parenthesised(depth, &random) + " and " + parenthesised(depth, &random)
        case 2: return parenthesised(depth, &random) + " or " + parenthesised(depth, &random)
        case 3: return "\(term(&random)) and \(term(&random)) or not \(term(&random))"
        default: return term(&random)
        }
    }

    private func parenthesised(_ depth: Int, _ random: inout SeededGenerator) -> String {
        "(" + condition(depth: depth - 1, &random) + ")"
    }

    private func term(_ random: inout SeededGenerator) -> String {
        let relation = ["==", "!=", "<", "<=", ">", ">="].randomElement(using: &random)!
        let equality = ["==", "!="].randomElement(using: &random)!
        let port = { (random: inout SeededGenerator) in Int.random(in: 0...9, using: &random) }
        switch Int.random(in: 0..<11, using: &random) {
        case 0: return "any"
        case 1: return "flag"
        case 2: return "port \(relation) \(port(&random))"
        case 3: return "port in \(port(&random))-\(9 + port(&random))"
        case 4: return "port in [\(port(&random)), \(port(&random))-9, \(port(&random))]"
        case 5: return "src \(equality) \(address(&random))"
        case 6: return "src in @set"
        case 7: return "src in [\(prefix(&random)), \(prefix(&random)), \(address(&random))]"
        case 8: return "name \(equality) \(name(&random))"
        case 9: return "name matches \"\(pattern(&random))\""
        default: return "words has [\(name(&random)), \(name(&random))]"
        }
    }

    private func address(_ random: inout SeededGenerator) -> IPAddress {
        if Bool.random(using: &random) {
            return IPAddress(
                v4: 10 << 24 | UInt32.random(in: 0...3, using: &random) << 16 | UInt32.random(in: 0...1, using: &random)
            )
        }
        let high = 0x2001_0DB8 << 32 | UInt64.random(in: 0...3, using: &random) << 31
        return IPAddress(family: .v6, high: high, low: UInt64.random(in: 0...1, using: &random))
    }

    private func prefix(_ random: inout SeededGenerator) -> IPPrefix {
        let address = address(&random)
        return IPPrefix(containing: address, length: UInt8.random(in: 0...UInt8(address.family.width), using: &random))
    }

    private func name(_ random: inout SeededGenerator) -> String {
        String((0..<Int.random(in: 1...3, using: &random)).map { _ in "ab".randomElement(using: &random)! })
    }

    private func pattern(_ random: inout SeededGenerator) -> String {
        String((0..<Int.random(in: 0...5, using: &random)).map { _ in "ab*?*".randomElement(using: &random)! })
    }

    private func facts(_ random: inout SeededGenerator) -> Facts {
        var facts = Facts(for: Self.schema)
        let values: [FactValue] = [
            .address(address(&random)), .number(Int64.random(in: 0...12, using: &random)), .text(name(&random)),
            .flag(Bool.random(using: &random)), .words([name(&random), name(&random)]),
        ]
        for (index, value) in values.enumerated() where Int.random(in: 0..<5, using: &random) > 0 {
            facts[FactSlot(index)] = value
        }
        return facts
    }
}
