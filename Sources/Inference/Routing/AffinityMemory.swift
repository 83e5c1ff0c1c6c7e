/// Which member had a conversation last, and how much of it has its provider in a cache?
///
/// A table of fixed size that all event loops share, without a lock: a place holds the last
/// conversation that fell on it. What was pushed out is merely not known any more; what is found was true.
package import NetTypes
import Synchronization

package final class AffinityMemory: @unchecked Sendable {
    /// A MiB in all; of a hundred thousand conversations within `hold`, about half are still known.
    static let places = 1 << 16

    private let table: UnsafeMutablePointer<Atomic<UInt64>>
    /// Behind each place how many tokens are in the member's cache.
    private let cached: UnsafeMutablePointer<Atomic<UInt64>>

    package init() {
        table = .allocate(capacity: 2 * Self.places)
        cached = table + Self.places
        for place in 0..<2 * Self.places { (table + place).initialize(to: Atomic(0)) }
    }

    deinit {
        table.deinitialize(count: 2 * Self.places)
        table.deallocate()
    }

    /// A member as remembered: a hash of its name, so that it means the same in the next snapshot. Never 0.
    package struct Identity: Hashable, Sendable {
        let bits: UInt64

        package init(hash: UInt64) { bits = max(1, hash & 0xF_FFFF) }
    }

    /// Who had it, and how long ago.
    package func last(_ key: UInt64, at now: Instant) -> (member: Identity, age: Span)? {
        let entry = table[Self.place(of: key)].load(ordering: .relaxed)
        guard entry != 0, entry >> 36 == Self.tag(of: key) else { return nil }
        let age = (Self.stamp(now) &- entry & 0xFFFF) & 0xFFFF
        return (Identity(hash: entry >> 16 & 0xF_FFFF), .seconds(Int64(age)))
    }

    /// The member has it now. What another has in its cache is worth nothing there.
    package func keep(_ key: UInt64, _ member: Identity, at now: Instant) {
        let entry = Self.tag(of: key) << 36 | member.bits << 16 | Self.stamp(now)
        let place = Self.place(of: key)
        let before = table[place].exchange(entry, ordering: .relaxed)
        if before >> 16 != entry >> 16 { cached[place].store(0, ordering: .relaxed) }
    }

    /// Tokens of the conversation that its member has in a cache, as far as the last answer told; nil: it did not.
    package func cachedTokens(_ key: UInt64) -> UInt64? {
        let entry = cached[Self.place(of: key)].load(ordering: .relaxed)
        return entry != 0 && entry >> 36 == Self.tag(of: key) ? entry & Self.mostTokens - 1 : nil
    }

    /// Notes them.
    package func note(cachedTokens tokens: UInt64, of key: UInt64) {
        let entry = Self.tag(of: key) << 36 | (min(tokens, Self.mostTokens - 1) + 1)
        cached[Self.place(of: key)].store(entry, ordering: .relaxed)
    }

    /// 36 bits.
    private static let mostTokens: UInt64 = 1 << 36 - 1

    private static func place(of key: UInt64) -> Int { Int(key & UInt64(places - 1)) }

    /// 28 bits that do not say the place again.
    private static func tag(of key: UInt64) -> UInt64 { key >> 36 }

    private static func stamp(_ now: Instant) -> UInt64 { now.nanoseconds / 1_000_000_000 & 0xFFFF }
}
