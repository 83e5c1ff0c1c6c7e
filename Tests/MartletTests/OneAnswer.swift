/// A daemon that gives one answer.
import Glibc

final class OneAnswer: Sendable {
    let path: String
    private let thread: pthread_t
    private let job: Job

    private final class Job: Sendable {
        let listener: Int32
        let answer: [UInt8]
        nonisolated(unsafe) var request: [UInt8] = []

        init(_ listener: Int32, _ answer: [UInt8]) { (self.listener, self.answer) = (listener, answer) }
    }

    struct Failure: Error { let code: Int32 }

    init(_ body: String, status: String = "200 OK") throws {
        path = "/tmp/martlet-cli-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        let answer =
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        job = Job(try Self.listener(at: path), Array(answer.utf8))
        var thread = pthread_t()
        pthread_create(&thread, nil, { OneAnswer.serve($0) }, Unmanaged.passRetained(job).toOpaque())
        self.thread = thread
    }

    /// Waits for the one connection to end and gives what was asked.
    func finish() -> String {
        pthread_join(thread, nil)
        unlink(path)
        return String(decoding: job.request, as: UTF8.self)
    }

    private static func listener(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(descriptor, 1) == 0 else { throw Failure(code: errno) }
        return descriptor
    }

    private static func serve(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let job = Unmanaged<Job>.fromOpaque(argument).takeRetainedValue()
        let connection = accept(job.listener, nil, nil)
        var buffer = [UInt8](repeating: 0, count: 65536)
        // The question is small: one read has it whole.
        let count = recv(connection, &buffer, buffer.count, 0)
        job.request = Array(buffer.prefix(max(0, count)))
        _ = job.answer.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        shutdown(connection, Int32(SHUT_WR))
        while recv(connection, &buffer, buffer.count, 0) > 0 {}
        close(connection)
        close(job.listener)
        return nil
    }
}
