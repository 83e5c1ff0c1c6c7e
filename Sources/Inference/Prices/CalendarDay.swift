/// Which seconds are a day of the calendar, in UTC? Prices begin and end with days.
package struct CalendarDay: Hashable, Sendable {
    /// Since 1970-01-01.
    package let number: Int

    /// `2026-01-31`; nil for anything else, and for days that the calendar does not have.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        guard year >= 1970, (1...12).contains(month), (1...Self.length(of: month, in: year)).contains(day) else {
            return nil
        }
        number = Self.number(year, month, day)
    }

    /// The day that a second since 1970 lies in.
    package init(second: UInt64) { number = Int(clamping: second / Self.seconds) }

    private static let seconds: UInt64 = 86_400

    /// Since 1970.
    package var firstSecond: UInt64 { UInt64(clamping: number) * Self.seconds }

    /// The first that the day does not have any more.
    package var secondAfter: UInt64 { firstSecond + Self.seconds }

    /// Year, month and day of the month, each counted from 1.
    package var parts: (year: Int, month: Int, day: Int) {
        // Years begin in March here, so that the leap day is their last; eras of 400 years are all alike.
        let shifted = number + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// As one number, 20260131.
    package var date: Int {
        let (year, month, day) = parts
        return year * 10_000 + month * 100 + day
    }

    /// How many days its month has.
    package var daysOfMonth: Int { Self.length(of: parts.month, in: parts.year) }

    private static func length(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func number(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let (era, yearOfEra) = (shiftedYear / 400, shiftedYear % 400)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension CalendarDay: CustomStringConvertible {
    /// `2026-01-31`.
    package var description: String {
        let (year, month, day) = parts
        return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }
}
