/// How does a program ask the daemon something? One blocking call a connection over the control socket: HTTP/1.1 with
/// `Connection: close`, JSON both ways, every size and every wait bounded.
package import NetTypes
import Wire

package struct ControlClient: Sendable {
    /// What a call may cost.
    package struct Limits: Sendable, Equatable {
        /// For the socket to take the connection and the question: the daemon accepts within microseconds, or hangs.
        package var connect: Span
        /// From the question to the whole answer. An apply answers when the kernel has taken the changes, which for a
        /// million routes is several seconds.
        package var answer: Span
        /// Bytes of an answer's body: a table of a million routes at 250 bytes a row.
        package var body: Int
        /// Bytes of one event of `watch`: a decision with all its candidates is a few KiB.
        package var event: Int

        package init(connect: Span, answer: Span, body: Int, event: Int) {
            (self.connect, self.answer, self.body, self.event) = (connect, answer, body, event)
        }

        package static let standard = Limits(
            connect: .seconds(5),
            answer: .seconds(60),
            body: 256 << 20,
            event: 1 << 20
        )
    }

    /// Where the daemon listens.
    package let socketPath: String
    package let limits: Limits

    package init(socketPath: String, limits: Limits = .standard) {
        (self.socketPath, self.limits) = (socketPath, limits)
    }

    /// Asks, and gives the body of the answer if the daemon said yes (2xx).
    package func body(of call: ControlCall) throws(ControlError) -> [UInt8] {
        let connection = try UnixConnection(path: socketPath, within: limits.connect)
        try connection.send(try ControlRequest.bytes(of: call), within: limits.connect)
        var answer = AnswerReader(path: socketPath)
        let body = try read(connection, &answer, until: Deadline(after: limits.answer))
        guard let head = answer.head else { throw .brokenOff(path: socketPath, code: 0) }
        guard (200..<300).contains(head.status) else { throw Self.refusal(head, body) }
        return body
    }

    /// Asks, and gives the answer.
    package func reply<Reply: Decodable>(to call: ControlCall, as type: Reply.Type) throws(ControlError) -> Reply {
        let bytes = try body(of: call)
        do {
            return try ControlJSON.decode(type, from: bytes)
        } catch {
            throw .notUnderstood("the answer to \(call.target.path) is not what was asked for: \(error)")
        }
    }

    /// Hands out events as they come until `each` throws or the daemon ends the stream, which is an error too: the stream
    /// has no end of its own.
    ///
    /// Waits for ever between events: a unix socket's other end cannot vanish unnoticed.
    package func watch(_ each: (WatchEvent) throws -> Void) throws {
        let connection = try UnixConnection(path: socketPath, within: limits.connect)
        try connection.send(try ControlRequest.bytes(of: .watch), within: limits.connect)
        var answer = AnswerReader(path: socketPath)
        var rest = try readHead(connection, &answer, until: Deadline(after: limits.answer))
        guard let head = answer.head, head.status == 200 else {
            rest += try read(connection, &answer, until: Deadline(after: limits.answer))
            throw answer.head.map { Self.refusal($0, rest) } ?? .brokenOff(path: socketPath, code: 0)
        }
        guard head.first("content-type")?.hasPrefix("text/event-stream") == true else {
            throw ControlError.notUnderstood("\(ControlCall.watch.target.path) did not answer with an event stream")
        }
        var events = WatchReader(limit: limits.event)
        try events.feed(rest, each)
        while let bytes = try connection.receive(until: nil) {
            try events.feed(try answer.feed(bytes), each)
            if answer.isComplete { break }
        }
        throw ControlError.brokenOff(path: socketPath, code: 0)
    }

    // MARK: Reading

    /// Body bytes that came with the head.
    private func readHead(
        _ connection: borrowing UnixConnection,
        _ answer: inout AnswerReader,
        until deadline: Deadline
    ) throws(ControlError) -> [UInt8] {
        while answer.head == nil {
            guard let bytes = try connection.receive(until: deadline) else {
                try answer.end()
                break
            }
            let body = try answer.feed(bytes)
            if answer.head != nil { return body }
        }
        return []
    }

    private func read(
        _ connection: borrowing UnixConnection,
        _ answer: inout AnswerReader,
        until deadline: Deadline
    ) throws(ControlError) -> [UInt8] {
        var body: [UInt8] = []
        while !answer.isComplete {
            guard let bytes = try connection.receive(until: deadline) else {
                try answer.end()
                break
            }
            body += try answer.feed(bytes)
            guard body.count <= limits.body else { throw .tooLarge(limit: limits.body) }
        }
        return body
    }

    /// What the daemon said no with: its own words, or, if there are none, the status.
    private static func refusal(_ head: HTTPMessage, _ body: [UInt8]) -> ControlError {
        if let reply = try? ControlJSON.decode(ErrorReply.self, from: body) {
            return .refused(status: head.status, reply)
        }
        return .refused(status: head.status, ErrorReply(errors: ["the daemon answered \(head.status)"]))
    }
}
