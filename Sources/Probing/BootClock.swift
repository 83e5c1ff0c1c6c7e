/// What time it is: the one clock that instants are read from.
import Glibc
package import NetTypes

/// `CLOCK_BOOTTIME`: monotonic, and it goes on while the machine is suspended.
package enum BootClock {
    package static func now() -> Instant { Instant(nanoseconds: read(CLOCK_BOOTTIME)) }

    /// The wall clock's nanoseconds since 1970: only to compare with the kernel's packet time stamps, which have no
    /// other.
    static func wallNanoseconds() -> UInt64 { read(CLOCK_REALTIME) }

    /// Lets time pass; at once when it has passed, and earlier when a signal comes.
    static func sleep(until instant: Instant) {
        var time = timespec()
        time.tv_sec = Int(clamping: instant.nanoseconds / 1_000_000_000)
        time.tv_nsec = Int(instant.nanoseconds % 1_000_000_000)
        clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &time, nil)
    }

    private static func read(_ clock: Int32) -> UInt64 {
        var time = timespec()
        // Cannot fail: both clocks are in every kernel, and the pointer is good.
        clock_gettime(clock, &time)
        return UInt64(max(time.tv_sec, 0)) &* 1_000_000_000 &+ UInt64(max(time.tv_nsec, 0))
    }
}
