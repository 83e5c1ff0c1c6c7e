/// Which messages are read, which are refused, and what is seen of the former?
import Testing

@testable import Wire

struct HTTPReaderTests {
    @Test func aRequestIsReadWithItsBodyAndTheNextOneBehindIt() throws {
        let text =
            "POST /v1/x?y=z HTTP/1.1\r\nHost: a:80\r\nX-Empty:\r\nX-A: \t b c \r\ncontent-length: 3\r\n\r\nabc"
            + "GET / HTTP/1.1\r\nhost: a\r\n\r\n"
        let readings = HTTPReading.all(text, .requests)
        let head = try #require(readings.heads.first)
        #expect(head.isMethod("POST") && !head.isMethod("POS"))
        #expect(head.targetText == "/v1/x?y=z" && head.isTarget("/v1/x?y=z"))
        #expect(head.first("x-a") == "b c" && head.first("x-empty") == "" && head.first("x-none") == nil)
        #expect(head.spells("host", "a:80") == true && head.spells("x-none", "a") == nil)
        #expect(head.framing == .length(3) && head.keepsAlive && head.isHTTP11)
        #expect(readings.bodies == ["abc"])
        #expect(readings.count == 5 && readings.last == .end([]))
    }

    @Test func chunksAreReadWithExtensionsAndTrailers() throws {
        let text =
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n"
            + "3;n=v;q=\"a;b\"\r\nabc\r\n00A\r\n0123456789\r\n0;last\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n"
        let readings = HTTPReading.all(text, .requests)
        #expect(readings.heads.first?.framing == .chunked)
        #expect(readings.bodies == ["abc0123456789"])
        let trailers = ["X-Sum": "1", "Content-Length": "9"]
        guard case .end(let seen)? = readings.last else {
            Issue.record("no end: \(readings)")
            return
        }
        #expect(Dictionary(uniqueKeysWithValues: seen.map { ($0.name, $0.value) }) == trailers)
    }

    @Test(
        "targets",
        arguments: [
            ("GET", "/", "/"), ("GET", "http://host:80/a?b", "/a?b"), ("GET", "HTTPS://host", "/"),
            ("GET", "http://host?q", "/?q"), ("OPTIONS", "*", "*"), ("GET", "//double", "//double"),
        ]
    )
    func everyFormOfATargetGivesItsPath(_ method: String, _ target: String, _ path: String) {
        let readings = HTTPReading.all("\(method) \(target) HTTP/1.1\r\nhost: host\r\n\r\n", .requests)
        #expect(readings.heads.first?.targetText == path)
    }

    @Test(
        "keep-alive",
        arguments: [
            ("1.1", "", true), ("1.1", "Connection: close", false), ("1.1", "Connection: x, CLOSE ,y", false),
            ("1.0", "", false), ("1.0", "Connection: Keep-Alive", true),
            ("1.0", "Connection: keep-alive, close", false),
        ]
    )
    func aConnectionServesOnUnlessEitherSideSaysOtherwise(_ version: String, _ field: String, _ keepsAlive: Bool) {
        let field = field.isEmpty ? "" : field + "\r\n"
        let text = "GET / HTTP/\(version)\r\nhost: a\r\n\(field)\r\nGET / HTTP/1.1\r\nhost: b\r\n\r\n"
        let readings = HTTPReading.all(text, .requests)
        #expect(readings.heads.first?.keepsAlive == keepsAlive)
        #expect(readings.heads.count == (keepsAlive ? 2 : 1), "what stands behind the last request is none")
    }

    @Test func expectationsAreThoseOfHTTP11() {
        let text = { (version: String) in "POST / HTTP/\(version)\r\nhost: a\r\nExpect: 100-Continue\r\n\r\n" }
        #expect(HTTPReading.all(text("1.1"), .requests).heads.first?.expectsContinue == true)
        #expect(HTTPReading.all(text("1.0"), .requests).heads.first?.expectsContinue == false)
    }

