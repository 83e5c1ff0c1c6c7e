/// What time of day is it here? The C library is asked once in a quarter of an hour: no zone's clock changes at any other moment.
import Glibc

struct LocalTime {
    private static let quarter: UInt64 = 900
    private static let day: Int64 = 86_400
    /// Seconds east of Greenwich in this quarter of an hour.
    private var offset: Int64 = 0
    private var known: UInt64?

    mutating func secondOfDay(atSecond second: UInt64) -> Int64 {
        let quarter = second / Self.quarter
        if known != quarter {
            known = quarter
            offset = Self.offset(atSecond: second)
        }
        let local = (Int64(clamping: second) + offset) % Self.day
        return local < 0 ? local + Self.day : local
    }

    private static func offset(atSecond second: UInt64) -> Int64 {
        var time = time_t(clamping: second)
        var local = tm()
        localtime_r(&time, &local)
        return Int64(local.tm_gmtoff)
    }
}
