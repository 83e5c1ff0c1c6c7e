/// Where is the next member or element of a container that was checked before?
struct JSONWalk {
    /// The place after what was given last: a blank, a comma, the end or the next value. Nil when there is nothing more.
    private var place: Int?

    /// A walk that has nothing to give if the value at `range` does not begin with `opening`.
    init(_ bytes: [UInt8], _ range: Range<Int>, opening: UInt8) {
        place = bytes[range.lowerBound] == opening ? range.lowerBound + 1 : nil
    }

    mutating func nextMember(_ text: JSONChecked, _ bytes: RawSpan) -> JSONMember? {
        guard let quote = nextStart(bytes) else { return nil }
        let afterKey = JSONText.afterString(bytes, from: quote)
        let inside = (quote + 1)..<(afterKey - 1)
        // The colon and the blanks around it.
        let colon = JSONText.afterBlanks(bytes, from: afterKey)
        let start = JSONText.afterBlanks(bytes, from: colon + 1)
        let end = text.afterValue(bytes, from: start)
        place = end
        let key = JSONKey(text: inside, isEscaped: Self.hasBackslash(bytes, inside))
        return JSONMember(key: key, value: start..<end)
    }

    mutating func nextValue(_ text: JSONChecked, _ bytes: RawSpan) -> Range<Int>? {
        guard let start = nextStart(bytes) else { return nil }
        let end = text.afterValue(bytes, from: start)
        place = end
        return start..<end
    }

    /// The place of the next key or element, after blanks and a comma; nil, for ever, at the container's end.
    private mutating func nextStart(_ bytes: RawSpan) -> Int? {
        guard let from = place else { return nil }
        var start = JSONText.afterBlanks(bytes, from: from)
        if start < bytes.byteCount, ByteScan.byte(bytes, start) == UInt8(ascii: ",") {
            start = JSONText.afterBlanks(bytes, from: start + 1)
        }
        guard start < bytes.byteCount, !Self.isEnd(ByteScan.byte(bytes, start)) else {
            place = nil
            return nil
        }
        return start
    }

    private static func isEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") }

    private static func hasBackslash(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        ByteScan.escapeStop(bytes, from: range.lowerBound) < range.upperBound
    }
}
