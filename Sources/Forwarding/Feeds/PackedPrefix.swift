/// How is a prefix held where there are a million of them? As a plain value of a few bytes, in the order of `IPPrefix`.
package import NetTypes

/// A prefix of one family.
package protocol PackedPrefix: Comparable, Hashable, Sendable, BitwiseCopyable {
    /// The prefix, which must be of the family.
    init(_ prefix: IPPrefix)
    var prefix: IPPrefix { get }
    /// A number that differs where the prefixes do, as nearly as 64 bits allow.
    var mixed: UInt64 { get }
}

/// Eight bytes: the address above its length.
package struct PackedPrefix4: PackedPrefix {
    package let bits: UInt64

    package init(_ prefix: IPPrefix) {
        self.init(address: UInt32(truncatingIfNeeded: prefix.address.low), prefix.length)
    }

    /// Host bits must be zero.
    package init(address: UInt32, _ length: UInt8) { bits = UInt64(address) << 8 | UInt64(length) }

    package var address: UInt32 { UInt32(truncatingIfNeeded: bits >> 8) }
    package var length: UInt8 { UInt8(truncatingIfNeeded: bits) }
    package var prefix: IPPrefix { IPPrefix(containing: IPAddress(v4: address), length: length) }
    package var mixed: UInt64 { bits }

    package static func < (a: Self, b: Self) -> Bool { a.bits < b.bits }
}

/// Twenty-four bytes with their padding.
package struct PackedPrefix6: PackedPrefix {
    package let high: UInt64
    package let low: UInt64
    package let length: UInt8

    package init(_ prefix: IPPrefix) { self.init(high: prefix.address.high, low: prefix.address.low, prefix.length) }

    /// Host bits must be zero.
    package init(high: UInt64, low: UInt64, _ length: UInt8) {
        (self.high, self.low, self.length) = (high, low, length)
    }

    package var prefix: IPPrefix {
        IPPrefix(containing: IPAddress(family: .v6, high: high, low: low), length: length)
    }
    package var mixed: UInt64 { (high &* 0x9E37_79B9_7F4A_7C15) ^ (low &* 0xC2B2_AE3D_27D4_EB4F) ^ UInt64(length) }

    package static func < (a: Self, b: Self) -> Bool {
        if a.high != b.high { return a.high < b.high }
        return a.low != b.low ? a.low < b.low : a.length < b.length
    }
}

extension Array where Element: PackedPrefix {
    /// Whether the sorted array holds the prefix.
    func holds(_ wanted: Element) -> Bool {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == wanted
    }

    /// Sorts, and drops what is there twice. Returns how many were dropped.
    package mutating func sortUniquely() -> Int {
        // Files and dumps are mostly sorted already.
        if !isStrictlyAscending { sort() }
        guard count > 1 else { return 0 }
        var kept = 1
        for index in 1..<count where self[index] != self[kept - 1] {
            self[kept] = self[index]
            kept += 1
        }
        let dropped = count - kept
        removeLast(dropped)
        return dropped
    }

    private var isStrictlyAscending: Bool {
        guard count > 1 else { return true }
        for index in 1..<count where self[index] <= self[index - 1] { return false }
        return true
    }

    /// The prefix of these that contains the address most closely: its length, or nil.
    func longestMatch(_ address: IPAddress, from longest: UInt8) -> Element? {
        for length in (0...longest).reversed() {
            let candidate = Element(IPPrefix(containing: address, length: length))
            if holds(candidate) { return candidate }
        }
        return nil
    }
}
