/// Is what is written what is read again, and nothing more?
import Testing

@testable import Wire

struct HTTPWriterTests {
    @Test func whatIsWrittenIsReadAgain() throws {
        var writer = HTTPWriter()
        let isWritten = writer.requestLine("POST", "/v1/x?y")
        #expect(isWritten)
        writer.field("host", "a")
        writer.chunkedCoding()
        writer.endOfHead()
        for piece in ["abc", "0123456789abcdefg"] {
            writer.beginChunk(piece.utf8.count)
            writer.body(Array(piece.utf8))
            writer.endChunk()
        }
        let trailer = try #require(HTTPField("x-sum", "1"))
        writer.endOfChunks(trailers: [trailer])
        let readings = HTTPReading.all([writer.bytes[...]], .requests)
        #expect(readings.heads.first?.targetText == "/v1/x?y")
        #expect(readings.bodies == ["abc0123456789abcdefg"])
        #expect(readings.last == .end([trailer]))
    }

    @Test(arguments: 100...599)
    func everyStatusIsOneLine(_ status: Int) {
        var writer = HTTPWriter()
        writer.statusLine(status)
        writer.contentLength(0)
        writer.endOfHead()
        let readings = HTTPReading.all([writer.bytes[...]], .answers)
        guard status != 101 else { return }
        #expect(readings.first.map { if case .refused = $0 { false } else { true } } == true)
        if status >= 200 { #expect(readings.heads.map(\.status) == [status]) }
    }

    @Test(arguments: [
        ("x", "a\r\nevil: b"), ("x\r\nevil", "b"), ("x", "a\nb"), ("x y", "b"), ("", "b"), ("x", "a\u{7F}"),
        ("x:", "b"),
    ])
    func aFieldIsNeverTwoLines(_ name: String, _ value: String) {
        var writer = HTTPWriter()
        writer.field(name, value)
        #expect(writer.bytes.isEmpty)
    }

    @Test(arguments: ["", "/a b", "/a\r\nx: y", "/ä", "/a#b"])
    func aTargetIsNeverTwoWords(_ target: String) {
        var writer = HTTPWriter()
        let isWritten = writer.requestLine("GET", target)
        #expect(!isWritten)
        #expect(writer.bytes.isEmpty)
    }
}
