/// The one keyed hash of the house: SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012).
///
/// Splits, affinity and consistent choice use it, so that the same input gives the same answer in every process and release;
/// Swift's own hashes are seeded per process.
package struct KeyedHash: Sendable {
    @usableFromInline let key0: UInt64
    @usableFromInline let key1: UInt64

    /// The 128-bit key as two little-endian words.
    @inlinable package init(key0: UInt64, key1: UInt64) {
        self.key0 = key0
        self.key1 = key1
    }

    /// The 64-bit hash of the bytes.
    package func hash(_ bytes: some Collection<UInt8>) -> UInt64 {
        var state = State(key0: key0, key1: key1)
        var word: UInt64 = 0
        var count = 0
        for byte in bytes {
            word |= UInt64(byte) << UInt64((count & 7) * 8)
            count += 1
            if count & 7 == 0 {
                state.absorb(word)
                word = 0
            }
        }
        state.absorb(word | UInt64(count & 0xFF) << 56)
        return state.finish()
    }

    /// The hash of a text's UTF-8 bytes.
    package func hash(_ text: String) -> UInt64 { hash(text.utf8) }

    /// The hash of two words: for mixing an already hashed key with a member's number.
    package func hash(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var state = State(key0: key0, key1: key1)
        state.absorb(a)
        state.absorb(b)
        state.absorb(16 << 56)
        return state.finish()
    }

    private struct State {
        var v0, v1, v2, v3: UInt64

        init(key0: UInt64, key1: UInt64) {
            v0 = key0 ^ 0x736F_6D65_7073_6575
            v1 = key1 ^ 0x646F_7261_6E64_6F6D
            v2 = key0 ^ 0x6C79_6765_6E65_7261
            v3 = key1 ^ 0x7465_6462_7974_6573
        }

        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        mutating func finish() -> UInt64 {
            v2 ^= 0xFF
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func round() {
            v0 &+= v1
            v1 = rotated(v1, 13) ^ v0
            v0 = rotated(v0, 32)
            v2 &+= v3
            v3 = rotated(v3, 16) ^ v2
            v0 &+= v3
            v3 = rotated(v3, 21) ^ v0
            v2 &+= v1
            v1 = rotated(v1, 17) ^ v2
            v2 = rotated(v2, 32)
        }

        private func rotated(_ x: UInt64, _ by: UInt64) -> UInt64 { x << by | x >> (64 - by) }
    }
}
