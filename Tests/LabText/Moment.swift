import Glibc

/// When did it happen? A point on CLOCK_MONOTONIC, which all processes of one host share: what `lab-tool` notes inside a namespace
/// can be compared with what the demo notes outside.
package struct Moment: Sendable, Hashable, Comparable {
    /// Nanoseconds since the host started.
    package var nanoseconds: Int

    package init(nanoseconds: Int) {
        self.nanoseconds = nanoseconds
    }

    /// This very moment.
    package static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: time.tv_sec * 1_000_000_000 + time.tv_nsec)
    }

    package static func < (left: Moment, right: Moment) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Milliseconds from `earlier` to this moment.
    package func milliseconds(since earlier: Moment) -> Double {
        Double(nanoseconds - earlier.nanoseconds) / 1_000_000
    }

    /// The moment `duration` later.
    package func after(_ duration: Duration) -> Moment {
        let parts = duration.components
        return Moment(
            nanoseconds: nanoseconds + Int(parts.seconds) * 1_000_000_000 + Int(parts.attoseconds / 1_000_000_000)
        )
    }
}
