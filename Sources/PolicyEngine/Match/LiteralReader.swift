/// Reads the right-hand side of one comparison as the attribute's type asks.
import ConfigSyntax
import NetTypes

struct LiteralReader {
    typealias Literal = Expression.Literal

    let attribute: String
    let type: FactType
    let sets: SetTable

    /// The test for `attribute relation operand`, `!=` being read as `==`. Throws what is wrong, at the literal.
    func test(
        _ relation: Expression.Relation,
        _ operand: Expression.Operand,
        field: String
    ) throws(ExpressionError) -> Match.Test {
        if case .set(let name) = operand { return try setTest(relation, name) }
        if case .list(let items) = operand, relation != .in, relation != .has, let first = items.first {
            throw ExpressionError(
                "'\(relation.rawValue)' takes one value, not a list",
                at: first.offset,
                hint: "use in"
            )
        }
        let literals = operand.literals
        switch type {
        case .flag: throw ExpressionError("'\(attribute)' is a flag", at: literals.first?.offset ?? 0)
        case .number, .time, .duration: return .ranges(try ranges(relation, literals))
        case .address:
            return .addresses(
                AddressRanges(
                    try collect(literals) { literal throws(ExpressionError) in
                        try addressRange(literal, isIn: relation == .in)
                    }
                )
            )
        case .text(let vocabulary):
            if relation == .matches { return .pattern(try pattern(literals)) }
            return .texts(try texts(literals, vocabulary))
        case .words(let vocabulary): return .holds(try texts(literals, vocabulary))
        case .fields:
            if relation == .matches { return .fieldPattern(name: field, try pattern(literals)) }
            return .fieldTexts(name: field, try texts(literals, []))
        }
    }

    private func setTest(
        _ relation: Expression.Relation,
        _ name: Expression.Word
    ) throws(ExpressionError) -> Match.Test {
        guard relation == .in else { throw ExpressionError("a set is asked with 'in'", at: name.offset) }
        guard type == .address else {
            throw ExpressionError(
                "'@\(name.text)' is a set of addresses, but '\(attribute)' is \(type.name)",
                at: name.offset
            )
        }
        guard let addresses = sets.addresses(of: name.text) else {
            throw ExpressionError("no set is named '\(name.text)'", at: name.offset, hint: sets.hint(for: name.text))
        }
        return .set(name.text, addresses)
    }

    private func collect<Value>(
        _ literals: [Literal],
        _ read: (Literal) throws(ExpressionError) -> Value
    ) throws(ExpressionError) -> [Value] {
        var values: [Value] = []
        for literal in literals { values.append(try read(literal)) }
        return values
    }

    private func wrongType(_ literal: Literal) -> ExpressionError {
        let shown = literal.isQuoted ? "\"\(literal.text)\"" : "'\(literal.text)'"
        return ExpressionError(
            "'\(attribute)' is \(type.name), not \(shown)",
            at: literal.offset,
            hint: type.literalHint
        )
    }

    // MARK: - Texts

    private func texts(_ literals: [Literal], _ vocabulary: [String]) throws(ExpressionError) -> [String] {
        try collect(literals) { literal throws(ExpressionError) in
            guard literal.isQuoted || BlockReader.isBareText(literal.text) else {
                throw ExpressionError(
                    "'\(attribute)' is a text, and '\(literal.text)' is not quoted",
                    at: literal.offset,
                    hint: "write \"\(literal.text)\""
                )
            }
            guard vocabulary.isEmpty || vocabulary.contains(literal.text) else {
                throw ExpressionError(
                    "'\(literal.text)' is no value of '\(attribute)'",
                    at: literal.offset,
                    hint: NearestName.hint(for: literal.text, among: vocabulary)
                )
            }
            return literal.text
        }
    }

    private func pattern(_ literals: [Literal]) throws(ExpressionError) -> Glob {
        guard let literal = literals.first, literal.isQuoted else {
            throw ExpressionError("a pattern is quoted", at: literals.first?.offset ?? 0, hint: "write \"gpt-*\"")
        }
        guard let glob = Glob(literal.text) else {
            throw ExpressionError("the pattern is longer than \(Glob.longest) characters", at: literal.offset)
        }
        return glob
    }

    // MARK: - Addresses

