/// Which bytes may stand where in a head? One test a byte, by bits.
enum HTTPOctets {
    /// The bytes of a token (RFC 9110 §5.6.2), a bit for each: those below 64, and those from 64 to 127.
    private static let lowTokens: UInt64 = 0x03FF_6CFA_0000_0000
    private static let highTokens: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    static func isToken(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return false }
        let bits = byte < 64 ? lowTokens : highTokens
        return bits >> UInt64(byte & 63) & 1 == 1
    }

    /// What a request's target is made of: visible ASCII. A fragment is never sent (RFC 9112 §3.2).
    static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#") }

    /// What a host and its port are made of (RFC 3986 §3.2.2, §3.2.3): no blank, no comma of a list, no path.
    static func isHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"),
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// An ASCII letter in lower case; every other byte as it is.
    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// The value of a hexadecimal digit.
    static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte &- UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte &- UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte &- UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

extension RawSpan {
    /// Whether the bytes at `place` spell this word, which is in lower case, in whatever case.
    func spells(_ word: StaticString, at place: Range<Int>) -> Bool {
        guard place.count == word.utf8CodeUnitCount else { return false }
        for offset in 0..<word.utf8CodeUnitCount
        where HTTPOctets.lowercase(ByteScan.byte(self, place.lowerBound &+ offset)) != word.utf8Start[offset] {
            return false
        }
        return true
    }

    /// The place without blanks at either end.
    func trimmed(_ place: Range<Int>) -> Range<Int> {
        var (start, end) = (place.lowerBound, place.upperBound)
        while start < end, HTTPOctets.isBlank(ByteScan.byte(self, start)) { start &+= 1 }
        while end > start, HTTPOctets.isBlank(ByteScan.byte(self, end &- 1)) { end &-= 1 }
        return start..<end
    }

    /// The first place of this byte.
    func first(_ byte: UInt8, in place: Range<Int>) -> Int? {
        for index in place where ByteScan.byte(self, index) == byte { return index }
        return nil
    }

    /// A number in decimal digits that fits; no sign, no blank.
    func decimal(_ place: Range<Int>) -> Int? {
        // 18 digits always fit, and no body is longer.
        guard (1...18).contains(place.count) else { return nil }
        var value = 0
        for index in place {
            let digit = ByteScan.byte(self, index) &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int(digit)
        }
        return value
    }
}
