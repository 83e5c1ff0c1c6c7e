/// A provider that behaves as told: one behaviour for every request, on real sockets.
import Glibc
import Synchronization

/// What a mock does with one request whose bytes are all there.
typealias Behaviour = @Sendable (TestSocket) -> MockProvider.After

final class MockProvider: Sendable {
    enum After { case keep, close }

    let port: UInt16
    private let listening: TestSocket
    private let state = Mutex(State())

    private struct State {
        var requests: [String] = []
        var connections = 0
        var closedByPeer = 0
        var refuses = false
    }

    convenience init(_ behaviour: @escaping Behaviour) throws {
        try self.init(reading: { _, connection in behaviour(connection) })
    }

    /// - Parameter behaviour: what it does with a request, head and body.
    init(reading behaviour: @escaping @Sendable (String, TestSocket) -> After) throws {
        (listening, port) = try TestSocket.listening()
        let (listening, state) = (listening, self)
        onThread { [weak state] in
            while let connection = listening.accept() {
                guard let state else { return }
                state.state.withLock { $0.connections += 1 }
                onThread { state.serve(connection, behaviour) }
            }
        }
    }

    /// One that does something with each connection before anything has come.
    static func beforeRequests(_ behaviour: @escaping Behaviour) throws -> MockProvider {
        let provider = try MockProvider(listeningFor: ())
        onThread { [listening = provider.listening] in
            while let connection = listening.accept() { onThread { _ = behaviour(connection) } }
        }
        return provider
    }

    private init(listeningFor nothing: Void) throws { (listening, port) = try TestSocket.listening() }

    var requests: [String] { state.withLock { $0.requests } }
    var connections: Int { state.withLock { $0.connections } }
    /// Connections that the gateway closed while this side waited or wrote.
    var closedByPeer: Int { state.withLock { $0.closedByPeer } }

    /// From now on as a provider that fails at once.
    func refuse() { state.withLock { $0.refuses = true } }

    /// No more connections.
    func stop() { shutdown(listening.descriptor, Int32(SHUT_RDWR)) }

    private func serve(_ connection: TestSocket, _ behaviour: (String, TestSocket) -> After) {
        while let request = Self.request(from: connection) {
            let refuses = state.withLock { state in
                if !state.refuses { state.requests.append(request) }
                return state.refuses
            }
            if (refuses ? Mock.status(500)(connection) : behaviour(request, connection)) == .close { return }
        }
        state.withLock { $0.closedByPeer += 1 }
    }

    /// Head and body of the next request; nil when the peer has closed.
    private static func request(from connection: TestSocket) -> String? {
        var text = ""
        while true {
            if let end = text.range(of: "\r\n\r\n") {
                let length = text.header("content-length").flatMap { Int($0) } ?? 0
                if text.utf8.distance(from: end.upperBound, to: text.utf8.endIndex) >= length { return text }
            }
            let bytes = connection.read()
            if bytes.isEmpty { return nil }
            text += String(decoding: bytes, as: UTF8.self)
        }
    }
}

extension String {
    /// The value of a header in a message's text.
    func header(_ name: String) -> String? {
        for line in split(separator: "\r\n", omittingEmptySubsequences: false) {
            if line.isEmpty { return nil }
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name { return String(parts[1].drop { $0 == " " }) }
        }
        return nil
    }

    func range(of needle: String) -> Range<String.Index>? {
        let (text, wanted) = (Array(utf8), Array(needle.utf8))
        guard text.count >= wanted.count else { return nil }
        for start in 0...(text.count - wanted.count) where text[start..<(start + wanted.count)].elementsEqual(wanted) {
            let lower = utf8.index(utf8.startIndex, offsetBy: start)
            return lower..<utf8.index(lower, offsetBy: wanted.count)
        }
        return nil
    }
}

/// The behaviours that the tests need.
enum Mock {
    static let plainBody =
        #"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#

    static func answer(_ status: Int, _ body: String, type: String = "application/json", more: String = "") -> String {
        "HTTP/1.1 \(status) X\r\ncontent-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n\(more)\r\n\(body)"
    }

    static let streamHead = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    static func chunk(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n" }

    static func event(_ json: String) -> String { chunk("data: \(json)\n\n") }

    static func word(_ text: String) -> String {
        event(#"{"id":"x","choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#)
    }

    static let stop = event(#"{"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)
    static let end = event("[DONE]") + "0\r\n\r\n"

    static let plain: Behaviour = { $0.write(answer(200, plainBody)) ? .keep : .close }

    static let stream: Behaviour = { $0.write(streamHead + word("one") + word("two") + stop + end) ? .keep : .close }

    static func status(_ status: Int, more: String = "") -> Behaviour {
        { $0.write(answer(status, #"{"error":{"message":"no","type":"x"}}"#, more: more)) ? .keep : .close }
    }

    /// Says nothing until the gateway has had enough.
    static let hang: Behaviour = { connection in
        while !connection.read().isEmpty {}
        return .close
    }

    static let errorFirst: Behaviour = {
        $0.write(streamHead + event(#"{"error":{"message":"out of memory","type":"server_error"}}"#) + "0\r\n\r\n")
            ? .keep : .close
    }

    static let garbage: Behaviour = { connection in
        connection.write("\u{1}\u{2}this is not HTTP\r\n\r\n")
        return .close
    }

    static let reset: Behaviour = { connection in
        connection.reset()
        return .close
    }

    static let dropBeforeContent: Behaviour = { connection in
        connection.write(streamHead + event(#"{"id":"x","choices":[{"index":0,"delta":{"role":"assistant"}}]}"#))
        return .close
    }

    static let dropMidStream: Behaviour = { connection in
        connection.write(streamHead + word("one"))
        return .close
    }
}
