/// For how long does a provider ask to be left alone? `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
package import NetTypes

package enum RetryAfter {
    /// The time it asks for; nil when it cannot be read. A moment that is past is no time at all.
    ///
    /// - Parameter unixSeconds: now, in seconds since 1970.
    package static func span(_ text: String, unixSeconds: UInt64) -> Span? {
        let text = text.utf8.drop { $0 == UInt8(ascii: " ") }
        if let first = text.first, (0x30...0x39).contains(first) {
            let digits = text.prefix { (0x30...0x39).contains($0) }
            // Anything longer is cut to a limit by whoever waits.
            return .seconds(Int64(String(digits) ?? "") ?? .max)
        }
        guard let moment = String(text).flatMap(unixSeconds(ofDate:)) else { return nil }
        return .seconds(moment > unixSeconds ? Int64(clamping: moment - unixSeconds) : 0)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Of the one form of dates that may be sent (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func unixSeconds(ofDate text: String) -> UInt64? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = number(words[1], 1...31),
            let month = months.firstIndex(of: String(words[2])), let year = number(words[3], 1970...9999)
        else { return nil }
        let time = words[4].split(separator: ":", omittingEmptySubsequences: false)
        guard time.count == 3, let hour = number(time[0], 0...23), let minute = number(time[1], 0...59),
            let second = number(time[2], 0...60)
        else { return nil }
        return (days(year, month + 1, day) * 24 + hour) * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring, _ bounds: ClosedRange<UInt64>) -> UInt64? {
        UInt64(text).flatMap { bounds.contains($0) ? $0 : nil }
    }

    /// Days from 1970 to a date of the Gregorian calendar: years begin in March, so that the leap day is their last.
    private static func days(_ year: UInt64, _ month: Int, _ day: UInt64) -> UInt64 {
        let year = month <= 2 ? year - 1 : year
        let monthFromMarch = UInt64((month + 9) % 12)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - daysTo1970
    }

    /// From March of the year 0 to January 1970.
    private static let daysTo1970: UInt64 = 719_468
}
