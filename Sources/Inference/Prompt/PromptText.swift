/// What does the end of a JSON string say? Its escapes resolved, and no more of it than is asked for.
enum PromptText {
    /// The last bytes of a string's text; it may begin in the middle of a character.
    /// - Parameter raw: the string as it stands in a checked text, quotes and all.
    static func end(of raw: ArraySlice<UInt8>, bytes: Int) -> [UInt8] {
        let inside = raw.dropFirst().dropLast()
        // An escape is at most six bytes for one: so much is enough, and nothing is read twice.
        var text = unescaped(inside.suffix(bytes))
        if text.count > bytes { text.removeFirst(text.count - bytes) }
        return text
    }

    private static func unescaped(_ raw: ArraySlice<UInt8>) -> [UInt8] {
        guard raw.contains(UInt8(ascii: "\\")) else { return Array(raw) }
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var rest = raw
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                text.append(byte)
                continue
            }
            switch escape {
            case UInt8(ascii: "n"), UInt8(ascii: "r"): text.append(0x0A)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "b"), UInt8(ascii: "f"): text.append(0x20)
            case UInt8(ascii: "u"): appendScalar(&rest, to: &text)
            default: text.append(escape)
            }
        }
        return text
    }

    /// `\uXXXX`, of which a pair is one scalar above U+FFFF.
    private static func appendScalar(_ rest: inout ArraySlice<UInt8>, to text: inout [UInt8]) {
        guard let unit = unit(&rest) else { return }
        var value = unit
        if (0xD800...0xDBFF).contains(unit), rest.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
            var behind = rest.dropFirst(2)
            if let low = Self.unit(&behind), (0xDC00...0xDFFF).contains(low) {
                value = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
                rest = behind
            }
        }
        guard let scalar = Unicode.Scalar(value) else { return }
        text += Array(String(Character(scalar)).utf8)
    }

    private static func unit(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
        let digits = rest.prefix(4)
        guard digits.count == 4, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else {
            return nil
        }
        rest = rest.dropFirst(4)
        return value
    }
}
