/// The SHA-1 of some bytes (FIPS 180-4 §6.1): for BFD's keyed SHA1 authentication (RFC 5880 §6.7.4), which knows no later one.
///
/// Broken as a digest for signatures: nothing else may use it. Not for bulk.
package enum SHA1 {
    private typealias Schedule = InlineArray<80, UInt32>

    /// The 20 bytes of the digest.
    package static func digest(_ message: [UInt8]) -> [UInt8] {
        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        let bytes = MessagePadding.padded(message, lengthLast: .bigEndian)
        for block in stride(from: 0, to: bytes.count, by: 64) { compress(bytes, from: block, into: &state) }
        return (0..<20).map { UInt8(truncatingIfNeeded: state[$0 / 4] >> UInt32(24 - $0 % 4 * 8)) }
    }

    /// §6.1.2: one block of 64 bytes.
    private static func compress(_ bytes: [UInt8], from start: Int, into state: inout [UInt32]) {
        let w = schedule(bytes, from: start)
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for t in 0..<80 {
            let (mix, constant) = mixed(b, c, d, round: t / 20)
            let next = rotated(a, 5) &+ mix &+ e &+ constant &+ w[t]
            (e, d, c, b, a) = (d, c, rotated(b, 30), a, next)
        }
        for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
    }

    /// §4.1.1 and §4.2.1: the function and the constant of twenty steps each.
    private static func mixed(_ b: UInt32, _ c: UInt32, _ d: UInt32, round: Int) -> (UInt32, UInt32) {
        switch round {
        case 0: (b & c ^ ~b & d, 0x5A82_7999)
        case 1: (b ^ c ^ d, 0x6ED9_EBA1)
        case 2: (b & c ^ b & d ^ c & d, 0x8F1B_BCDC)
        default: (b ^ c ^ d, 0xCA62_C1D6)
        }
    }

    /// §6.1.2 step 1: the message schedule.
    private static func schedule(_ bytes: [UInt8], from start: Int) -> Schedule {
        var w = Schedule(repeating: 0)
        for t in 0..<16 {
            let place = start + t * 4
            w[t] = UInt32(bytes[place]) << 24 | UInt32(bytes[place + 1]) << 16
            w[t] |= UInt32(bytes[place + 2]) << 8 | UInt32(bytes[place + 3])
        }
        for t in 16..<80 { w[t] = rotated(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1) }
        return w
    }

    private static func rotated(_ x: UInt32, _ by: UInt32) -> UInt32 { x << by | x >> (32 - by) }
}
