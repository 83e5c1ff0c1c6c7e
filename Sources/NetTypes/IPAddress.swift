/// What an IP address is: its family and its bits, parsed strictly and printed canonically.
///
/// IPv4 text is four decimal octets without leading zeros (RFC 6943 §3.1.1 strict form); IPv6 text follows RFC 4291 §2.2 on
/// input and RFC 5952 on output. Zone identifiers (`%eth0`) are not part of an address here.
package struct IPAddress: Hashable, Sendable {
    package let family: AddressFamily
    /// Upper 64 bits; 0 for IPv4.
    package let high: UInt64
    /// Lower 64 bits; an IPv4 address stands in the lowest 32.
    package let low: UInt64

    @inlinable package init(family: AddressFamily, high: UInt64, low: UInt64) {
        self.family = family
        self.high = family == .v4 ? 0 : high
        self.low = family == .v4 ? low & 0xFFFF_FFFF : low
    }

    /// An IPv4 address from its value in host order.
    @inlinable package init(v4 value: UInt32) {
        self.init(family: .v4, high: 0, low: UInt64(value))
    }

    /// An address from network-order bytes: 4 or 16 of them, else nil.
    @inlinable package init?(bytes: some Collection<UInt8>) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes {
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        switch bytes.count {
        case 4: self.init(family: .v4, high: 0, low: low)
        case 16: self.init(family: .v6, high: high, low: low)
        default: return nil
        }
    }

    /// The byte at `index` in network order (0 is the most significant).
    @inlinable package func byte(_ index: Int) -> UInt8 {
        let fromEnd = family.width / 8 - 1 - index
        return fromEnd >= 8
            ? UInt8(truncatingIfNeeded: high >> UInt64((fromEnd - 8) * 8))
            : UInt8(truncatingIfNeeded: low >> UInt64(fromEnd * 8))
    }

    /// Network-order bytes, 4 or 16.
    package var bytes: [UInt8] { (0..<family.width / 8).map(byte) }

    /// fe80::/10 (RFC 4291 §2.5.6) or 169.254/16 (RFC 3927): reachable on one link only.
    package var isLinkLocal: Bool {
        family == .v6 ? high >> 54 == 0xFE80 >> 6 : low >> 16 == 0xA9FE
    }

    /// 0.0.0.0 or `::`.
    package var isUnspecified: Bool { high == 0 && low == 0 }

    /// 224/4 or ff00::/8.
    package var isMulticast: Bool { family == .v6 ? high >> 56 == 0xFF : low >> 28 == 0xE }

    /// 127/8 or ::1.
    package var isLoopback: Bool { family == .v6 ? high == 0 && low == 1 : low >> 24 == 127 }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by value.
    @inlinable package static func < (a: IPAddress, b: IPAddress) -> Bool {
        if a.family != b.family { return a.family < b.family }
        return a.high != b.high ? a.high < b.high : a.low < b.low
    }
}
