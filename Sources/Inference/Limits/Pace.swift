/// How fast may something come? So many units in a span, and as many at once: a token bucket that is one word, as the generic cell
/// rate algorithm has it (ITU-T I.371, annex A). The word says until when everything that came is paid for.
///
///     paid for until:      now ──────────▶ word
///     nothing more fits:   now ─────────────────────────▶ now + span
///
/// The bucket fills by time alone, so nobody has to fill it. The algorithm is pure; who shares a word puts it back by comparing
/// (`LoadWords`).
package import NetTypes

package struct Pace: Hashable, Sendable, Codable {
    /// Units in each span, at least 1.
    package let amount: UInt64
    /// In nanoseconds, at least 1.
    package let span: UInt64

    /// - Parameters:
    ///   - amount: units in each span; less than 1 counts as 1.
    ///   - span: less than a nanosecond counts as one.
    package init(_ amount: UInt64, per span: Span) {
        self.amount = max(1, amount)
        self.span = UInt64(max(1, span.nanoseconds))
    }

    /// The word after so many units more; nil when they do not fit now. Units beyond the whole amount fit when nothing is owed: they
    /// could never come otherwise, and what comes after them waits the longer.
    package func taking(_ units: UInt64, from word: UInt64, at now: Instant) -> UInt64? {
        let start = max(word, now.nanoseconds)
        let time = time(of: units)
        guard start - now.nanoseconds <= span - min(time, span) else { return nil }
        return start.addingReportingOverflow(time).overflow ? .max : start + time
    }

    /// The word when of what was reserved so much was used in truth.
    package func settling(_ reserved: UInt64, as used: UInt64, in word: UInt64, at now: Instant) -> UInt64 {
        let (given, taken) = (time(of: reserved), time(of: used))
        // What was paid for long ago pays for nothing that comes now.
        let start = max(word, now.nanoseconds)
        if taken <= given { return start - min(start, given - taken) }
        return start.addingReportingOverflow(taken - given).overflow ? .max : start + (taken - given)
    }

    /// Units that fit now.
    package func left(in word: UInt64, at now: Instant) -> UInt64 {
        let owed = min(span, word - min(word, now.nanoseconds))
        return UInt64(UInt128(span - owed) * UInt128(amount) / UInt128(span))
    }

    /// How long until so many units fit; zero when they fit now.
    package func wait(for units: UInt64, in word: UInt64, at now: Instant) -> Span {
        let owed = word - min(word, now.nanoseconds)
        let room = span - min(time(of: units), span)
        return Self.span(owed - min(owed, room))
    }

    /// How long until all is paid for.
    package func reset(in word: UInt64, at now: Instant) -> Span {
        Self.span(word - min(word, now.nanoseconds))
    }

    /// At most a century, so that whoever rounds it up has room.
    private static func span(_ nanoseconds: UInt64) -> Span {
        Span(nanoseconds: Int64(min(nanoseconds, 100 * 365 * 86_400_000_000_000)))
    }

    /// Nanoseconds that so many units pay, rounded up: a limit errs on the side of less.
    private func time(of units: UInt64) -> UInt64 {
        let product = UInt128(units) * UInt128(span)
        return UInt64(clamping: (product + UInt128(amount) - 1) / UInt128(amount))
    }
}
