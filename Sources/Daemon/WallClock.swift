/// Microseconds since 1970, for people.
import Foundation

enum WallClock {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    /// The local date, 20261126.
    static func localDay() -> Int {
        var time = time_t(now() / 1_000_000)
        var local = tm()
        localtime_r(&time, &local)
        return (Int(local.tm_year) + 1900) * 10_000 + (Int(local.tm_mon) + 1) * 100 + Int(local.tm_mday)
    }

    /// Seconds since local midnight.
    static func secondOfDay() -> Int64 {
        var time = time_t(now() / 1_000_000)
        var local = tm()
        localtime_r(&time, &local)
        return Int64(local.tm_hour) * 3600 + Int64(local.tm_min) * 60 + Int64(min(local.tm_sec, 59))
    }
}
