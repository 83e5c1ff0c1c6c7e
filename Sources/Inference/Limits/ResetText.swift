/// How long until a limit is whole, as OpenAI writes it: `120ms`, `1.5s`, `6m0s`, `1h0m30s`.
package import NetTypes

package enum ResetText {
    package static func text(_ span: Span) -> String {
        let milliseconds = max(0, (span.nanoseconds + 999_999) / 1_000_000)
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000)
        let inMinute = "\(seconds % 60)\(fraction(rest))s"
        if seconds < 60 { return inMinute }
        if seconds < 3600 { return "\(seconds / 60)m\(inMinute)" }
        return "\(seconds / 3600)h\(seconds / 60 % 60)m\(inMinute)"
    }

    private static func fraction(_ milliseconds: Int64) -> String {
        guard milliseconds > 0 else { return "" }
        var digits = String(String(1000 + milliseconds).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "." + digits
    }

    /// `2026-11-26T21:00:00Z` (RFC 3339 §5.6), by the calendar counted in eras of 400 years from March on.
    package static func moment(unixSeconds: UInt64) -> String {
        let (days, second) = (Int(min(unixSeconds, farthest) / 86_400) + 719_468, Int(unixSeconds % 86_400))
        let inEra = days % 146_097
        let year = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * year + year / 4 - year / 100)
        let march = (5 * inYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let civil = [year + days / 146_097 * 400 + (month <= 2 ? 1 : 0), month, inYear - (153 * march + 2) / 5 + 1]
        let clock = [second / 3600, second / 60 % 60, second % 60]
        return civil.map(twoDigits).joined(separator: "-") + "T" + clock.map(twoDigits).joined(separator: ":") + "Z"
    }

    /// The end of the year 9999.
    private static let farthest: UInt64 = 253_402_300_799

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Longer than any limit of a provider; what says more is cut to it.
    private static let longest = Span.seconds(86_400)

    /// Reads it, also a bare number of seconds as in `retry-after`; nil when it is neither.
    package static func span(_ text: String) -> Span? {
        var rest = text.utf8[...]
        var total = 0.0
        if rest.isEmpty { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { (0x30...0x39).contains($0) || $0 == 0x2E }
            guard let value = Double(String(decoding: number, as: UTF8.self)) else { return nil }
            rest = rest.dropFirst(number.count)
            let unit = String(decoding: rest.prefix { (0x61...0x7A).contains($0) }, as: UTF8.self)
            rest = rest.dropFirst(unit.utf8.count)
            guard let seconds = Self.units[unit] else { return nil }
            total += value * seconds
        }
        let bounded = min(total, Double(longest.nanoseconds) / 1e9)
        return Span(nanoseconds: Int64(bounded * 1e9))
    }

    private static let units: [String: Double] = ["": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400]
}