    @Test func answersAreReadBehindTheirInterimOnes() {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
            + "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 204\r\n\r\nHTTP/1.1 200\r\n\r\nto the end"
        let readings = HTTPReading.all(text, .answers)
        #expect(readings.heads.map(\.status) == [200, 204, 200])
        #expect(readings.heads.map(\.framing) == [.length(2), .none, .untilClose])
        #expect(readings.heads.map(\.keepsAlive) == [true, true, false])
        #expect(readings.bodies == ["hi", "to the end"])
        #expect(readings.last == .end([]))
    }

    @Test func anAnswerToHeadHasNoBodyWhateverItSays() {
        let text = Array("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n".utf8)
        let readings = HTTPReading.all([text[...]], .answers, answersHead: true)
        #expect(readings.heads.first?.framing == HTTPMessage.Framing.none)
        #expect(readings.last == .end([]))
    }

    @Test func bytesOfAFieldsNameAreThoseOfATokenAndNoOthers() {
        for byte in UInt8.min...UInt8.max {
            // As RFC 9110 §5.6.2 lists them.
            let letters = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            #expect(HTTPOctets.isToken(byte) == (letters || "!#$%&'*+-.^_`|~".utf8.contains(byte)), "\(byte)")
        }
    }
}

struct HTTPRefusalTests {
    fileprivate static let post = "POST / HTTP/1.1\r\nhost: a\r\n"
    fileprivate static let chunked = post + "transfer-encoding: chunked\r\n\r\n"

