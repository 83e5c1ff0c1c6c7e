/// What an IP prefix is: an address whose host bits are zero, and a length.
package struct IPPrefix: Hashable, Sendable {
    package let address: IPAddress
    /// Significant bits, 0 to the family's width.
    package let length: UInt8

    /// Why a text or a pair of values is no prefix.
    package enum Malformed: Error, Equatable {
        case notAPrefix
        case tooLong(length: Int, family: AddressFamily)
        /// Bits right of the length are set; `meant` is the prefix without them.
        case hostBits(meant: IPPrefix)
    }

    /// The prefix of `length` bits that contains `address`; the length is cut to the family's width.
    @inlinable package init(containing address: IPAddress, length: UInt8) {
        let bits = min(Int(length), address.family.width)
        let (high, low) = Self.masked(address, bits: bits)
        self.address = IPAddress(family: address.family, high: high, low: low)
        self.length = UInt8(bits)
    }

    /// Reads `address/length`, or a bare address as a host prefix. Throws `Malformed`, among others when host bits are set.
    package init(parsing text: String) throws(Malformed) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { throw .notAPrefix }
        guard parts.count == 2 else {
            self.init(containing: address, length: UInt8(address.family.width))
            return
        }
        let digits = parts[1].utf8
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30, let length = Int(parts[1])
        else { throw .notAPrefix }
        guard length <= address.family.width else { throw .tooLong(length: length, family: address.family) }
        self.init(containing: address, length: UInt8(length))
        if self.address != address { throw .hostBits(meant: self) }
    }

    package var family: AddressFamily { address.family }

    /// Every address of the family: 0.0.0.0/0 or ::/0.
    package static func everything(_ family: AddressFamily) -> IPPrefix {
        IPPrefix(containing: IPAddress(family: family, high: 0, low: 0), length: 0)
    }

    /// Whether the address lies inside; never true across families.
    @inlinable package func contains(_ other: IPAddress) -> Bool {
        guard other.family == address.family else { return false }
        let (high, low) = Self.masked(other, bits: Int(length))
        return high == address.high && low == address.low
    }

    @usableFromInline static func masked(_ address: IPAddress, bits: Int) -> (UInt64, UInt64) {
        let fromTop = address.family == .v4 ? bits + 96 : bits
        let high = fromTop >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(fromTop))
        let low = fromTop <= 64 ? 0 : ~(UInt64.max >> UInt64(fromTop - 64))
        return (address.high & high, address.low & (fromTop == 128 ? .max : low))
    }
}

extension IPPrefix: Comparable {
    /// By family, then address, then the shorter first.
    @inlinable package static func < (a: IPPrefix, b: IPPrefix) -> Bool {
        a.address != b.address ? a.address < b.address : a.length < b.length
    }
}

extension IPPrefix: CustomStringConvertible, Codable {
    package var description: String { "\(address)/\(length)" }

    package init(from decoder: any Decoder) throws {
        self = try IPPrefix(parsing: decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
