/// The number that joins the planes: a packet or socket mark that names one path (fwmark, `SO_MARK`).
///
/// Only the bits inside a `MarkMask` belong to us; what others keep in the rest is never touched.
package struct Mark: Hashable, Sendable, Comparable, Codable {
    package let value: UInt32

    @inlinable package init(_ value: UInt32) { self.value = value }

    package static func < (a: Mark, b: Mark) -> Bool { a.value < b.value }
}

/// Which bits of the 32-bit mark are ours (default 0xFF000000: 127 paths).
///
/// The highest of them is for the marks of connections only: it tells that the connection came in by the path, and did not leave by it.
package struct MarkMask: Hashable, Sendable, Codable {
    package let bits: UInt32

    package init(bits: UInt32) { self.bits = bits }

    /// Set in the mark of a connection that came in by its path.
    package var arrival: UInt32 { bits == 0 ? 0 : 1 << UInt32(31 - bits.leadingZeroBitCount) }

    /// The bits that hold a path's number.
    package var path: MarkMask { MarkMask(bits: bits & ~arrival) }

    /// How many different paths fit; 0 means "no path" and is not counted.
    package var capacity: Int { (1 << max(0, bits.nonzeroBitCount - 1)) - 1 }

    /// The mark of path number `index` (1-based), or nil when the mask is too narrow. The mask's bits must be contiguous.
    package func mark(_ index: Int) -> Mark? {
        guard index >= 1, index <= capacity else { return nil }
        return Mark(UInt32(index) << UInt32(bits.trailingZeroBitCount))
    }
}

extension Mark: CustomStringConvertible {
    package var description: String { "0x" + String(value, radix: 16) }
}
