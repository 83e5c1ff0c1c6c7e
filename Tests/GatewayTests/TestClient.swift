/// A client of the model API on one connection.
import Glibc

struct ClientAnswer {
    let status: Int
    let head: String
    /// Without chunk framing.
    let body: String
    /// The body ended as HTTP wants it.
    let isComplete: Bool
}

final class TestClient {
    let socket: TestSocket
    private var buffer: [UInt8] = []

    init(_ port: UInt16) throws { socket = try TestSocket.connected(to: port) }

    /// - Parameter more: further members of the request, without a comma.
    static func chat(isStreamed: Bool, model: String = "chat", more: String? = nil) -> String {
        let stream = isStreamed ? #","stream":true"# : ""
        let rest = more.map { "," + $0 } ?? ""
        return #"{"model":"\#(model)","messages":[{"role":"user","content":"hello"}]\#(stream)\#(rest)}"#
    }

    static func request(
        _ method: String = "POST",
        _ path: String = "/v1/chat/completions",
        key: String? = GatewayUnderTest.key,
        body: String = "",
        more: String = ""
    ) -> String {
        let key = key.map { "authorization: Bearer \($0)\r\n" } ?? ""
        return
            "\(method) \(path) HTTP/1.1\r\nhost: gateway\r\n\(key)\(more)content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    func ask(_ text: String) -> ClientAnswer? {
        socket.write(text)
        return answer()
    }

    func chat(isStreamed: Bool) -> ClientAnswer? { ask(Self.request(body: Self.chat(isStreamed: isStreamed))) }

    /// The next answer; nil when the connection ends before there is a head.
    func answer() -> ClientAnswer? {
        guard let head = line(through: "\r\n\r\n") else { return nil }
        let words = head.split(separator: " ")
        let status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        if status == 100 { return answer() }
        if head.header("transfer-encoding") == "chunked" { return chunked(status, head) }
        let length = head.header("content-length").flatMap { Int($0) } ?? 0
        let body = take(length)
        let text = String(decoding: body, as: UTF8.self)
        return ClientAnswer(status: status, head: head, body: text, isComplete: body.count == length)
    }

    private func chunked(_ status: Int, _ head: String) -> ClientAnswer {
        var body: [UInt8] = []
        // CR and LF are one character.
        while let size = line(through: "\r\n").flatMap({ Int($0.dropLast(), radix: 16) }) {
            body += take(size)
            _ = take(2)
            if size == 0 { return ClientAnswer(status: status, head: head, body: text(body), isComplete: true) }
        }
        return ClientAnswer(status: status, head: head, body: text(body), isComplete: false)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Bytes up to and with the mark.
    func line(through mark: String) -> String? {
        let mark = Array(mark.utf8)
        var searched = 0
        while true {
            if buffer.count >= mark.count {
                for start in searched...(buffer.count - mark.count)
                where buffer[start..<(start + mark.count)].elementsEqual(mark) {
                    return text(take(start + mark.count))
                }
                searched = max(0, buffer.count - mark.count + 1)
            }
            let bytes = socket.read()
            if bytes.isEmpty { return nil }
            buffer += bytes
        }
    }

    private func take(_ count: Int) -> [UInt8] {
        while buffer.count < count {
            let bytes = socket.read()
            if bytes.isEmpty { break }
            buffer += bytes
        }
        let taken = Array(buffer.prefix(count))
        buffer.removeFirst(taken.count)
        return taken
    }
}
