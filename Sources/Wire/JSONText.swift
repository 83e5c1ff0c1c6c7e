/// How is text that was checked before read again: blanks stepped over, values skipped, strings unescaped? Everything here
/// trusts that `JSONScanner` accepted the bytes.
enum JSONText {
    /// The place of the next byte that is not a blank of RFC 8259 §2.
    static func afterBlanks(_ bytes: RawSpan, from start: Int) -> Int {
        var place = start
        while place < bytes.byteCount, isBlank(ByteScan.byte(bytes, place)) { place &+= 1 }
        return place
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// The place after the string whose opening quote is at `start`.
    static func afterString(_ bytes: RawSpan, from start: Int) -> Int {
        var place = start &+ 1
        while place < bytes.byteCount {
            place = ByteScan.stringStop(bytes, from: place)
            guard place < bytes.byteCount else { return place }
            switch ByteScan.byte(bytes, place) {
            case UInt8(ascii: "\""): return place &+ 1
            case UInt8(ascii: "\\"): place &+= 2
            default: place &+= 1
            }
        }
        return bytes.byteCount
    }

    /// The place after the object or array that begins at `start`.
    static func afterContainer(_ bytes: RawSpan, from start: Int) -> Int {
        var open = 0
        var place = start
        while place < bytes.byteCount {
            switch ByteScan.byte(bytes, place) {
            case UInt8(ascii: "\""):
                place = afterString(bytes, from: place)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): open &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): open &-= 1
            default: break
            }
            place &+= 1
            if open == 0 { break }
        }
        return place
    }

    /// The place after the number or literal that begins at `start`.
    static func afterScalar(_ bytes: RawSpan, from start: Int) -> Int {
        var place = start
        while place < bytes.byteCount {
            switch ByteScan.byte(bytes, place) {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09: return place
            default: place &+= 1
            }
        }
        return place
    }

    // MARK: Strings

    /// The bytes of a string's inside with its escapes resolved.
    static func unescaped(_ bytes: RawSpan, _ inside: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(inside.count)
        var place = inside.lowerBound
        while place < inside.upperBound {
            // A string that was accepted holds nothing else to stop at.
            let backslash = min(ByteScan.escapeStop(bytes, from: place), inside.upperBound)
            bytes.extracting(place..<backslash).withUnsafeBytes { result.append(contentsOf: $0) }
            place = backslash
            if place < inside.upperBound { place = unescape(bytes, at: place, into: &result) }
        }
        return result
    }

    /// The text of a string's inside.
    static func text(_ bytes: [UInt8], _ inside: Range<Int>, isEscaped: Bool) -> String {
        isEscaped
            ? String(decoding: unescaped(bytes.span.bytes, inside), as: UTF8.self)
            : String(decoding: bytes[inside], as: UTF8.self)
    }

    /// How many bytes a value has when the escapes of its strings are resolved.
    static func unescapedCount(_ bytes: RawSpan, _ value: Range<Int>) -> Int {
        var (count, place) = (value.count, value.lowerBound)
        while place < value.upperBound {
            place = ByteScan.escapeStop(bytes, from: place)
            guard place < value.upperBound else { break }
            guard ByteScan.byte(bytes, place) == UInt8(ascii: "\\") else {
                place &+= 1
                continue
            }
            let (escape, text) = lengths(bytes, ofEscapeAt: place)
            count &-= escape &- text
            place &+= escape
        }
        return count
    }

    /// Of the escape, and of what it stands for in UTF-8.
    private static func lengths(_ bytes: RawSpan, ofEscapeAt place: Int) -> (escape: Int, text: Int) {
        guard ByteScan.byte(bytes, place &+ 1) == UInt8(ascii: "u") else { return (2, 1) }
        return switch hex(bytes, at: place &+ 2) ?? 0xFFFD {
        case ..<0x80: (6, 1)
        case ..<0x800: (6, 2)
        case 0xD800...0xDBFF: (12, 4)
        default: (6, 3)
        }
    }

    /// Resolves the escape at `place`; gives the place after it.
    private static func unescape(_ bytes: RawSpan, at place: Int, into result: inout [UInt8]) -> Int {
        switch ByteScan.byte(bytes, place &+ 1) {
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): return unescapeUnicode(bytes, at: place, into: &result)
        case let other: result.append(other)
        }
        return place &+ 2
    }

    private static func unescapeUnicode(_ bytes: RawSpan, at place: Int, into result: inout [UInt8]) -> Int {
        let unit = UInt32(hex(bytes, at: place &+ 2) ?? 0xFFFD)
        guard (0xD800...0xDBFF).contains(unit) else {
            append(unit, to: &result)
            return place &+ 6
        }
        let low = UInt32(hex(bytes, at: place &+ 8) ?? 0xDC00)
        append(0x10000 &+ ((unit &- 0xD800) << 10) &+ (low &- 0xDC00), to: &result)
        return place &+ 12
    }

    private static func append(_ scalar: UInt32, to result: inout [UInt8]) {
        result.append(contentsOf: Unicode.UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}").map(Array.init) ?? [])
    }

    /// Four hexadecimal digits, or nil.
    static func hex(_ bytes: RawSpan, at place: Int) -> UInt16? {
        var unit: UInt16 = 0
        for index in place..<(place &+ 4) {
            guard index < bytes.byteCount, let digit = hexDigit(ByteScan.byte(bytes, index)) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte &- 0x30
        case 0x41...0x46: byte &- 0x37
        case 0x61...0x66: byte &- 0x57
        default: nil
        }
    }
}
