/// Microseconds since 1970, for people.
import Foundation

enum WallClock {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    /// Seconds since local midnight.
    static func secondOfDay() -> Int64 {
        var time = time_t(now() / 1_000_000)
        var local = tm()
        localtime_r(&time, &local)
        return Int64(local.tm_hour) * 3600 + Int64(local.tm_min) * 60 + Int64(min(local.tm_sec, 59))
    }
}
