/// Answers as a daemon would write them.
import Control

enum Answers {
    static let member = #"{"admin":"drain","member":"wan.cable","words":"wan.cable drains"}"#

    static func ok(_ body: String) -> String { withLength("200 OK", body) }

    static func withLength(_ status: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func untilClose(_ body: String) -> String { "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(body)" }

    static func chunked(_ pieces: [String]) -> String {
        let chunks = pieces.map { String($0.utf8.count, radix: 16) + "\r\n\($0)\r\n" }.joined()
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n"
    }

    static let streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

    static let events = [
        WatchEvent(at: 1, kind: "health", words: "wan.fiber: up → down", fields: [.init("member", "wan.fiber")]),
        WatchEvent(at: 2, kind: "shares", words: "wan: cable carries all", fields: []),
        WatchEvent(at: 3, kind: "admin", words: "a\nb\r\nc", fields: []),
    ]

    /// The events as a stream, with a comment between them.
    static func stream() throws -> [UInt8] {
        var bytes: [UInt8] = []
        for event in events {
            bytes += Array("data: ".utf8) + (try ControlJSON.encode(event)) + Array("\n\n: still here\n\n".utf8)
        }
        return bytes
    }
}
