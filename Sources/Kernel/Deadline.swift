/// When a wait for the kernel ends, answered or not. Every wait in this module has one.
import Glibc
package import NetTypes

package struct Deadline: Hashable, Sendable {
    private let at: Instant

    private init(at: Instant) { self.at = at }

    /// `span` from now.
    package static func after(_ span: Span) -> Deadline { Deadline(at: now() + span) }

    /// Already past: look once, do not wait.
    static let passed = Deadline(at: Instant(nanoseconds: 0))

    /// What is left as poll(2) wants it: whole milliseconds, rounded up, 0 when the time has passed.
    var millisecondsLeft: Int32 {
        let left = at - Self.now()
        return Int32(clamping: (left.nanoseconds + 999_999) / 1_000_000)
    }

    private static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
