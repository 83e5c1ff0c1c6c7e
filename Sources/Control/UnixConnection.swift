/// How are bytes moved over a unix socket with a deadline on every wait?
import Glibc
import NetTypes

/// A moment on the monotonic clock by which something must have happened.
struct Deadline {
    let span: Span
    private let end: ContinuousClock.Instant

    init(after span: Span) {
        self.span = span
        end = .now + .nanoseconds(span.nanoseconds)
    }

    /// What is left in milliseconds, rounded up so that a wait never ends early; 0 when it has passed.
    var milliseconds: Int32 {
        let left = end - .now
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        return Int32(
            clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue &+ attoseconds / 1_000_000_000_000_000
                &+ 1
        )
    }
}

/// One connection, closed when it goes out of scope.
struct UnixConnection: ~Copyable {
    /// Bytes read at once: large tables come in few reads.
    private static let readSize = 256 << 10

    private let descriptor: Int32
    private let path: String

    init(path: String, within span: Span) throws(ControlError) {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .unreachable(path: path, code: errno) }
        try connect(within: span)
    }

    deinit { close(descriptor) }

    /// A full backlog makes a unix socket's connect wait as long as the send timeout allows (unix(7)).
    private borrowing func connect(within span: Span) throws(ControlError) {
        var patience = timeval(
            tv_sec: Int(span.nanoseconds / 1_000_000_000),
            tv_usec: Int(span.nanoseconds % 1_000_000_000 / 1000)
        )
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        var address = try Self.address(path)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .unreachable(path: path, code: errno) }
    }

    private static func address(_ path: String) throws(ControlError) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let limit = MemoryLayout.size(ofValue: address.sun_path) - 1
        let bytes = Array(path.utf8)
        guard bytes.count <= limit else { throw .pathTooLong(path: path, limit: limit) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    /// Sends everything. A daemon that answers early and closes is no error here: its answer is there to be read.
    borrowing func send(_ bytes: [UInt8], within span: Span) throws(ControlError) {
        let deadline = Deadline(after: span)
        var sent = 0
        while sent < bytes.count {
            try wait(for: POLLOUT, until: deadline)
            let count = bytes.withUnsafeBytes { buffer -> Int in
                Glibc.send(
                    descriptor,
                    buffer.baseAddress.map { $0 + sent },
                    buffer.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                )
            }
            if count >= 0 {
                sent += count
            } else if errno == EPIPE || errno == ECONNRESET {
                return
            } else if errno != EINTR, errno != EAGAIN {
                throw .brokenOff(path: path, code: errno)
            }
        }
    }

    /// The next bytes, or nil when the other end has closed.
    /// - Parameter deadline: nil waits for ever.
    borrowing func receive(until deadline: Deadline?) throws(ControlError) -> [UInt8]? {
        while true {
            try wait(for: POLLIN, until: deadline)
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: Self.readSize) { buffer, filled in
                count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                filled = max(0, count)
            }
            if count > 0 { return bytes }
            if count == 0 || errno == ECONNRESET { return nil }
            guard errno == EINTR || errno == EAGAIN else { throw .brokenOff(path: path, code: errno) }
        }
    }

    private borrowing func wait(for events: Int32, until deadline: Deadline?) throws(ControlError) {
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let ready = poll(&entry, 1, deadline?.milliseconds ?? -1)
            if ready > 0 { return }
            if ready == 0, let deadline { throw .noAnswer(path: path, within: deadline.span) }
            if ready < 0, errno != EINTR { throw .brokenOff(path: path, code: errno) }
        }
    }
}
