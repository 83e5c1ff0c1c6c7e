/// Plain blocking sockets on the loopback, for clients and providers in tests. Every read has a timeout: a test that waits for
/// what never comes fails, it does not hang.
import Glibc

struct SocketError: Error {
    let what: String
    let code = errno
}

/// An open socket; closed once.
final class TestSocket: @unchecked Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32, timeout: Int = 10) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { Glibc.close(descriptor) }

    /// A listening socket on a free port of 127.0.0.1.
    /// - Parameter sending: bytes that the kernel takes of what is written to a client that does not read, more or less; nil: as many as it likes.
    static func listening(sending: Int32? = nil) throws -> (socket: TestSocket, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError(what: "socket") }
        var address = loopback(0)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        if var sending {
            setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &sending, socklen_t(MemoryLayout<Int32>.size))
        }
        guard bound == 0, listen(descriptor, 64) == 0 else { throw SocketError(what: "listen") }
        return (TestSocket(descriptor), port(descriptor))
    }

    /// - Parameter receiving: bytes that the kernel takes for it while it does not read, more or less; nil: as many as it likes.
    static func connected(to port: UInt16, receiving: Int32? = nil) throws -> TestSocket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError(what: "socket") }
        let made = TestSocket(descriptor)
        if var receiving {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiving, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = loopback(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard status == 0 else { throw SocketError(what: "connect") }
        return made
    }

    func accept() -> TestSocket? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        return accepted >= 0 ? TestSocket(accepted) : nil
    }

    /// Up to `limit` bytes; empty at the end, after an error and after the timeout.
    func read(_ limit: Int = 65536) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, limit, 0))
        }
    }

    /// False when the other side is gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Bytes that have come and were not read.
    var waitingBytes: Int {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        return max(0, recv(descriptor, &bytes, bytes.count, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)))
    }

    /// Holds back what is written from now on until there is a whole segment of it, or the end.
    func cork() { set(IPPROTO_TCP, TCP_CORK, 1) }

    /// Says that nothing more is written.
    func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Has next to nothing on its way to the connections that are accepted on it, and so in the kernel of who writes.
    func keepsLittle() {
        set(SOL_SOCKET, SO_RCVBUF, 64 << 10)
        set(IPPROTO_TCP, TCP_MAXSEG, 1024)
    }

    private func set(_ level: some BinaryInteger, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, Int32(level), option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Ends both directions, as a peer that has gone: nobody waits for it any more.
    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Closing now resets the connection, as a crashed peer does.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func port(_ descriptor: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return address.sin_port.bigEndian
    }
}

/// Runs a body on a thread of its own.
func onThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let box = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
    pthread_create(
        &thread,
        nil,
        { raw in
            if let raw { Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().body() }
            return nil
        },
        box
    )
    pthread_detach(thread)
}

private final class ThreadBody {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Waits until the condition holds; false after `seconds`.
func eventually(within seconds: Double = 15, _ condition: () -> Bool) -> Bool {
    for _ in 0..<Int(seconds * 200) {
        if condition() { return true }
        usleep(5000)
    }
    return condition()
}
