/// How are values spread? Counts between fixed bounds, which can be added over time and over processes.
package struct Histogram: Hashable, Sendable {
    /// The upper bounds, rising; a value that equals one belongs to it.
    package let bounds: [UInt64]
    /// Values up to each bound and above the one before it; the last: above all bounds.
    package private(set) var counts: [UInt64]
    /// Of all values; stays at the largest number when it gets there.
    package private(set) var sum: UInt64 = 0

    /// Nothing counted yet.
    package init(_ bounds: [UInt64]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// How many values there were.
    package var count: UInt64 { counts.reduce(0, &+) }

    package mutating func observe(_ value: UInt64) {
        // A dozen bounds, and most values below the middle: looking is quicker than halving.
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] &+= 1
        let (total, isOver) = sum.addingReportingOverflow(value)
        sum = isOver ? .max : total
    }
}

/// The bounds that the GenAI conventions of OpenTelemetry advise, so that dashboards made for them fit. Times in nanoseconds.
package enum HistogramBounds {
    private static let millisecond: UInt64 = 1_000_000

    /// Of whole requests: 10 ms, doubled up to 82 s.
    package static let duration = (0..<14).map { 10 * millisecond << UInt64($0) }
    /// Of the time to the first piece.
    package static let firstToken = [
        1, 5, 10, 20, 40, 60, 80, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000,
    ].map { $0 * millisecond }
    /// Of the time for each further token.
    package static let perToken = [10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 2500].map {
        $0 * millisecond
    }
    /// Of tokens: 1, four times as many up to 67 million.
    package static let tokens = (0..<14).map { UInt64(1) << UInt64(2 * $0) }
}
