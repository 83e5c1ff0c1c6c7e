/// How MD5, SHA-1 and SHA-256 fill a message up to whole blocks (RFC 1321 §3.1, FIPS 180-4 §5.1.1).
enum MessagePadding {
    /// In which order the bytes of the message's length stand at the end.
    enum ByteOrder {
        case littleEndian
        case bigEndian
    }

    /// A one bit, zeros, and the message's length in bits, up to a whole number of 64-byte blocks.
    static func padded(_ message: [UInt8], lengthLast order: ByteOrder) -> [UInt8] {
        var bytes = message
        bytes.reserveCapacity(message.count + 72)
        bytes.append(0x80)
        while bytes.count % 64 != 56 { bytes.append(0) }
        let bits = UInt64(message.count) &* 8
        for index: UInt64 in 0..<8 {
            let shift = order == .bigEndian ? 56 - index * 8 : index * 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
        }
        return bytes
    }
}
