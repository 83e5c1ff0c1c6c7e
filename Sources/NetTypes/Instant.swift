/// A point on the daemon's monotonic clock, in nanoseconds since boot (`CLOCK_BOOTTIME`).
///
/// A plain number, so that it can stand in a recorded event; nothing below the line reads a clock.
package struct Instant: Hashable, Sendable, Comparable, Codable {
    package let nanoseconds: UInt64

    @inlinable package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Later by `span`, saturating at the ends of time.
    @inlinable package static func + (a: Instant, span: Span) -> Instant {
        let (sum, overflow) = a.nanoseconds.addingReportingOverflow(UInt64(max(span.nanoseconds, 0)))
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// How much later `a` is than `b`; zero when it is not.
    @inlinable package static func - (a: Instant, b: Instant) -> Span {
        guard a > b else { return .zero }
        return Span(nanoseconds: Int64(clamping: a.nanoseconds - b.nanoseconds))
    }

    package init(from decoder: any Decoder) throws {
        nanoseconds = try decoder.singleValueContainer().decode(UInt64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}

/// A length of time in nanoseconds.
package struct Span: Hashable, Sendable, Comparable, Codable {
    package let nanoseconds: Int64

    @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable package static var zero: Span { Span(nanoseconds: 0) }
    @inlinable package static func milliseconds(_ value: Int64) -> Span { Span(nanoseconds: scaled(value, 1_000_000)) }
    @inlinable package static func seconds(_ value: Int64) -> Span { Span(nanoseconds: scaled(value, 1_000_000_000)) }

    /// Whole milliseconds, cut.
    @inlinable package var milliseconds: Int64 { nanoseconds / 1_000_000 }

    @inlinable package static func < (a: Span, b: Span) -> Bool { a.nanoseconds < b.nanoseconds }

    @inlinable package static func + (a: Span, b: Span) -> Span {
        let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
        guard overflow else { return Span(nanoseconds: sum) }
        return Span(nanoseconds: a.nanoseconds < 0 ? .min : .max)
    }

    /// `value × unit`, saturating instead of trapping: both come from configuration files.
    @inlinable package static func scaled(_ value: Int64, _ unit: Int64) -> Int64 {
        let (product, overflow) = value.multipliedReportingOverflow(by: unit)
        return overflow ? (value < 0 ? .min : .max) : product
    }

    package init(from decoder: any Decoder) throws {
        nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}

extension Span: CustomStringConvertible {
    /// In the largest unit that keeps it exact down to microseconds: `150ms`, `2s`, `1.5s`, `80us`.
    package var description: String {
        let micro = (nanoseconds / 1000).magnitude
        let sign = nanoseconds <= -1000 ? "-" : ""
        if micro >= 1_000_000 { return sign + Self.decimal(micro, 1_000_000) + "s" }
        if micro >= 1000 { return sign + Self.decimal(micro, 1000) + "ms" }
        return "\(sign)\(micro)us"
    }

    private static func decimal(_ value: UInt64, _ unit: UInt64) -> String {
        var fraction = String(unit + value % unit).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? "\(value / unit)" : "\(value / unit).\(fraction)"
    }
}