    @Test(
        "requests",
        arguments: [
            (post + "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", .lengthAndCoding, "both framings"),
            (post + "transfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n", .lengthAndCoding, "the other way round"),
            (post + "content-length: 1\r\ncontent-length: 2\r\n\r\n", .badLength, "two lengths"),
            (post + "content-length: 1\r\ncontent-length: 1\r\n\r\n", .badLength, "one length, twice"),
            (post + "content-length: 1, 1\r\n\r\n", .badLength, "a list"),
            (post + "content-length: +1\r\n\r\n", .badLength, "a sign"),
            (post + "content-length: 0x1\r\n\r\n", .badLength, "another base"),
            (post + "content-length: \r\n\r\n", .badLength, "nothing"),
            (post + "content-length: 9999999999999999999\r\n\r\n", .badLength, "a length that fits nowhere"),
            (post + "transfer-encoding: gzip, chunked\r\n\r\n", .unknownCoding, "a coding we do not undo"),
            (post + "transfer-encoding: identity\r\n\r\n", .unknownCoding, "a coding that is none any more"),
            (post + "transfer-encoding: xchunked\r\n\r\n", .unknownCoding, "almost"),
            (post + "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n", .unknownCoding, "twice"),
            ("POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", .codingInHTTP10, "1.0 has no chunks"),
            (post + "a: b\r\n c\r\n\r\n", .foldedLine, "a folded line"),
            ("POST / HTTP/1.1\r\n host: a\r\n\r\n", .foldedLine, "a blank before the first field"),
            (post + "a : b\r\n\r\n", .badField, "a blank before the colon"),
            (post + "a\r\n\r\n", .badField, "no colon"), (post + ": b\r\n\r\n", .badField, "no name"),
            (post + "a(: b\r\n\r\n", .badField, "no token"), (post + "ä: b\r\n\r\n", .badField, "no ASCII"),
            (post + "a: b\n\r\n", .bareLineFeed, "LF alone"),
            ("POST / HTTP/1.1\nhost: a\r\n\r\n", .bareLineFeed, "early"),
            (post + "a: b\rc\r\n\r\n", .bareCarriageReturn, "CR alone"),
            (post + "a: b\r\r\n\r\n", .bareCarriageReturn, "two CR"),
            (post + "a: b\0c\r\n\r\n", .controlCharacter, "NUL"),
            (post + "a: \u{7F}\r\n\r\n", .controlCharacter, "DEL"),
            ("POST / HTTP/1.1\r\n\r\n", .badHost, "no host"),
            (post + "host: a\r\n\r\n", .badHost, "two hosts"),
            ("POST / HTTP/1.1\r\nhost: a, b\r\n\r\n", .badHost, "a list of hosts"),
            ("POST / HTTP/1.1\r\nhost: a/b\r\n\r\n", .badHost, "a path"),
            (post + "expect: 200-ok\r\n\r\n", .unknownExpectation, "something else is expected"),
            ("POST /\r\n\r\n", .badStartLine, "HTTP/0.9"), ("POST  / HTTP/1.1\r\n\r\n", .badStartLine, "two blanks"),
            ("POST / HTTP/1.1 \r\n\r\n", .badStartLine, "a blank at the end"),
            (" POST / HTTP/1.1\r\n\r\n", .badStartLine, "a blank at the beginning"),
            ("PO(T / HTTP/1.1\r\n\r\n", .badStartLine, "no token"), ("POST / http/1.1\r\n\r\n", .badStartLine, "case"),
            ("\r\n\r\nPOST / HTTP/1.1\r\n", .badStartLine, "two empty lines before it"),
            ("POST / HTTP/2.0\r\n\r\n", .badVersion, "another version"),
            ("POST / HTTP/1.2\r\n\r\n", .badVersion, "one that does not exist"),
            ("POST x HTTP/1.1\r\n\r\n", .badTarget, "no path"), ("GET * HTTP/1.1\r\n\r\n", .badTarget, "OPTIONS only"),
            ("CONNECT a:443 HTTP/1.1\r\n\r\n", .badTarget, "we are no proxy"),
            ("GET http:///a HTTP/1.1\r\n\r\n", .badTarget, "no host"),
            ("GET http://u@a/ HTTP/1.1\r\n\r\n", .badTarget, "a user"),
            ("GET ftp://a/ HTTP/1.1\r\n\r\n", .badTarget, "ftp"),
            ("GET /a#b HTTP/1.1\r\n\r\n", .badTarget, "a fragment"),
            ("GET /ä HTTP/1.1\r\n\r\n", .badTarget, "no ASCII"),
            (chunked + "x\r\n", .badChunkSize, "no digit"), (chunked + "\r\n", .badChunkSize, "nothing"),
            (chunked + "-1\r\n", .badChunkSize, "a sign"), (chunked + "0x1\r\n", .badChunkSize, "a prefix"),
            (chunked + "1 \r\n", .badChunkSize, "a blank"), (chunked + "1 ;a\r\n", .badChunkSize, "a blank, then more"),
            (chunked + "1000000000000000\r\n", .badChunkSize, "more than fits anywhere"),
            (chunked + "1\nab", .bareLineFeed, "LF alone behind a size"),
            (chunked + "1;a\nb\r\n", .bareLineFeed, "LF alone in an extension"),
            (chunked + "1\r\nab\r\n", .badChunkEnd, "longer than it says"),
            (chunked + "1\r\na\n", .badChunkEnd, "LF alone"),
            (chunked + "0\r\na : b\r\n\r\n", .badField, "a trailer is a field like others"),
            (chunked + "1\r\na", .truncated, "inside a chunk"),
            (post + "content-length: 2\r\n\r\na", .truncated, "short"),
            (post, .truncated, "inside a head"), ("P", .truncated, "inside a line"),
        ] as [(String, HTTPError, String)]
    )
    func aRequestThatCouldBeReadInTwoWaysIsRefused(_ text: String, _ error: HTTPError, _ why: String) {
        #expect(HTTPReading.all(text, .requests).refusal == error, "\(why)")
    }

