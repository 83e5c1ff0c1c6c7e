/// A server that answers and closes before it has read anything: what a daemon does with a question that is too large.
import Glibc

final class EarlyServer: Sendable {
    private let thread: pthread_t
    private let path: String

    private final class Job: Sendable {
        let listener: Int32
        let answer: [UInt8]

        init(_ listener: Int32, _ answer: [UInt8]) { (self.listener, self.answer) = (listener, answer) }
    }

    init(path: String, answer: String) throws {
        self.path = path
        let listener = try ScriptedServer.listener(at: path)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Job(listener, Array(answer.utf8))).toOpaque()
        pthread_create(&thread, nil, { EarlyServer.run($0) }, argument)
        self.thread = thread
    }

    func finish() {
        pthread_join(thread, nil)
        unlink(path)
    }

    private static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let job = Unmanaged<Job>.fromOpaque(argument).takeRetainedValue()
        let connection = accept(job.listener, nil, nil)
        _ = job.answer.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        // Half-closed: what the client still sends has nowhere to go, and its next send gets EPIPE.
        shutdown(connection, Int32(SHUT_RD))
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
        close(connection)
        close(job.listener)
        return nil
    }
}
