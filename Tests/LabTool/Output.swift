import Glibc
import LabText
import Synchronization

/// How does a program of the lab speak, and how is it told to stop?

/// Writes one JSON line to standard output at once, unbuffered: the reader may be waiting for it.
func emit(_ value: JSON) {
    writeAll(value.description + "\n", to: STDOUT_FILENO)
}

/// Writes one line to standard error.
func complain(_ text: String) {
    writeAll("lab-tool: \(text)\n", to: STDERR_FILENO)
}

private func writeAll(_ text: String, to descriptor: CInt) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 || errno == EINTR else { return }
        rest = rest.dropFirst(max(0, count))
    }
}

/// Set by SIGTERM and SIGINT. A loop looks at it at least every `StopRequest.longestWait`.
enum StopRequest {
    /// Milliseconds a loop may wait before it looks again: the signal may come just before it begins to wait.
    static let longestWait: CInt = 20

    private static let requested = Atomic<Bool>(false)

    static var isMade: Bool { requested.load(ordering: .relaxed) }

    static func listen() {
        for number in [SIGTERM, SIGINT] {
            signal(number) { _ in StopRequest.requested.store(true, ordering: .relaxed) }
        }
    }
}
