/// How one member is picked from integer weights: by chance, or consistently for a key.
package import NetTypes

package enum Sampling {
    /// The position picked by a uniform 64-bit draw, with probability weight ÷ sum; nil when no weight is positive.
    ///
    /// The draw is scaled by its high bits (Lemire: "Fast random integer generation in an interval", 2019, without the
    /// rejection step: the bias is below sum ÷ 2^64).
    package static func weighted(_ weights: [UInt32], draw: UInt64) -> Int? {
        let sum = weights.reduce(UInt64(0)) { $0 + UInt64($1) }
        guard sum > 0 else { return nil }
        var point = sum.multipliedFullWidth(by: draw).high
        for (position, weight) in weights.enumerated() {
            if point < UInt64(weight) { return position }
            point -= UInt64(weight)
        }
        return nil
    }

    /// The position a key always falls on: weighted rendezvous hashing, so that removing a position moves only its own keys and
    /// a changed weight moves only what it must. `identities` are stable numbers of the positions (hashes of their names).
    ///
    /// Position i scores −log2(u) ÷ weight with u uniform from the hash; the least score wins. All in integers, so that every
    /// process and machine picks alike.
    package static func consistent(
        _ weights: [UInt32],
        identities: [UInt64],
        key: UInt64,
        hash: KeyedHash
    ) -> Int? {
        var best: (position: Int, cost: UInt64, weight: UInt64)?
        for (position, weight) in weights.enumerated() where weight > 0 && position < identities.count {
            let cost = negativeLog2(hash.hash(key, identities[position]))
            let weight = UInt64(weight)
            if let leader = best {
                // cost/weight < leader.cost/leader.weight, without dividing.
                let mine = cost.multipliedFullWidth(by: leader.weight)
                let its = leader.cost.multipliedFullWidth(by: weight)
                guard (mine.high, mine.low) < (its.high, its.low) else { continue }
            }
            best = (position, cost, weight)
        }
        return best?.position
    }

    /// −log2((x + 1) ÷ 2^64) as a fixed-point number with 32 fractional bits: 0 for the largest x, 64 << 32 for 0.
    ///
    /// The fraction comes bit by bit from repeated squaring of the normalised mantissa.
    static func negativeLog2(_ x: UInt64) -> UInt64 {
        guard x != .max else { return 0 }
        let value = x + 1
        let exponent = UInt64(63 - value.leadingZeroBitCount)
        var mantissa = value << UInt64(value.leadingZeroBitCount)
        var fraction: UInt64 = 0
        for _ in 0..<32 {
            let square = mantissa.multipliedFullWidth(by: mantissa).high
            let carry = square >> 63
            fraction = fraction << 1 | carry
            mantissa = carry == 1 ? square : square << 1
        }
        return (64 << 32) - (exponent << 32 | fraction)
    }
}
