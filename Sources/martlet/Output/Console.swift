/// Where does text leave the program? Straight to the descriptors, so that a full disk is noticed and an event is out when it
/// happened.
import Glibc
import NetTypes

enum Console {
    /// Writes to standard output; a reader that went away ends the program by SIGPIPE, as with any other filter.
    static func print(_ text: String) throws(CommandError) {
        guard write(text + "\n") else { throw .failed("cannot write: \(String(cString: strerror(errno)))") }
    }

    /// Lines to standard error, safe for a terminal.
    static func complain(_ lines: [String]) {
        for line in lines { _ = write(Printable.lines(line) + "\n", to: STDERR_FILENO) }
    }

    /// False, with errno set, when not all could be written.
    static func write(_ text: String, to descriptor: Int32 = STDOUT_FILENO) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    static func exit(with status: ExitStatus) -> Never { Glibc.exit(status.rawValue) }

    /// A variable of the environment, if it is set and not empty.
    static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Waits; a signal that is handled does not shorten it.
    static func sleep(_ span: Span) {
        var rest = timespec(
            tv_sec: time_t(span.nanoseconds / 1_000_000_000),
            tv_nsec: Int(span.nanoseconds % 1_000_000_000)
        )
        var left = timespec()
        while nanosleep(&rest, &left) != 0, errno == EINTR { rest = left }
    }

    /// Since the machine's start: a clock that nobody sets.
    static var uptime: Span {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(Int64(time.tv_sec)) + Span(nanoseconds: Int64(time.tv_nsec))
    }

    /// Microseconds since 1970.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000 &+ UInt64(clamping: time.tv_nsec / 1000)
    }
}
