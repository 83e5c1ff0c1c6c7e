/// A server on a unix socket that takes one connection and does what it was told: the client's opposite in these tests.
import Glibc

final class ScriptedServer: Sendable {
    enum Step: Sendable {
        case send([UInt8])
        case pause(milliseconds: UInt32)
        /// Keep the connection open until the client closes it.
        case waitForClient
    }

    let path: String
    private let listener: Int32
    private let thread: pthread_t

    /// What the thread is given and what it gives back.
    private final class Job: Sendable {
        let listener: Int32
        let steps: [Step]
        nonisolated(unsafe) var request: [UInt8] = []

        init(_ listener: Int32, _ steps: [Step]) { (self.listener, self.steps) = (listener, steps) }
    }

    private let job: Job

    convenience init(answering text: String) throws { try self.init([.send(Array(text.utf8))]) }

    init(_ steps: [Step]) throws {
        path = "/tmp/martlet-control-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        listener = try Self.listener(at: path)
        job = Job(listener, steps)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(job).toOpaque()
        pthread_create(&thread, nil, { ScriptedServer.run($0) }, argument)
        self.thread = thread
    }

    /// Waits for the script's end and gives what the client had sent.
    func finish() -> String {
        pthread_join(thread, nil)
        close(listener)
        unlink(path)
        return String(decoding: job.request, as: UTF8.self)
    }

    /// A socket that listens at the path.
    static func listener(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, Glibc.listen(descriptor, 1) == 0 else { throw Failure(code: errno) }
        return descriptor
    }

    struct Failure: Error { let code: Int32 }

    private static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let job = Unmanaged<Job>.fromOpaque(argument).takeRetainedValue()
        let connection = accept(job.listener, nil, nil)
        job.request = readRequest(connection)
        for step in job.steps where !take(step, connection) { break }
        close(connection)
        return nil
    }

    /// False when the client has gone: the rest of the script is of no use then.
    private static func take(_ step: Step, _ connection: Int32) -> Bool {
        switch step {
        case .send(let bytes): return sendAll(bytes, connection)
        case .pause(let milliseconds): usleep(milliseconds * 1000)
        case .waitForClient: while !read(connection).isEmpty {}
        }
        return true
    }

    private static func sendAll(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Head and, by its Content-Length, body.
    private static func readRequest(_ connection: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = read(connection)
            guard !piece.isEmpty else { return bytes }
            bytes += piece
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
            let length = text.firstRange(of: "Content-Length: ").flatMap {
                Int(text[$0.upperBound...].prefix { $0.isNumber })
            }
            if text[end.upperBound...].utf8.count >= length ?? 0 { return bytes }
        }
    }

    private static func read(_ connection: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(connection, &buffer, buffer.count, 0)
        return Array(buffer.prefix(max(0, count)))
    }
}
