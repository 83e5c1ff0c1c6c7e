/// Is this text JSON, strictly (RFC 8259), and what does it hold?
extension JSON {
    /// What is wrong with a text, and at which byte.
    package struct Malformed: Error, Hashable, CustomStringConvertible {
        package var offset: Int
        package var reason: String
        package var description: String { "\(reason) at byte \(offset)" }
    }

    /// Arrays and objects may stand in each other this deep; more is refused, so that a hostile text cannot exhaust the stack.
    package static let deepestNesting = 128

    /// Reads one JSON text that fills `bytes` but for white space.
    package static func parse(_ bytes: some Collection<UInt8>) throws(Malformed) -> JSON {
        var reader = JSONReader(bytes: Array(bytes))
        return try reader.document()
    }

    /// Reads one JSON text.
    package static func parse(_ text: String) throws(Malformed) -> JSON {
        try parse(text.utf8)
    }

    /// Reads text that holds one JSON value on every line; empty lines are skipped.
    package static func parseLines(_ text: String) throws(Malformed) -> [JSON] {
        var values: [JSON] = []
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            values.append(try parse(line))
        }
        return values
    }
}

/// A recursive-descent reader over bytes.
private struct JSONReader {
    let bytes: [UInt8]
    var offset = 0

    mutating func document() throws(JSON.Malformed) -> JSON {
        let result = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw malformed("text after the value") }
        return result
    }

    private mutating func value(depth: Int) throws(JSON.Malformed) -> JSON {
        guard depth <= JSON.deepestNesting else { throw malformed("nested too deeply") }
        skipSpace()
        switch peek() {
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSON.Malformed) -> [JSON.Member] {
        offset += 1
        var members: [JSON.Member] = []
        var names: Set<String> = []
        if accept("}") { return members }
        repeat {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw malformed("a member's name is missing") }
            let name = try string()
            guard names.insert(name).inserted else { throw malformed("member \"\(name)\" stands twice") }
            guard accept(":") else { throw malformed("':' is missing") }
            members.append(JSON.Member(name, try value(depth: depth)))
        } while accept(",")
        guard accept("}") else { throw malformed("'}' is missing") }
        return members
    }

    private mutating func array(depth: Int) throws(JSON.Malformed) -> [JSON] {
        offset += 1
        var elements: [JSON] = []
        if accept("]") { return elements }
        repeat { elements.append(try value(depth: depth)) } while accept(",")
        guard accept("]") else { throw malformed("']' is missing") }
        return elements
    }

    private mutating func number() throws(JSON.Malformed) -> JSON {
        let start = offset
        var isInteger = true
        _ = acceptByte("-")
        if !acceptByte("0") { try digits() }
        if acceptByte(".") {
            isInteger = false
            try digits()
        }
        if acceptByte("e") || acceptByte("E") {
            isInteger = false
            if !acceptByte("+") { _ = acceptByte("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw malformed("number out of range") }
        return .number(value)
    }

    private mutating func digits() throws(JSON.Malformed) {
        let start = offset
        while let byte = peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { offset += 1 }
        guard offset > start else { throw malformed("a value is missing") }
    }

    private mutating func word(_ text: StaticString, _ meaning: JSON) throws(JSON.Malformed) -> JSON {
        let wanted = Array(text.description.utf8)
        guard bytes[offset...].starts(with: wanted) else { throw malformed("unknown word") }
        offset += wanted.count
        return meaning
    }

    private func malformed(_ reason: String) -> JSON.Malformed {
        JSON.Malformed(offset: offset, reason: reason)
    }
}

extension JSONReader {
    private mutating func string() throws(JSON.Malformed) -> String {
        offset += 1
        var content: [UInt8] = []
        while let byte = peek() {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw malformed("not UTF-8") }
                return text
            case UInt8(ascii: "\\"): content.append(contentsOf: Array(String(try escaped()).utf8))
            case 0..<0x20: throw malformed("a control character in a string")
            default: content.append(byte)
            }
        }
        throw malformed("a string does not end")
    }

    private mutating func escaped() throws(JSON.Malformed) -> Unicode.Scalar {
        let byte = peek()
        offset += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw malformed("unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(JSON.Malformed) -> Unicode.Scalar {
        let unit = try fourDigits()
        guard (0xD800..<0xDC00).contains(unit) else {
            guard let scalar = Unicode.Scalar(unit) else { throw malformed("a lone surrogate") }
            return scalar
        }
        guard acceptByte("\\"), acceptByte("u") else { throw malformed("a lone surrogate") }
        let low = try fourDigits()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        else { throw malformed("a lone surrogate") }
        return scalar
    }

    private mutating func fourDigits() throws(JSON.Malformed) -> UInt32 {
        guard offset + 4 <= bytes.count else { throw malformed("an escape is cut short") }
        let digits = String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
        guard digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else {
            throw malformed("not four hexadecimal digits")
        }
        offset += 4
        return value
    }

    private func peek() -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func skipSpace() {
        while let byte = peek(), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
    }

    /// Takes `character` if it comes next, after white space.
    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return acceptByte(character)
    }

    private mutating func acceptByte(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek(), UInt32(byte) == character.value else { return false }
        offset += 1
        return true
    }
}
