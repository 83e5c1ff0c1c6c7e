/// Is this a well-formed UTF-8 sequence? By table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing
/// above U+10FFFF.
enum UTF8Sequence {
    /// The length of the multi-byte sequence at `place`, 2 to 4, or 0 if it is not well-formed or is cut off.
    static func length(_ bytes: RawSpan, at place: Int) -> Int {
        let (length, second) = shape(ByteScan.byte(bytes, place))
        guard length > 0, place &+ length <= bytes.byteCount else { return 0 }
        guard second.contains(ByteScan.byte(bytes, place &+ 1)) else { return 0 }
        if length > 2, ByteScan.byte(bytes, place &+ 2) & 0xC0 != 0x80 { return 0 }
        if length > 3, ByteScan.byte(bytes, place &+ 3) & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// What the first byte promises: the length, and the bytes allowed in second place.
    private static func shape(_ first: UInt8) -> (length: Int, second: ClosedRange<UInt8>) {
        switch first {
        case 0xC2...0xDF: (2, 0x80...0xBF)
        case 0xE0: (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: (3, 0x80...0xBF)
        case 0xED: (3, 0x80...0x9F)
        case 0xF0: (4, 0x90...0xBF)
        case 0xF1...0xF3: (4, 0x80...0xBF)
        case 0xF4: (4, 0x80...0x8F)
        default: (0, 0...0)
        }
    }
}
