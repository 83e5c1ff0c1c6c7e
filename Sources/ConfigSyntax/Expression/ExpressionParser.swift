/// Reads a condition: `or` binds weakest, then `and`, then `not`; comparisons do not chain.
extension Expression {
    /// Parses a whole condition. Throws at the first part that does not fit.
    package init(parsing text: String) throws(ExpressionError) {
        guard text.unicodeScalars.count <= Self.longestText else {
            throw ExpressionError("the condition is longer than \(Self.longestText) characters", at: 0)
        }
        var parser = try ExpressionParser(text)
        self = try parser.condition()
    }
}

struct ExpressionParser {
    private static let keywords: Set = ["and", "or", "not", "in", "has", "matches", "any"]

    private var lexer: ExpressionLexer
    private var current: ExpressionLexer.Placed
    private var depth = 0
    private var terms = 0

    init(_ text: String) throws(ExpressionError) {
        lexer = ExpressionLexer(text)
        current = try lexer.next()
    }

    mutating func condition() throws(ExpressionError) -> Expression {
        if current.token == .end {
            throw ExpressionError("the condition is empty", at: 0, hint: "write any to match everything")
        }
        let expression = try disjunction()
        guard current.token == .end else { throw unexpected("'and', 'or' or the end of the condition") }
        return expression
    }

    private mutating func disjunction() throws(ExpressionError) -> Expression {
        var parts = [try conjunction()]
        while current.token == .word("or") {
            try advance()
            parts.append(try conjunction())
        }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func conjunction() throws(ExpressionError) -> Expression {
        var parts = [try negation()]
        while current.token == .word("and") {
            try advance()
            parts.append(try negation())
        }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func negation() throws(ExpressionError) -> Expression {
        guard current.token == .word("not") else { return try primary() }
        try enter()
        defer { depth -= 1 }
        try advance()
        return .not(try negation())
    }

    private mutating func primary() throws(ExpressionError) -> Expression {
        guard current.token == .openParenthesis else { return try term() }
        try enter()
        defer { depth -= 1 }
        let opening = current.offset
        try advance()
        let inner = try disjunction()
        guard current.token == .closeParenthesis else {
            if current.token == .end { throw ExpressionError("the parenthesis is not closed", at: opening) }
            throw unexpected("'and', 'or' or ')'")
        }
        try advance()
        return inner
    }

    private mutating func term() throws(ExpressionError) -> Expression {
        terms += 1
        guard terms <= Expression.mostTerms else {
            throw ExpressionError("more than \(Expression.mostTerms) comparisons", at: current.offset)
        }
        let offset = current.offset
        if current.token == .word("any") {
            try advance()
            return .any(offset: offset)
        }
        guard case .word(let name) = current.token, !Self.keywords.contains(name) else {
            throw unexpected("an attribute, 'not', 'any' or '('")
        }
        try advance()
        let attribute = Expression.Word(text: name, offset: offset)
        guard let relation = try takeRelation() else { return .flag(attribute) }
        return .comparison(.init(attribute: attribute, relation: relation, operand: try operand()))
    }

    private mutating func takeRelation() throws(ExpressionError) -> Expression.Relation? {
        var found: Expression.Relation?
        switch current.token {
        case .relation(let relation): found = relation
        case .word("in"): found = .in
        case .word("has"): found = .has
        case .word("matches"): found = .matches
        case .word("not"):
            throw ExpressionError("'not' stands before the attribute", at: current.offset, hint: "not src in @office")
        default: return nil
        }
        try advance()
        return found
    }

    private mutating func operand() throws(ExpressionError) -> Expression.Operand {
        if case .set(let name) = current.token {
            let word = Expression.Word(text: name, offset: current.offset)
            try advance()
            return .set(word)
        }
        guard current.token == .openBracket else { return .literal(try literal()) }
        let opening = current.offset
        try advance()
        var items: [Expression.Literal] = []
        while current.token != .closeBracket {
            if !items.isEmpty {
                guard current.token == .comma else { throw unexpected("',' or ']'") }
                try advance()
            }
            items.append(try literal())
            if items.count > Expression.longestList {
                throw ExpressionError(
                    "more than \(Expression.longestList) values in a list",
                    at: opening,
                    hint: "make it a set and write @name"
                )
            }
        }
        guard !items.isEmpty else { throw ExpressionError("the list is empty", at: opening) }
        try advance()
        return .list(items)
    }

    private mutating func literal() throws(ExpressionError) -> Expression.Literal {
        let offset = current.offset
        switch current.token {
        case .word(let text) where !Self.keywords.contains(text):
            try advance()
            return .init(text: text, isQuoted: false, offset: offset)
        case .quoted(let text):
            try advance()
            return .init(text: text, isQuoted: true, offset: offset)
        default: throw unexpected("a value")
        }
    }

    private mutating func advance() throws(ExpressionError) { current = try lexer.next() }

    private mutating func enter() throws(ExpressionError) {
        depth += 1
        guard depth <= Expression.deepestNesting else {
            throw ExpressionError("nested more than \(Expression.deepestNesting) deep", at: current.offset)
        }
    }

    private func unexpected(_ wanted: String) -> ExpressionError {
        let found =
            switch current.token {
            case .word(let text): "'\(text)'"
            case .quoted(let text): "\"\(text)\""
            case .set(let name): "'@\(name)'"
            case .relation(let relation): "'\(relation.rawValue)'"
            case .openParenthesis: "'('"
            case .closeParenthesis: "')'"
            case .openBracket: "'['"
            case .closeBracket: "']'"
            case .comma: "','"
            case .end: "the end"
            }
        return ExpressionError("expected \(wanted), found \(found)", at: current.offset)
    }
}
