/// HTTP answers as they come in pieces: what is good, what is wrong, and when that is certain.
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness

struct HTTPAnswerTests {
    private static func question(body: String? = nil, expect: [StatusRange] = [StatusRange(200, 299)]) -> HTTPQuestion {
        HTTPQuestion(method: .get, host: "example.com", path: "/health", expect: expect, body: body, tls: nil)
    }

    @Test func theRequestAsksForOneAnswerAndNoMore() {
        let text = String(decoding: Self.question().request, as: UTF8.self)
        #expect(text.hasPrefix("GET /health HTTP/1.1\r\nHost: example.com\r\n"))
        #expect(text.contains("\r\nConnection: close\r\n") && text.hasSuffix("\r\n\r\n"))
    }

    struct Row: Sendable {
        let text: String
        var body: String?
        /// nil: the answer is good.
        let cause: Cause?
        let reason: String
    }

    private static let head = "HTTP/1.1 200 OK\r\n"

    static let rows = [
        Row(text: head + "\r\n", cause: nil, reason: "the status alone was asked for"),
        Row(text: "HTTP/1.0 204 No Content\r\n\r\n", cause: nil, reason: "an old server, another good status"),
        Row(text: "HTTP/1.1 100 Continue\r\n\r\n" + head + "\r\n", cause: nil, reason: "an interim response before it"),
        Row(text: "HTTP/1.1 503 Busy\r\n\r\n", cause: .wrongStatus, reason: "a status that is not expected"),
        Row(text: "HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", cause: .wrongStatus, reason: "a portal's redirect"),
        Row(text: "SSH-2.0-OpenSSH_9.2\r\n\r\n", cause: .badResponse, reason: "something else listens there"),
        Row(text: head + "no field\r\n\r\n", cause: .badResponse, reason: "a line that is no field"),
        Row(
            text: head + "A: " + String(repeating: "x", count: 20_000),
            cause: .badResponse,
            reason: "no end of the head"
        ),
        Row(text: head + "Content-Length: 8\r\n\r\nall well", body: "well", cause: nil, reason: "the text, by length"),
        Row(
            text: head + "Content-Length: 3\r\n\r\nbad, not well",
            body: "well",
            cause: .wrongBody,
            reason: "behind the end"
        ),
        Row(
            text: head + "Transfer-Encoding: chunked\r\n\r\n6\r\nall we\r\n2\r\nll\r\n0\r\n\r\n",
            body: "well",
            cause: nil,
            reason: "the text over the border of two chunks"
        ),
        Row(
            text: head + "Transfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n",
            body: "well",
            cause: .wrongBody,
            reason: "chunks without the text"
        ),
        Row(
            text: head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            body: "well",
            cause: .badResponse,
            reason: "no chunk"
        ),
        Row(text: head + "\r\nall well", body: "well", cause: nil, reason: "the text before the end of the connection"),
        Row(text: head + "\r\nbad", body: "well", cause: .wrongBody, reason: "the end of the connection without it"),
        Row(text: head + "Content-Length: 9\r\n\r\nbad", body: "well", cause: .broken, reason: "the connection broke"),
        Row(text: "HTTP/1.1 200", cause: .broken, reason: "and here within the head"),
        Row(text: "", cause: .broken, reason: "and here before it"),
        Row(
            text: head + "\r\n" + String(repeating: "-", count: HTTPAnswer.longestBody) + "well",
            body: "well",
            cause: .wrongBody,
            reason: "the text beyond what is searched"
        ),
    ]

    /// Whole, and cut into pieces of every size that matters: the verdict is the same.
    @Test(arguments: rows, [1, 2, 3, 7, 1 << 20])
    func theVerdictDoesNotDependOnThePieces(_ row: Row, size: Int) {
        guard row.text.utf8.count < 1000 || size > 3 else { return }
        var answer = HTTPAnswer(to: Self.question(body: row.body))
        let bytes = Array(row.text.utf8)
        var fault: ProbeFault??
        for start in stride(from: 0, to: bytes.count, by: size) where fault == nil {
            if case .done(let done) = answer.receive(Array(bytes[start..<min(start + size, bytes.count)])) {
                fault = .some(done)
            }
        }
        let verdict = fault ?? answer.end()
        #expect(verdict?.cause == row.cause, "\(row.reason)")
    }

    @Test func nothingIsTakenInAfterTheVerdict() {
        var answer = HTTPAnswer(to: Self.question())
        #expect(answer.receive(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)) == .done(nil))
        #expect(answer.receive(Array("HTTP/1.1 500 No\r\n\r\n".utf8)) == .more)
        #expect(answer.end() == nil)
    }
}
