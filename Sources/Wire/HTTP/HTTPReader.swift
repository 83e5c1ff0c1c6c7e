/// How do bytes become messages of HTTP/1.1 (RFC 9112)? However they are cut: heads, pieces of bodies, ends. One reader for each
/// direction of a connection.
///
///     head ─▶ length ───────────────▶ end ─▶ head …
///        ├──▶ size ⇄ data ─▶ trailer ─▶ end
///        └──▶ until the connection's end
///
/// It keeps no byte of what is not complete: the caller keeps what was not taken and gives it again with what came after it, so that
/// a body passes without being copied. What it refuses and why is said in `HTTPError`.
package struct HTTPReader: Sendable {
    /// From whom the messages come.
    package enum Role: Equatable, Sendable {
        /// From a client.
        case requests
        /// From a server.
        case answers
    }

    /// One thing that was read.
    package enum Event: Equatable, Sendable {
        /// The head of a request, or of the answer that counts.
        case head(HTTPMessage)
        /// The head of an answer below 200: another one follows.
        case interim(HTTPMessage)
        /// Bytes of the body, at their place in the bytes that were given.
        case body(Range<Int>)
        /// The message is whole, with the fields behind a chunked body (RFC 9110 §6.5: they are not merged into the head).
        case end([HTTPField])
    }

    enum Stage: Equatable, Sendable {
        case head
        case length(left: Int)
        case chunkSize
        case chunkData(left: Int)
        case chunkEnd
        case trailer
        case untilClose
        case end
        /// The last message is over: what still comes is no message (RFC 9112 §9.6).
        case over
        case failed(HTTPError)
    }

    let role: Role
    let limits: HTTPLimits
    var stage = Stage.head
    /// Where the line that is read begins, and where the search for its end goes on: from the first byte that was not taken.
    var lineStart = 0
    var searched = 0
    /// The head that is read, or was read last. Its memory is used again.
    var message = HTTPMessage()
    var hasStartLine = false
    var hasSkippedEmptyLine = false
    var interimCount = 0
    var trailers: [HTTPField] = []
    var bodyBytes = 0
    var extensionBytes = 0

    /// Whether the answer that comes next is to a HEAD request, and so has no body whatever its head says.
    package var answersHead = false

    /// A reader at the beginning of a connection.
    package init(_ role: Role, limits: HTTPLimits = HTTPLimits()) {
        self.role = role
        self.limits = limits
    }

    /// Whether nothing of a message has been read, so that the connection may end here.
    package var isBetweenMessages: Bool {
        switch stage {
        case .head: !hasStartLine && searched == 0
        case .over: true
        case .length, .chunkSize, .chunkData, .chunkEnd, .trailer, .untilClose, .end, .failed: false
        }
    }

    /// The next event.
    /// - Parameters:
    ///   - bytes: all that came and was not taken.
    ///   - taken: how many of them the caller is not to give again, once it has looked at the event. Also without an event.
    /// - Returns: nil when more bytes are needed.
    /// - Throws: always the same from then on.
    package mutating func next(_ bytes: RawSpan, taken: inout Int) throws(HTTPError) -> Event? {
        var front = 0
        defer { taken = front }
        do {
            return try event(bytes, &front)
        } catch {
            stage = .failed(error)
            throw error
        }
    }

    /// The connection's end.
    /// - Returns: the end of a body that it told; nil between messages.
    /// - Throws: `truncated` inside a message.
    package mutating func finish() throws(HTTPError) -> Event? {
        switch stage {
        case .untilClose:
            stage = .over
            return .end([])
        case .over: return nil
        case .failed(let error): throw error
        case .head where isBetweenMessages: return nil
        case .head, .length, .chunkSize, .chunkData, .chunkEnd, .trailer, .end:
            stage = .failed(.truncated)
            throw .truncated
        }
    }

    private mutating func event(_ bytes: RawSpan, _ front: inout Int) throws(HTTPError) -> Event? {
        while true {
            switch stage {
            case .head: return try head(bytes, &front)
            case .length(let left), .chunkData(let left): return data(bytes, &front, left: left)
            case .untilClose: return data(bytes, &front, left: .max)
            case .chunkSize: guard try chunkSize(bytes, &front) else { return nil }
            case .chunkEnd: guard try chunkEnd(bytes, &front) else { return nil }
            case .trailer: guard try trailer(bytes, &front) else { return nil }
            case .end: return end()
            case .over:
                front = bytes.byteCount
                return nil
            case .failed(let error): throw error
            }
        }
    }

    private mutating func end() -> Event {
        stage = message.keepsAlive ? .head : .over
        defer { trailers = [] }
        return .end(trailers)
    }
}
