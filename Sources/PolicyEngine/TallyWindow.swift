/// How many were there lately, and how many of them were of one kind: attempts and failures, requests and retries? Ten slices of
/// time, counted each for itself, the oldest forgotten as a new one begins.
package import NetTypes

/// One slice's counts in one word, so that threads can share it as an atomic.
///
/// From above: 24 bits of the slice's number, 20 bits of how many, 20 bits of how many of the one kind. Numbers come again after 2²⁴
/// slices, half a year of seconds: a slot so old would count once more for as long as a window is.
package struct TallySlot: Hashable, Sendable {
    package let word: UInt64

    @inlinable package init(word: UInt64) { self.word = word }

    @usableFromInline static let most: UInt64 = 0xF_FFFF
    @usableFromInline static let numbers: UInt64 = 0xFF_FFFF

    @inlinable init(slice: UInt64, all: UInt64, some: UInt64) {
        word = (slice & Self.numbers) << 40 | min(all, Self.most) << 20 | min(some, Self.most)
    }

    @inlinable var all: UInt64 { word >> 20 & Self.most }
    @inlinable var some: UInt64 { word & Self.most }

    /// The slot after more was counted in a slice; counts stop at 1,048,575.
    @inlinable package func adding(all more: UInt64, some further: UInt64, in slice: UInt64) -> TallySlot {
        guard word >> 40 == slice & Self.numbers else { return TallySlot(slice: slice, all: more, some: further) }
        return TallySlot(
            slice: slice,
            all: all &+ min(more, Self.most),
            some: some &+ min(further, Self.most)
        )
    }

    /// Whether the slot is of the window that ends with this slice.
    @inlinable package func isRecent(in slice: UInt64) -> Bool {
        (slice &- word >> 40) & Self.numbers < UInt64(TallyWindow.slots)
    }
}

/// What was counted within a window.
package struct Tally: Hashable, Sendable {
    package var all: UInt64 = 0
    package var some: UInt64 = 0

    package init() {}

    /// Adds a slot, if it is recent.
    @inlinable package mutating func add(_ slot: TallySlot, in slice: UInt64) {
        guard slot.isRecent(in: slice) else { return }
        all &+= slot.all
        some &+= slot.some
    }
}

/// A window with one writer.
package struct TallyWindow: Hashable, Sendable {
    /// Slices of a window.
    package static let slots = 10

    private let slice: Span
    private var ring = [TallySlot](repeating: TallySlot(word: 0), count: Self.slots)

    /// A window of ten of these.
    package init(slice: Span) { self.slice = slice }

    package mutating func add(all: UInt64, some: UInt64, at now: Instant) {
        let number = Self.number(at: now, slice)
        let place = Self.place(of: number)
        ring[place] = ring[place].adding(all: all, some: some, in: number)
    }

    /// Everything counted in the ten slices that end with the present one.
    package func sums(at now: Instant) -> Tally {
        let number = Self.number(at: now, slice)
        return ring.reduce(into: Tally()) { $0.add($1, in: number) }
    }

    /// Which slice a moment lies in.
    @inlinable package static func number(at now: Instant, _ slice: Span) -> UInt64 {
        now.nanoseconds / UInt64(max(1, slice.nanoseconds))
    }

    /// Where in a ring a slice is counted.
    @inlinable package static func place(of slice: UInt64) -> Int { Int(slice % UInt64(slots)) }
}