    private func addressRange(_ literal: Literal, isIn: Bool) throws(ExpressionError) -> ClosedRange<IPAddress> {
        if let address = IPAddress(literal.text), !literal.isQuoted { return address...address }
        guard !literal.isQuoted else { throw wrongType(literal) }
        let range = literal.text.contains("/") ? try prefixRange(literal) : try spelledRange(literal)
        guard isIn else {
            throw ExpressionError("'\(literal.text)' is more than one address", at: literal.offset, hint: "use in")
        }
        return range
    }

    private func prefixRange(_ literal: Literal) throws(ExpressionError) -> ClosedRange<IPAddress> {
        do {
            return try IPPrefix.parse(literal.text).addresses
        } catch {
            switch error {
            case .notThis: throw wrongType(literal)
            case .because(let reason, let hint), .confidential(let reason, let hint):
                throw ExpressionError(reason, at: literal.offset, hint: hint)
            }
        }
    }

    private func spelledRange(_ literal: Literal) throws(ExpressionError) -> ClosedRange<IPAddress> {
        guard let (first, last, lastOffset) = literal.halves, let from = IPAddress(first) else {
            throw wrongType(literal)
        }
        guard let to = IPAddress(last) else {
            throw ExpressionError("'\(last)' is no address", at: lastOffset)
        }
        guard from.family == to.family else {
            throw ExpressionError("the range mixes IPv4 and IPv6", at: lastOffset)
        }
        guard from <= to else { throw ExpressionError("the range ends before it starts", at: lastOffset) }
        return from...to
    }

    // MARK: - Numbers, times, durations

    private func ranges(
        _ relation: Expression.Relation,
        _ literals: [Literal]
    ) throws(ExpressionError) -> [ClosedRange<Int64>] {
        if relation == .in {
            let parts = try collect(literals) { literal throws(ExpressionError) in try pieces(literal) }
            return NumberRanges.merged(parts.flatMap { $0 })
        }
        guard let literal = literals.first else { return [] }
        let value = try number(literal.text, at: literal.offset, in: literal)
        switch relation {
        case .equal, .notEqual: return [value...value]
        case .less: return value == .min ? [] : [.min...(value - 1)]
        case .lessOrEqual: return [.min...value]
        case .greater: return value == .max ? [] : [(value + 1)...(.max)]
        case .greaterOrEqual: return [value...(.max)]
        case .in, .has, .matches: return []
        }
    }

    /// One value, a range, or for times that run past midnight two ranges.
    private func pieces(_ literal: Literal) throws(ExpressionError) -> [ClosedRange<Int64>] {
        guard let (first, last, lastOffset) = literal.halves, !literal.isQuoted else {
            if type == .time {
                throw ExpressionError(
                    "a time of day is asked for by a range",
                    at: literal.offset,
                    hint: type.literalHint
                )
            }
            let value = try number(literal.text, at: literal.offset, in: literal)
            return [value...value]
        }
        let from = try number(first, at: literal.offset, in: literal)
        let to = try number(last, at: lastOffset, in: literal)
        if type == .time {
            guard from != to else { throw ExpressionError("the range is empty", at: literal.offset) }
            // The end is not part of the range: 08:00-18:00 and 18:00-08:00 cover the day without meeting.
            return from < to
                ? [from...(to - 1)] : [from...(TimeOfDay.secondsPerDay - 1)] + (to > 0 ? [0...(to - 1)] : [])
        }
        guard from <= to else { throw ExpressionError("the range ends before it starts", at: lastOffset) }
        return [from...to]
    }

    private func number(_ text: String, at offset: Int, in literal: Literal) throws(ExpressionError) -> Int64 {
        guard !literal.isQuoted, let value = type.number(text) else {
            throw text == literal.text
                ? wrongType(literal)
                : ExpressionError(
                    "'\(text)' is no end of a range for '\(attribute)'",
                    at: offset,
                    hint: type.literalHint
                )
        }
        if case .number(let bounds) = type, !bounds.contains(value) {
            let problem = "'\(attribute)' lies between \(bounds.lowerBound) and \(bounds.upperBound)"
            throw ExpressionError(problem, at: offset)
        }
        return value
    }
}

extension Expression.Operand {
    fileprivate var literals: [Expression.Literal] {
        switch self {
        case .literal(let literal): [literal]
        case .list(let items): items
        case .set: []
        }
    }
}

extension Expression.Literal {
    /// `a-b` as its two ends and the offset of the second.
    fileprivate var halves: (String, String, Int)? {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (String(parts[0]), String(parts[1]), offset + parts[0].unicodeScalars.count + 1)
    }
}
