/// How is a long run of harmless bytes skipped? Eight at a time, in one word, so that the prompt inside a request costs a
/// fraction of what its structure costs. (Tried: `SIMD32` comparisons compile to a loop over the lanes here, thirty times slower.)
enum ByteScan {
    /// Bytes looked at in one step.
    private static let stride = 8
    /// The lowest bit of each byte, and the highest.
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The place of the next byte of a JSON string that is not plain ASCII text: a quote, a backslash, a control character or
    /// a byte of a multi-byte sequence. The count of the bytes if there is none.
    static func stringStop(_ bytes: RawSpan, from start: Int) -> Int {
        var place = start
        // Most strings are names and end within the first word; a prompt is worth four at a time.
        if place <= bytes.byteCount &- stride {
            let word = word(bytes, place)
            let found = (stops(in: word) | word) & highs
            if found != 0 { return place &+ found.trailingZeroBitCount >> 3 }
            place &+= stride
        }
        while place <= bytes.byteCount &- 4 &* stride {
            let (a, b) = (word(bytes, place), word(bytes, place &+ stride))
            let (c, d) = (word(bytes, place &+ 2 &* stride), word(bytes, place &+ 3 &* stride))
            let found = (stops(in: a) | a | stops(in: b) | b) | (stops(in: c) | c | stops(in: d) | d)
            if found & highs != 0 { break }
            place &+= 4 &* stride
        }
        while place <= bytes.byteCount &- stride {
            let word = word(bytes, place)
            let found = (stops(in: word) | word) & highs
            if found != 0 { return place &+ found.trailingZeroBitCount >> 3 }
            place &+= stride
        }
        while place < bytes.byteCount, isPlain(byte(bytes, place)) { place &+= 1 }
        return place
    }

    /// The place of the next byte that a JSON string must not hold as it is: a quote, a backslash or a control character. The
    /// count of the bytes if there is none.
    static func escapeStop(_ bytes: RawSpan, from start: Int) -> Int {
        var place = start
        while place <= bytes.byteCount &- stride {
            let word = word(bytes, place)
            let found = stops(in: word) & ~word & highs
            if found != 0 { return place &+ found.trailingZeroBitCount >> 3 }
            place &+= stride
        }
        while place < bytes.byteCount, byte(bytes, place) >= 0x80 || isPlain(byte(bytes, place)) { place &+= 1 }
        return place
    }

    /// The place of the next CR or LF at or after `start`, or nil.
    static func lineEnd(_ bytes: RawSpan, from start: Int) -> Int? {
        var place = start
        while place <= bytes.byteCount &- stride {
            let word = word(bytes, place)
            let found = (zeros(in: word ^ (ones &* 0x0A)) | zeros(in: word ^ (ones &* 0x0D))) & highs
            if found != 0 { return place &+ found.trailingZeroBitCount >> 3 }
            place &+= stride
        }
        while place < bytes.byteCount {
            let next = byte(bytes, place)
            if next == 0x0A || next == 0x0D { return place }
            place &+= 1
        }
        return nil
    }

    /// The place of the next LF at or after `start`, or nil.
    static func lineFeed(_ bytes: RawSpan, from start: Int) -> Int? {
        var place = start
        while place <= bytes.byteCount &- stride {
            let found = zeros(in: word(bytes, place) ^ (ones &* 0x0A)) & highs
            if found != 0 { return place &+ found.trailingZeroBitCount >> 3 }
            place &+= stride
        }
        while place < bytes.byteCount {
            if byte(bytes, place) == 0x0A { return place }
            place &+= 1
        }
        return nil
    }

    /// The place of the next control character other than a tab: a line's end, or what may not stand in a head of HTTP. The
    /// count of the bytes if there is none.
    static func controlStop(_ bytes: RawSpan, from start: Int) -> Int {
        var place = start
        while place <= bytes.byteCount &- stride {
            let word = word(bytes, place)
            let controls = (word &- ones &* 0x20) & ~word
            let found = (controls | zeros(in: word ^ (ones &* 0x7F))) & highs
            guard found != 0 else {
                place &+= stride
                continue
            }
            place &+= found.trailingZeroBitCount >> 3
            if byte(bytes, place) != 0x09 { return place }
            place &+= 1
        }
        while place < bytes.byteCount {
            let next = byte(bytes, place)
            if next < 0x20 && next != 0x09 || next == 0x7F { return place }
            place &+= 1
        }
        return place
    }

    /// The byte at `place`, which must be inside.
    @inline(__always)
    static func byte(_ bytes: RawSpan, _ place: Int) -> UInt8 {
        bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
    }

    /// Eight bytes, the first one lowest.
    @inline(__always)
    static func word(_ bytes: RawSpan, _ place: Int) -> UInt64 {
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
    }

    /// The highest bit of each byte that is zero. A borrow may set bits above a true find, never below: the lowest is right.
    @inline(__always)
    private static func zeros(in word: UInt64) -> UInt64 {
        (word &- ones) & ~word
    }

    /// The highest bit of each byte that is a quote, a backslash or below 0x20, and of some that are no ASCII; as with `zeros`, the lowest is
    /// right. One bit turned makes 0x20 of a quote, so that it and the control characters are what is below 0x21.
    @inline(__always)
    private static func stops(in word: UInt64) -> UInt64 {
        ((word ^ (ones &* 0x02)) &- (ones &* 0x21)) | ((word ^ (ones &* 0x5C)) &- ones)
    }

    /// Whether a JSON string may hold this byte as it is, being ASCII.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5C
    }
}
