/// Could a head of HTTP/2 become another request when it is written as lines? Random fields, good and bad: whatever is taken, the reader of
/// HTTP/1.1 reads as the same message and nothing behind it.
import Chance
import Testing

@testable import Wire

struct HTTP2SmugglingTests {
    private static let names = [
        "x-a", "accept", "content-length", "host", "te", "cookie", "expect", "X-Upper", "transfer-encoding",
        "connection", "a b", "",
        "x:y", "x\r\nevil", "upgrade", "authorization", "ä",
    ]
    private static let values = [
        "a", "", "b c", "3", "0", "003", "-1", "trailers", "100-continue", " a", "a ", "\t", "a\r\nx: y",
        "a\n", "a\u{0}b",
        "ä", "chunked", "close", "a\r\n\r\nGET / HTTP/1.1", "a\u{7F}",
    ]
    private static let paths = [
        "/", "/v1/x?y=z", "/a b", "", "*", "/a\r\nx: y", "/%0d%0a", "x", "/#a", "//", "/ä", "http://a/",
    ]
    private static let methods = ["GET", "POST", "OPTIONS", "CONNECT", "GE T", "", "GET / HTTP/1.1\r\n"]
    private static let hosts = ["gateway", "gateway:80", "[::1]:80", "a b", "", "a\r\nx: y", "a,b", "u@h"]

    private struct Maker {
        var chance: SeededGenerator

        mutating func one(_ all: [String]) -> String { all[Int.random(in: 0..<all.count, using: &chance)] }

        mutating func fields() -> [(String, String)] {
            var fields = [(":method", one(methods)), (":scheme", "https"), (":path", one(paths))]
            if chance.next() % 8 > 0 { fields.append((":authority", one(hosts))) }
            for _ in 0..<Int.random(in: 0...3, using: &chance) { fields.append((one(names), one(values))) }
            return fields
        }
    }

    @Test func whatIsTakenIsTheSameAsLines() throws {
        var maker = Maker(chance: SeededGenerator(9113))
        var taken = 0
        for _ in 0..<30_000 {
            let hasBody = maker.chance.next() % 2 == 0
            var head = HTTP2Head(.requests)
            let fields = maker.fields()
            guard let message = try? Self.read(fields, &head, hasBody: hasBody) else { continue }
            taken += 1
            let lines = message.allFields.map { "\($0.name): \($0.value)\r\n" }.joined()
            let readings = HTTPReading.all(
                "\(message.methodText) \(message.targetText) HTTP/1.1\r\n\(lines)\r\n",
                .requests
            )
            let read = try #require(readings.heads.first, "\(fields)")
            #expect(readings.heads.count == 1 && read.methodText == message.methodText, "\(fields)")
            #expect(
                read.targetText == message.targetText && read.expectsContinue == message.expectsContinue,
                "\(fields)"
            )
            #expect(read.allFields.map { "\($0)" } == message.allFields.map { "\($0)" }, "\(fields)")
        }
        // Chance must have led there often enough, else the test proves little.
        #expect(taken > 200, "\(taken)")
    }

    private static func read(
        _ fields: [(String, String)],
        _ head: inout HTTP2Head,
        hasBody: Bool
    ) throws(HTTPError) -> HTTPMessage {
        for (name, value) in fields { try head.field(name, value) }
        return try head.end(hasBody: hasBody)
    }
}
