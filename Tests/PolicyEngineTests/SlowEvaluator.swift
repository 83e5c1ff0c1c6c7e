/// A slow, obviously right reading of conditions: no compiling, no ranges, no sorting; every literal is read at every comparison.
import ConfigSyntax
import NetTypes
import PolicyEngine

struct SlowEvaluator {
    let schema: FactSchema
    let facts: Facts
    let set: [IPPrefix]

    func holds(_ expression: Expression) -> Bool {
        switch expression {
        case .any: true
        case .flag(let word): value(word.text) == .flag(true)
        case .not(let inner): !holds(inner)
        case .and(let parts): parts.reduce(true) { holds($1) && $0 }
        case .or(let parts): parts.reduce(false) { holds($1) || $0 }
        case .comparison(let comparison): holds(comparison)
        }
    }

    private func value(_ name: String) -> FactValue {
        facts[FactSlot(schema.attributes.firstIndex { $0.name == name }!)]
    }

    private func holds(_ comparison: Expression.Comparison) -> Bool {
        let fact = value(comparison.attribute.text)
        if fact == .absent { return false }
        switch comparison.operand {
        case .set:
            guard case .address(let address) = fact else { return false }
            return set.contains { contains($0, address) }
        case .literal(let literal):
            let isOne = matches(fact, comparison.relation, literal.text)
            return comparison.relation == .notEqual ? !matches(fact, .equal, literal.text) : isOne
        case .list(let literals): return literals.contains { matches(fact, comparison.relation, $0.text) }
        }
    }

    private func matches(_ fact: FactValue, _ relation: Expression.Relation, _ text: String) -> Bool {
        switch fact {
        case .number(let number): return compare(number, relation, text)
        case .address(let address): return compare(address, text)
        case .text(let own): return relation == .matches ? glob(Array(text)[...], Array(own)[...]) : own == text
        case .words(let words): return words.contains(text)
        case .absent, .flag, .fields: return false
        }
    }

    private func compare(_ number: Int64, _ relation: Expression.Relation, _ text: String) -> Bool {
        let ends = text.split(separator: "-").map { Int64($0)! }
        switch relation {
        case .equal, .notEqual: return number == ends[0]
        case .less: return number < ends[0]
        case .lessOrEqual: return number <= ends[0]
        case .greater: return number > ends[0]
        case .greaterOrEqual: return number >= ends[0]
        case .in, .has, .matches: return number >= ends[0] && number <= ends[ends.count - 1]
        }
    }

    private func compare(_ address: IPAddress, _ text: String) -> Bool {
        if text.contains("/") { return contains(try! IPPrefix(parsing: text), address) }
        let ends = text.split(separator: "-").map { IPAddress(String($0))!.bytes }
        let own = address.bytes
        guard own.count == ends[0].count else { return false }
        return !own.lexicographicallyPrecedes(ends[0]) && !ends[ends.count - 1].lexicographicallyPrecedes(own)
    }

    /// Bit by bit.
    private func contains(_ prefix: IPPrefix, _ address: IPAddress) -> Bool {
        guard prefix.family == address.family else { return false }
        return (0..<Int(prefix.length)).allSatisfy { bit in
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            return prefix.address.bytes[bit / 8] & mask == address.bytes[bit / 8] & mask
        }
    }

    private func glob(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == "*" { return glob(rest, text) || (!text.isEmpty && glob(pattern, text.dropFirst())) }
        return !text.isEmpty && (first == "?" || first == text.first) && glob(rest, text.dropFirst())
    }
}
