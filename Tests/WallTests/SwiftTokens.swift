/// What in a Swift source is code, and what only looks like it? Splits a source into words and signs; comments, string literals and
/// extended regex literals leave no trace, but the code of an interpolation does.
///
/// A bare regex literal (`/…/`) is read as code: telling it from a division takes a parser, and reading too much can only raise a
/// false alarm on that line, never hide anything on another.

/// A word (name, keyword, number) or a single sign.
struct Token: Equatable {
    let text: String
    let line: Int
    let isWord: Bool
    /// Written in backticks: a name even where it is spelled like a keyword.
    let isQuoted: Bool
}

/// The words and signs of a source, in order.
func tokens(of source: String) -> [Token] {
    var lexer = SwiftLexer(bytes: Array(source.utf8))
    lexer.readCode()
    return lexer.tokens
}

private struct SwiftLexer {
    let bytes: [UInt8]
    var position = 0
    var line = 1
    var tokens: [Token] = []

    private static let quote = UInt8(ascii: "\"")
    private static let slash = UInt8(ascii: "/")
    private static let star = UInt8(ascii: "*")
    private static let backslash = UInt8(ascii: "\\")
    private static let newline = UInt8(ascii: "\n")

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads to the end, or inside an interpolation to the parenthesis that closes it.
    mutating func readCode(untilParenthesisCloses: Bool = false) {
        var depth = 0
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            default: break
            }
            if depth < 0, untilParenthesisCloses {
                position += 1
                return
            }
            readOne(byte)
        }
    }

    private mutating func readOne(_ byte: UInt8) {
        switch byte {
        case Self.slash where peek(1) == Self.slash: skipLine()
        case Self.slash where peek(1) == Self.star: skipBlockComment()
        case Self.quote: skipString(hashes: 0)
        case UInt8(ascii: "#"): readHashes()
        case UInt8(ascii: "`"): readQuotedName()
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), Self.newline: advance()
        default: byte.isOfWord ? readWord() : readSign()
        }
    }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private mutating func advance() {
        if peek() == Self.newline { line += 1 }
        position += 1
    }

    private mutating func emit(_ range: Range<Int>, isWord: Bool, isQuoted: Bool = false) {
        let text = String(decoding: bytes[range], as: UTF8.self)
        tokens.append(Token(text: text, line: line, isWord: isWord, isQuoted: isQuoted))
    }

    private mutating func readWord() {
        let start = position
        while let byte = peek(), byte.isOfWord { position += 1 }
        emit(start..<position, isWord: true)
    }

    private mutating func readSign() {
        emit(position..<position + 1, isWord: false)
        position += 1
    }

    private mutating func readQuotedName() {
        position += 1
        let start = position
        while let byte = peek(), byte != UInt8(ascii: "`"), byte != Self.newline { position += 1 }
        emit(start..<position, isWord: true, isQuoted: true)
        if peek() != Self.newline { position += 1 }
    }

    /// `#"…"#`, `#/…/#`, or the sign of a directive or macro.
    private mutating func readHashes() {
        var hashes = 0
        while peek(hashes) == UInt8(ascii: "#") { hashes += 1 }
        switch peek(hashes) {
        case Self.quote:
            position += hashes
            skipString(hashes: hashes)
        case Self.slash:
            position += hashes
            skipRegex(hashes: hashes)
        default:
            readSign()
        }
    }
}

// MARK: - What leaves no trace

extension SwiftLexer {
    private mutating func skipLine() {
        while let byte = peek(), byte != Self.newline { position += 1 }
    }

    /// Swift's block comments nest.
    private mutating func skipBlockComment() {
        var depth = 0
        while let byte = peek() {
            if byte == Self.slash, peek(1) == Self.star {
                depth += 1
                position += 2
            } else if byte == Self.star, peek(1) == Self.slash {
                depth -= 1
                position += 2
                if depth == 0 { return }
            } else {
                advance()
            }
        }
    }

    /// Starts at the opening quote. A literal of one line ends with its line at the latest, so that a slip here stays small.
    private mutating func skipString(hashes: Int) {
        let isMultiline = opensMultiline()
        position += isMultiline ? 3 : 1
        while let byte = peek() {
            if byte == Self.newline, !isMultiline { return }
            if byte == Self.backslash, isFollowedByHashes(hashes, at: 1) {
                position += 1 + hashes
                skipEscape(hashes)
            } else if byte == Self.quote, closesString(isMultiline, hashes) {
                position += (isMultiline ? 3 : 1) + hashes
                return
            } else {
                advance()
            }
        }
    }

    /// After the backslash and its hashes: an interpolation is code, any other escape is one character.
    private mutating func skipEscape(_ hashes: Int) {
        guard peek() == UInt8(ascii: "(") else { return advance() }
        position += 1
        readCode(untilParenthesisCloses: true)
    }

    /// Three quotes open a literal of many lines only at the end of a line: `#"""#` is a single quote in hashes.
    private func opensMultiline() -> Bool {
        guard peek(1) == Self.quote, peek(2) == Self.quote else { return false }
        let rest = bytes[(position + 3)...].prefix { $0 != Self.newline }
        return rest.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
    }

    private func closesString(_ isMultiline: Bool, _ hashes: Int) -> Bool {
        if !isMultiline { return isFollowedByHashes(hashes, at: 1) }
        return peek(1) == Self.quote && peek(2) == Self.quote && isFollowedByHashes(hashes, at: 3)
    }

    private func isFollowedByHashes(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { peek(offset + $0) == UInt8(ascii: "#") }
    }

    private mutating func skipRegex(hashes: Int) {
        position += 1
        let isMultiline = peek() == Self.newline
        while let byte = peek(), isMultiline || byte != Self.newline {
            if byte == Self.backslash {
                position += 1
                advance()
            } else if byte == Self.slash, isFollowedByHashes(hashes, at: 1) {
                position += 1 + hashes
                return
            } else {
                advance()
            }
        }
    }
}

extension UInt8 {
    /// Letters, the underscore, digits (a number is a word too), `$0`, and all of Unicode beyond ASCII.
    fileprivate var isOfWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...: true
        default: false
        }
    }
}