    @Test(
        "answers",
        arguments: [
            ("HTTP/1.1 20 OK\r\n\r\n", .badStartLine, "two digits"),
            ("HTTP/1.1 099 X\r\n\r\n", .badStartLine, "too low"),
            ("HTTP/1.1 2000 OK\r\n\r\n", .badStartLine, "four digits"),
            ("HTTP/1.1  200 OK\r\n\r\n", .badStartLine, "blanks"),
            ("HTTP/2 200\r\n\r\n", .badStartLine, "a version of two words"),
            ("\r\nHTTP/1.1 200 OK\r\n", .badStartLine, "late"),
            ("ICY 200 OK\r\n\r\n", .badStartLine, "no HTTP"),
            ("HTTP/3.0 200 OK\r\n\r\n", .badVersion, "another version"),
            ("HTTP/1.1 101 X\r\nupgrade: y\r\n\r\n", .unaskedUpgrade, "nobody asked"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", .lengthAndCoding, "both"),
            ("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", .codingInHTTP10, "1.0 has no chunks"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\n", .unknownCoding, "chunks inside"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", .truncated, "short"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n", .truncated, "no last chunk"),
        ] as [(String, HTTPError, String)]
    )
    func anAnswerThatCouldBeReadInTwoWaysIsRefused(_ text: String, _ error: HTTPError, _ why: String) {
        #expect(HTTPReading.all(text, .answers).refusal == error, "\(why)")
    }

    /// Every limit, met and passed by one byte or one line.
    @Test(
        arguments: [
            (
                HTTPLimits(startLine: 16), "GET /23 HTTP/1.1\r\nhost: a\r\n\r\n", "GET /234 HTTP/1.1\r\n",
                .startLineTooLong
            ),
            (HTTPLimits(fieldLine: 8), post + "a: 45678\r\n\r\n", post + "a: 456789\r\n", .fieldLineTooLong),
            (HTTPLimits(fields: 2), post + "a: b\r\n\r\n", post + "a: b\r\nc: d\r\n", .tooManyFields),
            (HTTPLimits(head: 34), post + "a: b\r\n\r\n", post + "a: bc\r\n\r\n", .headTooLarge),
            (HTTPLimits(chunkLine: 4), chunked + "0;34\r\n\r\n", chunked + "0;345\r\n", .chunkLineTooLong),
            (
                HTTPLimits(extensions: 4), chunked + "1;2\r\na\r\n0;4\r\n\r\n", chunked + "1;2\r\na\r\n0;45\r\n",
                .extensionsTooLarge
            ),
            (
                HTTPLimits(body: 2), chunked + "1\r\na\r\n1\r\nb\r\n0\r\n\r\n", chunked + "1\r\na\r\n2\r\n",
                .bodyTooLarge
            ),
            (
                HTTPLimits(body: 2), post + "content-length: 2\r\n\r\nab", post + "content-length: 3\r\n\r\n",
                .bodyTooLarge
            ),
        ] as [(HTTPLimits, String, String, HTTPError)]
    )
    func everyLimitIsKeptToTheByte(_ limits: HTTPLimits, _ fits: String, _ exceeds: String, _ error: HTTPError) {
        #expect(HTTPReading.all(fits, .requests, limits: limits).last == .end([]))
        #expect(HTTPReading.all(exceeds, .requests, limits: limits).refusal == error)
    }

    @Test func aFloodOfInterimAnswersEnds() {
        let flood = String(repeating: "HTTP/1.1 102 Wait\r\n\r\n", count: HTTPLimits().interim + 1)
        #expect(HTTPReading.all(flood, .answers).refusal == .tooManyInterim)
    }

    @Test func aBodyThatIsTooLargeIsRefusedAfterItsHeadWasTold() {
        let readings = HTTPReading.all(Self.post + "content-length: 3\r\n\r\n", .requests, limits: HTTPLimits(body: 2))
        #expect(readings.heads.count == 1 && readings.refusal == .bodyTooLarge)
    }

    /// A sender that gives a byte at a time does not make us look at all of them each time.
    @Test func aLineIsSearchedOnce() throws {
        var reader = HTTPReader(.requests)
        let line = Array("GET /".utf8) + [UInt8](repeating: 0x61, count: 4000)
        var taken = 0
        #expect(try reader.next(line.span.bytes, taken: &taken) == nil)
        #expect(reader.searched == line.count && taken == 0)
    }
}
