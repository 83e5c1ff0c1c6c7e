/// Cuts the text of a condition into tokens.
struct ExpressionLexer {
    enum Token: Equatable {
        /// A name, keyword or unquoted value.
        case word(String)
        case quoted(String)
        /// `@name`, without the `@`.
        case set(String)
        case relation(Expression.Relation)
        case openParenthesis, closeParenthesis, openBracket, closeBracket, comma
        case end
    }

    struct Placed: Equatable {
        let token: Token
        let offset: Int
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    /// The next token; `.end` for ever after the last.
    mutating func next() throws(ExpressionError) -> Placed {
        while position < scalars.count, Self.isSpace(scalars[position]) { position += 1 }
        let start = position
        guard position < scalars.count else { return Placed(token: .end, offset: start) }
        return Placed(token: try token(), offset: start)
    }

    private mutating func token() throws(ExpressionError) -> Token {
        if let single = Self.single(scalars[position]) {
            position += 1
            return single
        }
        switch scalars[position] {
        case "\"": return .quoted(try quotedText())
        case "@": return try setName()
        case "=", "!", "<", ">": return try relation()
        case let other where Self.isWord(other): return .word(takeWord())
        case "'":
            throw ExpressionError("text is quoted with double quotes", at: position, hint: "write \"…\" instead of '…'")
        default: throw ExpressionError("unexpected character '\(scalars[position])'", at: position)
        }
    }

    private static func single(_ scalar: Unicode.Scalar) -> Token? {
        switch scalar {
        case "(": .openParenthesis
        case ")": .closeParenthesis
        case "[": .openBracket
        case "]": .closeBracket
        case ",": .comma
        default: nil
        }
    }

    private mutating func relation() throws(ExpressionError) -> Token {
        let start = position
        let first = scalars[position]
        position += 1
        if position < scalars.count, scalars[position] == "=" {
            position += 1
            if let relation = Expression.Relation(rawValue: String(Character(first)) + "=") {
                return .relation(relation)
            }
        }
        if let relation = Expression.Relation(rawValue: String(Character(first))) { return .relation(relation) }
        throw ExpressionError(
            "'\(Character(first))' is no comparison",
            at: start,
            hint: first == "=" ? "did you mean '=='?" : "did you mean 'not' or '!='?"
        )
    }

    private mutating func setName() throws(ExpressionError) -> Token {
        let start = position
        position += 1
        let name = takeWord()
        guard BlockReader.isName(name) else {
            throw ExpressionError("'@' must be followed by the name of a set", at: start)
        }
        return .set(name)
    }

    private mutating func takeWord() -> String {
        var word = String.UnicodeScalarView()
        while position < scalars.count, Self.isWord(scalars[position]) {
            word.append(scalars[position])
            position += 1
        }
        return String(word)
    }

    /// Double quotes; `\"` and `\\` are the only escapes.
    private mutating func quotedText() throws(ExpressionError) -> String {
        let start = position
        position += 1
        var text = String.UnicodeScalarView()
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            if scalar == "\"" { return String(text) }
            if scalar == "\\" {
                guard position < scalars.count, scalars[position] == "\"" || scalars[position] == "\\" else {
                    throw ExpressionError("unknown escape", at: position - 1, hint: "only \\\" and \\\\ are escapes")
                }
                text.append(scalars[position])
                position += 1
            } else {
                text.append(scalar)
            }
        }
        throw ExpressionError("the quotation is not closed", at: start)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\n" || scalar == "\r" }

    /// What names, numbers, addresses, prefixes, times and ranges are made of.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "-", "_", ":", "/", "*": true
        default: false
        }
    }
}

extension BlockReader {
    /// Whether a text may stand in a condition without quotes: it starts with a letter and holds nothing that could be a range,
    /// an address or a time.
    package static func isBareText(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first.isASCII, first.properties.isAlphabetic else { return false }
        return !text.contains(":") && !text.contains("/") && !text.contains("*")
    }
}
