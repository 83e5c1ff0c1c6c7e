import Glibc
import LabText

/// How long may a check wait for something to become true? Always less than a hard deadline.
package struct TimedOut: Error, CustomStringConvertible {
    /// What was waited for.
    package var what: String
    /// How long, before giving up.
    package var limit: Duration
    package var description: String { "not within \(limit): \(what)" }
}

/// Asks `condition` again and again until it gives a value, and gives that.
///
/// - Parameters:
///   - what: names what is waited for in the error.
///   - limit: the hard deadline; the condition is asked once more after it, never later.
///   - pause: how long to rest between two questions.
/// - Throws: ``TimedOut``, or what `condition` throws.
@discardableResult
package func eventually<Value>(
    _ what: String,
    within limit: Duration,
    every pause: Duration = .milliseconds(2),
    _ condition: () throws -> Value?
) throws -> Value {
    let deadline = Moment.now.after(limit)
    while true {
        let isLast = Moment.now >= deadline
        if let value = try condition() { return value }
        if isLast { throw TimedOut(what: what, limit: limit) }
        rest(pause)
    }
}

/// Asks `condition` until it is true.
///
/// - Throws: ``TimedOut``, or what `condition` throws.
package func eventually(
    _ what: String,
    within limit: Duration,
    every pause: Duration = .milliseconds(2),
    isTrue condition: () throws -> Bool
) throws {
    try eventually(what, within: limit, every: pause) { try condition() ? true : nil }
}

/// Lets `duration` pass. For letting traffic flow through the lab, not for waiting until something has happened.
package func rest(_ duration: Duration) {
    let parts = duration.components
    var left = timespec(tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
    var interruptedAt = timespec()
    while nanosleep(&left, &interruptedAt) != 0 && errno == EINTR { left = interruptedAt }
}
