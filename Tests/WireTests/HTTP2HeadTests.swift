/// Which heads of HTTP/2 are messages, and what is seen of them? The rules of RFC 9113 §8, one row each.
import Testing

@testable import Wire

struct HTTP2HeadTests {
    typealias Fields = [(String, String)]

    private static let request: Fields = [
        (":method", "POST"), (":scheme", "https"), (":authority", "gateway:8443"), (":path", "/v1/x?y=z"),
    ]

    private static func read(
        _ fields: Fields,
        _ role: HTTPReader.Role = .requests,
        hasBody: Bool = false,
        limits: HTTPLimits = HTTPLimits()
    ) throws(HTTPError) -> HTTPMessage {
        var head = HTTP2Head(role, limits: limits)
        for (name, value) in fields { try head.field(name, value) }
        return try head.end(hasBody: hasBody)
    }

    private static func refusal(_ fields: Fields, hasBody: Bool = false, limits: HTTPLimits = HTTPLimits())
        -> HTTPError?
    {
        do throws(HTTPError) {
            _ = try read(fields, hasBody: hasBody, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func aRequestSaysTheSameAsItsLinesWould() throws {
        let more: Fields = [
            ("content-length", "3"), ("x-a", "b c"), ("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers"),
        ]
        let head = try Self.read(Self.request + more, hasBody: true)
        #expect(head.isMethod("POST") && head.targetText == "/v1/x?y=z" && head.isTarget("/v1/x?y=z"))
        #expect(head.first("host") == "gateway:8443" && head.first("x-a") == "b c" && head.first("x-none") == nil)
        #expect(head.framing == .length(3) && head.isHTTP11 && head.keepsAlive && !head.expectsContinue)
        #expect(head.allFields.map(\.name) == ["host", "content-length", "x-a", "cookie", "cookie", "te"])
    }

    @Test func whereABodyEndsIsSaidByTheStreamOrByItsLength() throws {
        #expect(try Self.read(Self.request).framing == .none)
        #expect(try Self.read(Self.request, hasBody: true).framing == .untilClose)
        #expect(try Self.read(Self.request + [("content-length", "0")], hasBody: true).framing == .none)
        #expect(try Self.read(Self.request + [("content-length", "0")]).framing == .none)
        #expect(try Self.read(Self.request + [("expect", "100-Continue")], hasBody: true).expectsContinue)
    }

    @Test(
        arguments: [
            ([("Content-Type", "a")], .upperCaseName, "a name in upper case"),
            ([("connection", "close")], .connectionField, "fields of a connection"),
            ([("keep-alive", "5")], .connectionField, "fields of a connection"),
            ([("proxy-connection", "close")], .connectionField, "fields of a connection"),
            ([("upgrade", "h2c")], .connectionField, "fields of a connection"),
            ([("transfer-encoding", "chunked")], .connectionField, "a framing of HTTP/1.1"),
            ([("te", "gzip")], .connectionField, "another coding"), ([("host", "other")], .badHost, "two hosts"),
            ([("host", "gateway:8443"), ("host", "gateway:8443")], .badHost, "the host twice"),
            ([(":path", "/")], .badPseudoField, "a path behind another, or twice"),
            ([("x", "y"), (":method", "GET")], .badPseudoField, "behind the others"),
            ([(":status", "200")], .badPseudoField, "of an answer"), ([(":protocol", "x")], .badPseudoField, "unknown"),
            ([("content-length", "1"), ("content-length", "1")], .badLength, "the length twice"),
            ([("content-length", "-1")], .badLength, "no number"),
            ([("content-length", "5")], .badLength, "no body at all"),
            ([("expect", "magic")], .unknownExpectation, "another expectation"),
            ([("x", "a\r\nb: c")], .controlCharacter, "a line end in a value"),
            ([("x", "a\u{0}")], .controlCharacter, "a NUL"), ([("x", " a")], .controlCharacter, "a blank before"),
            ([("x", "a\t")], .controlCharacter, "a blank behind"), ([("x y", "a")], .badField, "no token"),
            ([("", "a")], .badField, "no name"), ([("x\r\ny", "a")], .badField, "a line end in a name"),
            ([("x", String(repeating: "y", count: 17_000))], .fieldLineTooLong, "a field without end"),
        ] as [(Fields, HTTPError, String)]
    )
    func whatBreaksTheRulesIsNoRequest(_ more: Fields, _ error: HTTPError, _ why: String) {
        #expect(Self.refusal(Self.request + more) == error, "\(why)")
    }

    @Test(
        arguments: [
            (":method", nil, .badPseudoField), (":method", "GE T", .badStartLine), (":method", "CONNECT", .badTarget),
            (":scheme", nil, .badPseudoField), (":scheme", "ftp", .badTarget), (":authority", nil, .badHost),
            (":authority", "", .badHost), (":authority", "user@host", .badHost), (":authority", "a,b", .badHost),
            (":path", nil, .badPseudoField), (":path", "", .badTarget), (":path", "v1", .badTarget),
            (":path", "*", .badTarget), (":path", "/a b", .badTarget), (":path", "/a#b", .badTarget),
            (":path", "/" + String(repeating: "a", count: 9000), .startLineTooLong),
        ] as [(String, String?, HTTPError)]
    )
    func theFirstLineIsWhole(_ name: String, _ value: String?, _ error: HTTPError) {
        let fields = Self.request.compactMap { field in
            field.0 == name ? value.map { (name, $0) } : field
        }
        #expect(Self.refusal(fields) == error)
    }

    @Test func hostAloneStandsForTheAuthorityAndOptionsMayAskForEverything() throws {
        let bare: Fields = [(":method", "OPTIONS"), (":scheme", "http"), (":path", "*"), ("host", "a")]
        #expect(try Self.read(bare).targetText == "*")
        #expect(try Self.read(Self.request + [("host", "gateway:8443")]).first("host") == "gateway:8443")
    }

    @Test func manyAndLongFieldsAreRefused() {
        let many = (0..<100).map { ("x-\($0)", "y") }
        #expect(Self.refusal(Self.request + many) == .tooManyFields)
        let long = (0..<3).map { ("x-\($0)", String(repeating: "y", count: 12_000)) }
        #expect(Self.refusal(Self.request + long) == .headTooLarge)
    }

    @Test func answersHaveAStatusAndNothingElseWithAColon() throws {
        let head = try Self.read([(":status", "204"), ("content-length", "9")], .answers)
        #expect(head.status == 204 && head.framing == .none)
        #expect(try Self.read([(":status", "200")], .answers, hasBody: true).framing == .untilClose)
        for (fields, error) in [
            ([], .badPseudoField), ([(":status", "99")], .badStartLine), ([(":status", "abc")], .badStartLine),
            ([(":status", "200"), (":status", "200")], .badPseudoField), ([(":path", "/")], .badPseudoField),
            ([(":status", "200"), ("Server", "x")], .upperCaseName),
            ([(":status", "200"), ("connection", "close")], .connectionField),
        ] as [(Fields, HTTPError)] {
            #expect(throws: error) { try Self.read(fields, .answers) }
        }
    }
}
