/// Gives the parts of an expression their types: attributes become slots, literals become values, or errors at their place.
package import ConfigSyntax
package import NetTypes

/// The named sets that conditions may refer to.
package struct SetTable: Hashable, Sendable {
    private let names: [String]
    private let contents: [AddressRanges]

    package static let empty = SetTable([])

    /// Sets by name; of equal names the first counts.
    package init(_ sets: [(name: String, addresses: AddressRanges)]) {
        names = sets.map(\.name)
        contents = sets.map(\.addresses)
    }

    func addresses(of name: String) -> AddressRanges? { names.firstIndex(of: name).map { contents[$0] } }

    func hint(for wrong: String) -> String? {
        names.isEmpty ? "no sets are defined" : NearestName.hint(for: wrong, among: names)
    }
}

extension Match {
    /// Compiles an expression, or gives everything that is wrong with it, in the order written.
    package static func compile(
        _ expression: Expression,
        schema: FactSchema,
        sets: SetTable
    ) -> Result<Match, ExpressionErrors> {
        var compiler = MatchCompiler(schema: schema, sets: sets)
        let root = compiler.node(expression)
        guard let root, compiler.errors.isEmpty else { return .failure(ExpressionErrors(all: compiler.errors)) }
        return .success(Match(root: root, attributes: compiler.attributes))
    }
}

/// Everything that is wrong with one condition.
package struct ExpressionErrors: Error, Hashable, Sendable {
    package let all: [ExpressionError]
}

struct MatchCompiler {
    private let schema: FactSchema
    private let sets: SetTable
    private(set) var errors: [ExpressionError] = []
    private(set) var attributes: [Expression.Word] = []

    init(schema: FactSchema, sets: SetTable) {
        self.schema = schema
        self.sets = sets
    }

    /// Nil after an error, which stands in `errors`; the rest is still looked at.
    mutating func node(_ expression: Expression) -> Match.Step? {
        switch expression {
        case .any: return .always
        case .flag(let attribute): return flag(attribute)
        case .comparison(let comparison): return compare(comparison)
        case .not(let inner): return node(inner).map { .not($0) }
        case .and(let parts): return nodes(parts).map { .all($0) }
        case .or(let parts): return nodes(parts).map { .some($0) }
        }
    }

    private mutating func nodes(_ parts: [Expression]) -> [Match.Step]? {
        var result: [Match.Step] = []
        for part in parts {
            if let node = node(part) { result.append(node) }
        }
        return result.count == parts.count ? result : nil
    }

    private mutating func flag(_ attribute: Expression.Word) -> Match.Step? {
        guard let (slot, type, field) = resolve(attribute) else { return nil }
        switch type {
        case .flag: return .test(slot, .flag, negated: false)
        case .fields: return .test(slot, .fieldPresent(name: field), negated: false)
        case .number, .text, .words, .address, .time, .duration:
            return fail("'\(attribute.text)' is \(type.name) and cannot stand alone", at: attribute.offset)
        }
    }

    private mutating func compare(_ comparison: Expression.Comparison) -> Match.Step? {
        guard let (slot, type, field) = resolve(comparison.attribute) else { return nil }
        guard mayUse(comparison.relation, comparison.attribute, type) else { return nil }
        let reader = LiteralReader(attribute: comparison.attribute.text, type: type, sets: sets)
        do {
            let test = try reader.test(comparison.relation, comparison.operand, field: field)
            return .test(slot, test, negated: comparison.relation == .notEqual)
        } catch {
            errors.append(error)
            return nil
        }
    }

    /// Slot and type of an attribute, and for `header.x-team` the field's name.
    private mutating func resolve(_ word: Expression.Word) -> (FactSlot, FactType, field: String)? {
        attributes.append(word)
        for (index, attribute) in schema.attributes.enumerated() {
            if attribute.type == .fields {
                let prefix = attribute.name + "."
                guard word.text.hasPrefix(prefix), word.text.count > prefix.count else { continue }
                return (FactSlot(index), attribute.type, word.text.dropFirst(prefix.count).lowercased())
            }
            if attribute.name == word.text { return (FactSlot(index), attribute.type, "") }
        }
        let names = schema.attributes.map { $0.type == .fields ? $0.name + ".NAME" : $0.name }
        errors.append(
            ExpressionError(
                "unknown attribute '\(word.text)'",
                at: word.offset,
                hint: NearestName.hint(for: word.text, among: names)
            )
        )
        return nil
    }

    private mutating func mayUse(_ relation: Expression.Relation, _ word: Expression.Word, _ type: FactType) -> Bool {
        let allowed = type.relations.filter { $0 != .matches || schema.allowsPatterns }
        if allowed.contains(relation) { return true }
        let hint =
            switch type {
            case .flag: "write \(word.text) or not \(word.text)"
            case .number, .text, .words, .address, .time, .duration, .fields:
                "it takes " + allowed.map(\.rawValue).joined(separator: ", ")
            }
        errors.append(
            ExpressionError(
                "'\(word.text)' is \(type.name) and takes no '\(relation.rawValue)'",
                at: word.offset,
                hint: hint
            )
        )
        return false
    }

    private mutating func fail(_ message: String, at offset: Int) -> Match.Step? {
        errors.append(ExpressionError(message, at: offset, hint: "compare it with something"))
        return nil
    }
}

extension FactType {
    /// What an attribute of the type can be asked.
    var relations: [Expression.Relation] {
        switch self {
        case .flag: []
        case .number, .duration: [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .in]
        case .time: [.less, .greaterOrEqual, .in]
        case .text, .fields: [.equal, .notEqual, .in, .matches]
        case .words: [.has]
        case .address: [.equal, .notEqual, .in]
        }
    }
}
