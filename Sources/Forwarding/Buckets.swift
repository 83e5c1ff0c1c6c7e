/// How a resilient group holds flows to their members (`NHA_RES_GROUP`, linux/nexthop.h; kernel 5.13 and later).
package import NetTypes

/// Flows are hashed onto buckets, and buckets given to members by weight. When the shares change, a bucket moves to a member that has
/// too few only once it has been idle; those of a member that leaves move at once.
package struct Buckets: Hashable, Sendable, Codable {
    /// How many there are. They divide the load, so it is as exact as they are many.
    package let count: UInt16
    /// A bucket that has carried nothing for this long may move.
    package let idle: Span
    /// Busy buckets move too when the shares have been wrong for this long; zero: never.
    package let unbalanced: Span

    package init(count: UInt16, idle: Span, unbalanced: Span) {
        self.count = count
        self.idle = idle
        self.unbalanced = unbalanced
    }

    /// Two minutes outlast the pauses of most interactive connections; 128 buckets keep weights like 11:45 within one per cent.
    package static let standard = Buckets(count: 128, idle: .seconds(120), unbalanced: .zero)

    /// Times are counted in tenths of a second: the kernel's clock ticks, at any of its usual rates, hold those exactly.
    package static let grain = Span.milliseconds(100)
}
