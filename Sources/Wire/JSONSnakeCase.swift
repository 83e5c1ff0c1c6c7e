/// How is a member found that may stand in camel case or in snake case, as in the JSON of protocol buffers? By its bytes: requests of every
/// dialect are asked for such members, and no name is spelled anew for each.
extension JSONKey {
    /// Whether the key is this name of camel case, `mimeType`, in snake case: `mime_type`.
    func spellsInSnakeCase(_ name: String, in bytes: RawSpan) -> Bool {
        if isEscaped {
            let plain = JSONText.unescaped(bytes, text)
            return Self.isSnakeCase(plain.span.bytes, 0..<plain.count, of: name)
        }
        return Self.isSnakeCase(bytes, text, of: name)
    }

    private static func isSnakeCase(_ bytes: RawSpan, _ range: Range<Int>, of name: String) -> Bool {
        var place = range.lowerBound
        func takes(_ byte: UInt8) -> Bool {
            guard place < range.upperBound, ByteScan.byte(bytes, place) == byte else { return false }
            place += 1
            return true
        }
        for byte in name.utf8 {
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            guard !isUpper || takes(UInt8(ascii: "_")), takes(isUpper ? byte | 0x20 : byte) else { return false }
        }
        return place == range.upperBound
    }
}

extension JSONView {
    /// The value of an object's member in either spelling; that in camel case if both are there.
    /// - Parameter name: in camel case.
    package func either(_ name: String) -> JSONView? {
        var (camel, snake): (JSONView?, JSONView?)
        for member in members {
            if member.spells(name) {
                camel = member.value
            } else if member.spellsInSnakeCase(name) {
                snake = member.value
            }
        }
        return camel ?? snake
    }
}

extension JSONDocument {
    /// The outermost object's member in either spelling; that in camel case if both are there.
    /// - Parameter name: in camel case.
    package func either(_ name: String) -> JSONView? {
        if let camel = self[name] { return camel }
        let bytes = bytes
        return members.last { $0.key.spellsInSnakeCase(name, in: bytes.span.bytes) }.map(value)
    }
}
