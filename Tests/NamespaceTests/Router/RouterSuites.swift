import Lab
import Testing

/// The real daemon in real namespaces. One test after the other: they measure times, and two cores serve them all.
@Suite(.serialized, .enabled(if: Programs.obstacle == nil, Comment(rawValue: Programs.obstacle ?? "")))
enum RouterSuites {}

/// A figure that a test measured, for the log.
func measured(_ what: String, _ value: Double, _ unit: String = "ms") {
    let rounded = (value * 10).rounded() / 10
    print("measured: \(what): \(rounded) \(unit)")
}
