/// The two address families a next hop, a route or a probe can belong to.
package enum AddressFamily: UInt8, Hashable, Sendable, CaseIterable, Comparable, Codable {
    case v4 = 4
    case v6 = 6

    /// Width of an address in bits: 32 or 128.
    @inlinable package var width: Int { self == .v4 ? 32 : 128 }

    /// `ipv4` or `ipv6`, as operators and metrics write it.
    package var name: String { self == .v4 ? "ipv4" : "ipv6" }

    @inlinable package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
