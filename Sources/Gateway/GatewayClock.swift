/// What time is it? The gateway's two clocks; nothing below it reads one.
import Glibc
import NetTypes

enum GatewayClock {
    /// The daemon's clock: `CLOCK_BOOTTIME` (clock_gettime(2)), the same in both processes.
    static func now() -> Instant {
        Instant(nanoseconds: nanoseconds(CLOCK_BOOTTIME))
    }

    /// Microseconds since 1970, for people.
    static func unixMicroseconds() -> UInt64 { nanoseconds(CLOCK_REALTIME) / 1000 }

    /// The local date of a moment, 20261126 (localtime_r(3)).
    static func localDay(at unixMicroseconds: UInt64) -> Int {
        var time = time_t(unixMicroseconds / 1_000_000)
        var local = tm()
        localtime_r(&time, &local)
        return (Int(local.tm_year) + 1900) * 10_000 + (Int(local.tm_mon) + 1) * 100 + Int(local.tm_mday)
    }

    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // Fails only for clocks that do not exist.
        clock_gettime(clock, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
