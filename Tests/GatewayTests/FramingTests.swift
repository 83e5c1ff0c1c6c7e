/// Heads, chunks, dates and addresses as bytes.
import Inference
import NIOCore
import NetTypes
import Testing

@testable import Gateway

@Suite struct FramingTests {
    private func bytes(_ framing: AnswerFraming, length: Int?, _ body: [String]) -> String {
        var framing = framing
        var buffer = ByteBuffer()
        let head = ClientHead(
            status: 200,
            headers: [Header("x-ok", "1"), Header("x-bad", "1\r\nx-evil: 1")],
            length: length
        )
        framing.write(head, date: "D", to: &buffer)
        for text in body { framing.write(Array(text.utf8), to: &buffer) }
        framing.writeEnd(to: &buffer)
        return String(buffer: buffer)
    }

    @Test func aStreamIsChunkedAndEmptyPiecesDoNotEndIt() {
        let text = bytes(
            AnswerFraming(isHTTP11: true, isHeadOnly: false, keepsAlive: true),
            length: nil,
            ["abc", "", "de"]
        )
        #expect(
            text == "HTTP/1.1 200 OK\r\ndate: D\r\nx-ok: 1\r\ntransfer-encoding: chunked\r\n\r\n"
                + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )
    }

    @Test func anOldClientGetsAStreamThatEndsWithTheConnection() {
        let text = bytes(AnswerFraming(isHTTP11: false, isHeadOnly: false, keepsAlive: true), length: nil, ["abc"])
        #expect(text == "HTTP/1.1 200 OK\r\ndate: D\r\nx-ok: 1\r\nconnection: close\r\n\r\nabc")
    }

    @Test func anAnswerToHeadHasNoBody() {
        let text = bytes(AnswerFraming(isHTTP11: true, isHeadOnly: true, keepsAlive: true), length: 3, ["abc"])
        #expect(text == "HTTP/1.1 200 OK\r\ndate: D\r\nx-ok: 1\r\ncontent-length: 3\r\n\r\n")
    }

    @Test(
        arguments: [
            // RFC 9110 §5.6.7's own example, a leap day, the day before it in a century that has none, and the epoch.
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] as [(UInt64, String)]
    )
    func datesAreTheCalendars(_ seconds: UInt64, _ expected: String) {
        #expect(HTTPDate.format(seconds) == expected)
    }

    private static func models(_ dialect: ClientDialect, _ name: String?, _ query: String = "") -> Endpoint {
        .models(Endpoint.ModelQuestion(dialect: dialect, name: name, query: query))
    }

    @Test(arguments: [
        ("/v1/models/chat%2Esmall", models(.openai, "chat.small")), ("/v1/models/%zz", .unknown),
        ("/v1/models/", .unknown), ("/v1/models?x=1", models(.openai, nil, "x=1")), ("/v1/models/%ff", .unknown),
        ("/v1beta/models?pageSize=2", models(.gemini, nil, "pageSize=2")), ("/v1beta/models/a", models(.gemini, "a")),
        ("/v1beta/models/a:generateContent", .wrongMethod(allowed: "POST")),
        ("/gemini/v1/models", models(.gemini, nil)),
        ("/v1/models/llama:8b", models(.openai, "llama:8b")), ("/gemini/v1/chat/completions", .unknown),
        ("/openai/v1/models", models(.openai, nil)), ("/anthropic/v1/models/a", models(.anthropic, "a")),
        ("/openai/health/live", .unknown), ("/openai/providers/a/b", .unknown),
        (
            "/providers/a/b?c",
            .passage(Endpoint.PassageTarget(provider: "a", method: .get, path: "/b?c"))
        ), ("/api/tags", models(.ollama, nil)), ("/ollama/api/tags", models(.ollama, nil)), ("/api/version", .version),
        ("/openai/api/tags", .unknown), ("/api/copy", .unknown), ("/ollama/v1/models", .unknown),
        ("/api/show", .wrongMethod(allowed: "POST")), ("/providers//b", .unknown), ("/providers/a", .unknown),
        ("/providers/a/%2e%2e/b", .unknown),
    ])
    func namesInAddressesAreDecoded(_ uri: String, _ expected: Endpoint) {
        #expect(Endpoint(method: "GET", uri: uri) == expected)
    }

    private static func named(
        _ operation: ModelOperation,
        _ model: String,
        _ form: RequestAddress.Form = .whole
    ) -> Endpoint {
        .naming(operation, RequestAddress(model: model, form: form))
    }

    @Test(arguments: [
        ("/v1beta/models/a:generateContent", named(.chat, "a")),
        ("/v1/models/a.b%3AstreamGenerateContent?alt=sse", named(.chat, "a.b", .events)),
        ("/gemini/v1beta/models/a:streamGenerateContent?key=k", named(.chat, "a", .array)),
        ("/v1beta/models/llama:8b:countTokens", named(.countTokens, "llama:8b")),
        ("/v1beta/models/a:embedContent", named(.embeddings, "a")),
        ("/v1beta/models/a:batchEmbedContents?alt=json", named(.embeddings, "a", .batch)),
        ("/v1beta/models/a:odd", .wrongMethod(allowed: "GET")),
        ("/v1beta/models/:generateContent", .wrongMethod(allowed: "GET")),
    ])
    func aModelMayBeNamedInTheAddress(_ uri: String, _ expected: Endpoint) {
        #expect(Endpoint(method: "POST", uri: uri) == expected)
    }

    @Test(
        arguments: [
            ("/v1beta/models?key=a%2Db&x=1", "a-b"), ("/v1/models/a:generateContent?alt=sse&key=k", "k"),
            ("/v1/chat/completions?key=k", nil), ("/providers/a/b?key=k", nil), ("/v1beta/models?monkey=k", nil),
        ] as [(String, String?)]
    )
    func aKeyMayStandInTheAddressesOfOneDialectOnly(_ uri: String, _ key: String?) {
        #expect(ClientCredential.inQuery(of: uri).map { String(decoding: $0, as: UTF8.self) } == key)
    }

    @Test(arguments: [
        ("/api/chat", Endpoint.chat(.ollama)), ("/ollama/api/chat", .chat(.ollama)), ("/api/show", .showModel),
        ("/api/generate", .asking(.generate, .ollama)), ("/api/embed", .asking(.embeddings, .ollama)),
        ("/anthropic/api/chat", .unknown), ("/ollama/v1/messages", .unknown), ("/api/pull", .unknown),
        ("/api/tags", .wrongMethod(allowed: "GET")), ("/api/ps", .wrongMethod(allowed: "GET")),
    ])
    func ollamasAddressesAreItsOwn(_ uri: String, _ expected: Endpoint) {
        #expect(Endpoint(method: "POST", uri: uri) == expected)
    }

    private static func kept(
        _ method: PassageRequest.Method,
        _ part: String = "",
        query: String = ""
    ) -> Endpoint.KeptQuestion {
        Endpoint.KeptQuestion(id: "resp_1", method: method, part: part, query: query)
    }

    @Test(
        arguments: [
            ("POST", "/v1/responses", .chat(.responses)), ("POST", "/openai/v1/responses", .chat(.responses)),
            ("GET", "/v1/responses", .wrongMethod(allowed: "POST")), ("POST", "/anthropic/v1/responses", .unknown),
            ("GET", "/v1/responses/resp_1?stream=true", .keptResponse(kept(.get, query: "stream=true"))),
            ("DELETE", "/v1/responses/resp%5F1", .keptResponse(kept(.delete))),
            ("POST", "/v1/responses/resp_1", .wrongMethod(allowed: "GET, DELETE")),
            ("POST", "/openai/v1/responses/resp_1/cancel", .keptResponse(kept(.post, "/cancel"))),
            (
                "GET", "/v1/responses/resp_1/input_items?limit=2",
                .keptResponse(kept(.get, "/input_items", query: "limit=2"))
            ),
            ("GET", "/v1/responses/resp_1/cancel", .wrongMethod(allowed: "POST")),
            ("POST", "/v1/responses/input_tokens", .asking(.countTokens, .responses)),
            ("GET", "/v1/responses/", .unknown), ("POST", "/v1/responses/compact", .unknown),
            ("GET", "/v1/responses/resp_1/odd", .unknown), ("POST", "/responses/v1/responses", .unknown),
        ] as [(String, String, Endpoint)]
    )
    func responsesHaveAddressesOfTheirOwn(_ method: String, _ uri: String, _ expected: Endpoint) {
        #expect(Endpoint(method: method, uri: uri) == expected)
    }

    @Test func framesAreCutWhereverTheyBreak() throws {
        var wire = ByteBuffer()
        for text in ["one", "", "three"] { LinkFrames.write(Array(text.utf8), to: &wire) }
        var frames = LinkFrames(limit: 5)
        var got: [String] = []
        while let byte = wire.readInteger(as: UInt8.self) {
            var piece = ByteBuffer(integer: byte)
            frames.append(&piece)
            while let frame = try frames.next() { got.append(String(buffer: frame)) }
        }
        #expect(got == ["one", "", "three"])
        var large = ByteBuffer(integer: UInt32(6))
        frames.append(&large)
        #expect(throws: LinkFrames.Malformed.tooLarge(bytes: 6, limit: 5)) { try frames.next() }
    }

    @Test func addressesOfThePathsFamiliesTakeTurns() {
        let all = ["192.0.2.1", "192.0.2.2", "2001:db8::1"].compactMap { IPAddress($0) }
        #expect(
            UpstreamConnector.sorted(all, [.v4, .v6]).map(\.description) == ["2001:db8::1", "192.0.2.1", "192.0.2.2"]
        )
        #expect(UpstreamConnector.sorted(all, [.v4]).map(\.description) == ["192.0.2.1", "192.0.2.2"])
        #expect(UpstreamConnector.sorted(all, []).isEmpty)
    }
}
