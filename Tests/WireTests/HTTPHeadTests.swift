import Testing

@testable import Wire

/// Which heads of responses are read, and which are refused?
struct HTTPHeadTests {
    @Test func readsStatusFieldsAndLength() throws {
        let text = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain \r\ncontent-length:\t12\r\nX-Empty:\r\n\r\nbody"
        let (head, length) = try #require(try HTTPResponseHead.parse(Array(text.utf8)))
        #expect(head.status == 404)
        #expect(head.reason == "Not Found")
        #expect(head["CONTENT-TYPE"] == "text/plain")
        #expect(head["x-empty"] == "")
        #expect(head["absent"] == nil)
        #expect(head.framing == .length(12))
        #expect(length == text.utf8.count - 4)
    }

    @Test func everyCutOfAHeadAsksForMore() throws {
        let text = Array("HTTP/1.1 200 OK\r\nA: b\r\n\r\n".utf8)
        for length in 0..<text.count { #expect(try HTTPResponseHead.parse(Array(text[..<length])) == nil) }
        #expect(try HTTPResponseHead.parse(text)?.length == text.count)
    }

    @Test(
        "framing",
        arguments: [
            ("", 200, .untilClose, "nothing is said"),
            ("Content-Length: 0\r\n", 200, .length(0), "no body"),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", 200, .length(5), "said twice, the same"),
            ("Transfer-Encoding: Chunked\r\n", 200, .chunked, "chunks"),
            ("", 204, .length(0), "204 has no body"),
            ("Content-Length: 7\r\n", 304, .length(0), "304 has no body, whatever it says"),
        ] as [(String, Int, HTTPResponseHead.Framing, String)]
    )
    func tellsWhereTheBodyEnds(fields: String, status: Int, framing: HTTPResponseHead.Framing, why: String) throws {
        let text = "HTTP/1.1 \(status) x\r\n\(fields)\r\n"
        #expect(try HTTPResponseHead.parse(Array(text.utf8))?.head.framing == framing, "\(why)")
    }

    @Test(
        "refuses",
        arguments: [
            ("HTTP/2 200 OK\r\n\r\n", .badStatusLine, "another version"),
            ("HTTP/1.1 20 OK\r\n\r\n", .badStatusLine, "two digits"),
            ("HTTP/1.1 2a0 OK\r\n\r\n", .badStatusLine, "no number"),
            ("\r\n", .badStatusLine, "nothing"),
            ("HTTP/1.1 200 OK\r\nNo colon\r\n\r\n", .badField(line: 1), "no colon"),
            ("HTTP/1.1 200 OK\r\nA: b\r\nC : d\r\n\r\n", .badField(line: 2), "a blank before the colon"),
            ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", .badField(line: 2), "a folded line"),
            ("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", .badField(line: 1), "a bare LF inside"),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .badFraming, "a negative length"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", .badFraming,
                "a length that fits nowhere"
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", .badFraming, "two lengths"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .badFraming,
                "both framings"
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .badFraming, "a coding we do not undo"),
        ] as [(String, HTTPHeadError, String)]
    )
    func refusesWhatIsNotPlain(text: String, error: HTTPHeadError, why: String) {
        #expect(throws: error, "\(why)") { try HTTPResponseHead.parse(Array(text.utf8)) }
    }

    @Test func aHeadIsBounded() {
        let endless = [UInt8](repeating: UInt8(ascii: "a"), count: HTTPResponseHead.limit + 1)
        #expect(throws: HTTPHeadError.tooLarge(limit: HTTPResponseHead.limit)) { try HTTPResponseHead.parse(endless) }
    }

    @Test(arguments: [
        ("X-A", "b", true), ("", "b", false), ("A b", "c", false), ("A", "b\r\nC: d", false), ("A", "ü", true),
    ])
    func aFieldHoldsNoLineEnds(name: String, value: String, isAllowed: Bool) {
        #expect((HTTPField(name, value) != nil) == isAllowed)
    }
}

/// Is a chunked body put together again, however it is cut?
struct HTTPChunkTests {
    private static let text = Array("5\r\nhello\r\nA;x=y\r\n 0123456\r\n\r\n0\r\nTrailer: x\r\n\r\nrest".utf8)

    @Test func cuttingItAnywhereGivesTheSameBody() throws {
        for cut in 0...Self.text.count {
            var reader = HTTPChunkReader()
            let body = try reader.feed(Array(Self.text[..<cut])) + reader.feed(Array(Self.text[cut...]))
            #expect(String(decoding: body, as: UTF8.self) == "hello 0123456\r\n")
            #expect(reader.isComplete)
        }
    }

    @Test(arguments: [
        ("x\r\n", HTTPChunkError.badSize), ("\r\n", .badSize), ("-1\r\n", .badSize), ("+1\r\n", .badSize),
        ("123456789\r\n", .badSize), ("1\r\nab\r\n", .badChunkEnd),
    ])
    func refusesBrokenChunks(text: String, error: HTTPChunkError) {
        var reader = HTTPChunkReader()
        #expect(throws: error) { try reader.feed(Array(text.utf8)) }
    }

    @Test func aSizeLineIsBounded() {
        var reader = HTTPChunkReader()
        #expect(throws: HTTPChunkError.lineTooLong(limit: 1024)) {
            try reader.feed([UInt8](repeating: UInt8(ascii: "0"), count: 4096))
        }
    }
}
