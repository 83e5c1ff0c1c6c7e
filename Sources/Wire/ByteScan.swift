/// How is a long run of harmless bytes skipped? Thirty-two at a time, so that the prompt inside a request costs a fraction of
/// what its structure costs.
@usableFromInline
enum ByteScan {
    /// Bytes looked at in one step. Two AVX registers' or one cache line's half; wider gave nothing more.
    @usableFromInline static let stride = 32

    /// The place of the next byte of a JSON string that is not plain ASCII text: a quote, a backslash, a control character or
    /// a byte of a multi-byte sequence. The count of the bytes if there is none.
    @inlinable
    static func stringStop(_ bytes: RawSpan, from start: Int) -> Int {
        var place = start
        let last = bytes.byteCount &- stride
        while place <= last {
            // Read as signed, everything above 0x7F is negative: one comparison finds it and the control characters too.
            let lanes = bytes.unsafeLoadUnaligned(fromByteOffset: place, as: SIMD32<Int8>.self)
            if any((lanes .< 0x20) .| (lanes .== 0x22) .| (lanes .== 0x5C)) { break }
            place &+= stride
        }
        while place < bytes.byteCount, isPlain(byte(bytes, place)) { place &+= 1 }
        return place
    }

    /// The place of the next byte that a JSON string must not hold as it is: a quote, a backslash or a control character. The
    /// count of the bytes if there is none.
    @inlinable
    static func escapeStop(_ bytes: RawSpan, from start: Int) -> Int {
        var place = start
        let last = bytes.byteCount &- stride
        while place <= last {
            let lanes = bytes.unsafeLoadUnaligned(fromByteOffset: place, as: SIMD32<UInt8>.self)
            if any((lanes .< 0x20) .| (lanes .== 0x22) .| (lanes .== 0x5C)) { break }
            place &+= stride
        }
        while place < bytes.byteCount, byte(bytes, place) >= 0x80 || isPlain(byte(bytes, place)) { place &+= 1 }
        return place
    }

    /// The place of the next CR or LF at or after `start`, or nil.
    @inlinable
    static func lineEnd(_ bytes: RawSpan, from start: Int) -> Int? {
        var place = start
        let last = bytes.byteCount &- stride
        while place <= last {
            let lanes = bytes.unsafeLoadUnaligned(fromByteOffset: place, as: SIMD32<UInt8>.self)
            if any((lanes .== 0x0A) .| (lanes .== 0x0D)) { break }
            place &+= stride
        }
        while place < bytes.byteCount {
            let next = byte(bytes, place)
            if next == 0x0A || next == 0x0D { return place }
            place &+= 1
        }
        return nil
    }

    /// The byte at `place`, which must be inside.
    @inlinable
    static func byte(_ bytes: RawSpan, _ place: Int) -> UInt8 {
        bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
    }

    /// Whether a JSON string may hold this byte as it is, being ASCII.
    @inlinable
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5C
    }
}
