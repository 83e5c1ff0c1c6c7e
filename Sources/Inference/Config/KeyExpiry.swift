/// Until when is a key good? `2027-01-31`, through the end of that day, or `2027-01-31T18:00:00Z`; both in UTC, since a key may
/// be used from anywhere (RFC 3339 §5.6).
package import ConfigSyntax

package struct KeyExpiry: Hashable, Sendable {
    /// Seconds since 1970; from then on the key is refused.
    package let unixSeconds: UInt64

    /// A moment, in seconds since 1970.
    package init(unixSeconds: UInt64) { self.unixSeconds = unixSeconds }
}

extension KeyExpiry: ScalarValue {
    package static var expectation: String { "a date such as 2027-01-31, or 2027-01-31T18:00:00Z" }

    package static func parse(_ text: String) throws(ScalarError) -> KeyExpiry {
        let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard let days = days(parts[0]) else { throw .notThis }
        guard parts.count == 2 else { return KeyExpiry(unixSeconds: UInt64(days + 1) * secondsOfDay) }
        guard parts[1].hasSuffix("Z") else {
            throw .because("'\(text)' does not say that it is in UTC", hint: "write a Z at its end")
        }
        guard let second = second(parts[1].dropLast()) else { throw .notThis }
        return KeyExpiry(unixSeconds: UInt64(days) * secondsOfDay + UInt64(second))
    }

    private static let secondsOfDay: UInt64 = 86_400
    private static let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    /// Days since 1970; years before 2000 and after 9999 are mistakes.
    private static func days(_ text: Substring) -> Int? {
        guard let date = numbers(text, separator: "-", digits: [4, 2, 2]), date[0] >= 2000 else { return nil }
        let (year, month, day) = (date[0], date[1], date[2])
        guard (1...12).contains(month), day >= 1, day <= length(of: month, in: year) else { return nil }
        let before = (1970..<year).reduce(0) { $0 + (isLeap($1) ? 366 : 365) }
        return (1..<month).reduce(before) { $0 + length(of: $1, in: year) } + day - 1
    }

    private static func length(of month: Int, in year: Int) -> Int {
        month == 2 && isLeap(year) ? 29 : lengths[month - 1]
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func second(_ text: Substring) -> Int? {
        guard let time = numbers(text, separator: ":", digits: [2, 2, 2]), time[0] < 24, time[1] < 60, time[2] < 60
        else { return nil }
        return (time[0] * 60 + time[1]) * 60 + time[2]
    }

    private static func numbers(_ text: Substring, separator: Character, digits: [Int]) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == digits else { return nil }
        guard parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return nil }
        return parts.compactMap { Int($0) }
    }
}

/// A word that a key carries: for policies, and for whoever adds up what was used.
package struct KeyTag: Hashable, Sendable {
    package let text: String
}

extension KeyTag: ScalarValue {
    package static var expectation: String { "a name" }

    package static func parse(_ text: String) throws(ScalarError) -> KeyTag {
        guard BlockReader.isName(text) else { throw .because("'\(text)' is no name", hint: BlockReader.nameRule) }
        return KeyTag(text: text)
    }
}
