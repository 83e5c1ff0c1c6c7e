import Testing
import Wire

@testable import Inference

/// What goes between Ollama's dialect and the others, byte for byte, in either direction?
struct OllamaGoldenTests {
    private static func view(_ name: String) throws -> RequestView {
        let operation: ModelOperation = name == "generate" ? .generate : .chat
        let body = try Fixture.bytes("ollama.\(name).request.json")
        return try RequestView(body: body, dialect: .ollama, operation: operation)
    }

    private static func view(_ client: ClientDialect, _ name: String) throws -> RequestView {
        try RequestView(body: Fixture.bytes("\(client.rawValue).\(name).request.json"), dialect: client)
    }

    static let requests = ["text", "tools", "results", "image", "schema", "thinking", "generate"]

    // MARK: Clients of Ollama's dialect

    @Test(arguments: requests)
    func aRequestGoesToOllamaWithAnotherModelAndWithoutWhatIsTheServers(name: String) throws {
        let view = try Self.view(name)
        let (body, omissions) = try Ollama.upstreamBody(view, model: "qwen3")
        let again = try RequestView(body: body, dialect: .ollama, operation: view.operation)
        #expect(again.model == "qwen3" && again.stream == view.stream)
        let left = view.body(model: view.model, [.remove("keep_alive"), .each("options", [.remove("num_ctx")])])
        #expect(again.body(model: view.model) == left)
        #expect(omissions == (left == view.document.bytes ? [] : ["options.num_ctx", "keep_alive"]))
    }

    @Test(arguments: requests, [Dialect.openai, .anthropic])
    func aRequestIsTranslated(name: String, provider: Dialect) throws {
        let view = try Self.view(name)
        let chat = try Ollama.chat(from: view)
        let (body, omissions) = try provider.request(chat, model: "m", stream: view.stream)
        let named = omissions.map { ($0.isWish ? "wish " : "hint ") + $0.field + "\n" }
            .joined()
        try Fixture.expect(body + [0x0A] + Array(named.utf8), toBe: "ollama_\(provider.rawValue).\(name).request.json")
    }

    @Test(arguments: [
        ("openai", "text"), ("openai", "tools"), ("openai", "reasoning"), ("anthropic", "text"), ("anthropic", "tools"),
    ])
    func anAnswerIsTranslatedForAnOllamaClient(provider: String, name: String) throws {
        let dialect = try #require(Dialect(rawValue: provider))
        let answer = try dialect.answer(from: Fixture.bytes("\(provider).\(name).answer.json"))
        var times = AnswerTimes()
        (times.total, times.sinceFirst) = (3_000_000, 2_000_000)
        let terms = AnswerTerms(decision: "m1", model: "chat", created: 1_700_000_000)
        let body = ClientDialect.ollama.answer(answer, terms, times: times)
        let read = try Ollama.answer(from: body, decision: "m1")
        #expect(read.text ?? "" == answer.text ?? "" && read.reasoning == answer.reasoning)
        #expect(read.toolCalls.map(\.name) == answer.toolCalls.map(\.name) && read.usage.output == answer.usage.output)
        try Fixture.expect(body, toBe: "ollama_\(provider).\(name).answer.json")
    }

    @Test(
        arguments: [
            (Dialect.openai, "text"), (.openai, "tools"), (.openai, "parallel"), (.openai, "reasoning"),
            (.anthropic, "text"), (.anthropic, "tools"), (.anthropic, "parallel"),
        ]
    )
    func aStreamIsTranslatedForAnOllamaClient(provider: Dialect, name: String) throws {
        let stream = try Fixture.bytes("\(provider.rawValue).\(name).stream.sse")
        let whole = try GoldenTests.relay(stream, from: provider, to: .ollama, pieces: stream.count)
        for size in [1, 2, 7, 64] {
            #expect(
                try GoldenTests.relay(stream, from: provider, to: .ollama, pieces: size) == whole,
                "pieces of \(size)"
            )
        }
        try Fixture.expect(whole, toBe: "ollama_\(provider.rawValue).\(name).stream.ndjson")
    }

    /// A prompt's answer stands beside no message.
    @Test func aPromptIsAnsweredInItsOwnForm() throws {
        let stream = try Fixture.bytes("openai.text.stream.sse")
        let terms = AnswerTerms(decision: "m1", model: "chat", created: 1_700_000_000, operation: .generate)
        var relay = AnswerStream(from: .openai, to: .ollama, terms)
        var meter = Meter()
        let bytes = try relay.feed(stream, into: &meter).flatMap(\.bytes)
        try Fixture.expect(bytes, toBe: "ollama_openai.generate.stream.ndjson")
        let heartbeat = ClientDialect.ollama.heartbeat(model: "chat", second: 1_700_000_000, .generate)
        #expect(try JSONDocument(heartbeat)["response"]?.string?.isEmpty == true)
    }

    // MARK: Providers of Ollama's dialect

    @Test(arguments: [
        (ClientDialect.openai, "text"), (.openai, "results"), (.openai, "schema"), (.anthropic, "text"),
        (.anthropic, "schema"), (.anthropic, "thinking"),
    ])
    func aRequestIsTranslatedForOllama(client: ClientDialect, name: String) throws {
        let view = try Self.view(client, name)
        let body = try Ollama.requestBody(client.chat(from: view), model: "qwen3", stream: view.stream)
        let again = try RequestView(body: body, dialect: .ollama)
        #expect(again.stream == view.stream, "the server streams where nothing is said")
        try Fixture.expect(body, toBe: "\(client.rawValue)_ollama.\(name).request.json")
    }

    @Test(arguments: [
        (ClientDialect.openai, "tools", "tool_choice"), (.openai, "image", "messages[0].content"),
        (.anthropic, "results", "tool_choice"), (.openai, "parallel", "tool_choice"),
        (.anthropic, "tools", "tool_choice"),
    ])
    func whatOllamaHasNoWordForIsRefusedByName(client: ClientDialect, name: String, field: String) throws {
        let view = try Self.view(client, name)
        let chat = try client.chat(from: view)
        let error = #expect(throws: RequestError.self) { try Ollama.requestBody(chat, model: "m", stream: false) }
        #expect(error?.param == field && error?.code == .unsupported)
    }

    @Test func resultsStandInTheOrderOfTheirCalls() throws {
        let calls = ["a", "b"].map { #"{"id":"\#($0)","type":"function","function":{"name":"f","arguments":"{}"}}"# }
        let results = ["b", "a"].map { #"{"role":"tool","tool_call_id":"\#($0)","content":"of \#($0)"}"# }
        let said = #"{"role":"assistant","tool_calls":[\#(calls.joined(separator: ","))]}"#
        let body = #"{"model":"m","messages":[\#(([said] + results).joined(separator: ","))]}"#
        let chat = try OpenAI.chat(from: RequestView(body: Array(body.utf8)))
        let sent = try JSONDocument(Ollama.requestBody(chat, model: "m", stream: false))
        #expect(sent["messages"]?.elements.compactMap { $0["content"]?.string } == ["", "of a", "of b"])
    }

    @Test func aResultIsKnownByItsToolsName() throws {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"x"},{"role":"tool","tool_call_id":"a","content":"y"}]}"#
        let chat = try OpenAI.chat(from: RequestView(body: Array(body.utf8)))
        let error = #expect(throws: RequestError.self) { try Ollama.requestBody(chat, model: "m", stream: false) }
        #expect(error?.param == "messages[1]")
    }

    @Test(arguments: ["text", "tools"], [ClientDialect.openai, .anthropic])
    func anAnswerIsTranslated(name: String, client: ClientDialect) throws {
        let answer = try Ollama.answer(from: Fixture.bytes("ollama.\(name).answer.json"), decision: "m1")
        #expect(Set(answer.toolCalls.map(\.id)).count == answer.toolCalls.count, "each call has a name of its own")
        let body = client.answer(answer, AnswerTerms(decision: "m1", model: "chat", created: 1_700_000_000))
        try Fixture.expect(body, toBe: "\(client.rawValue)_ollama.\(name).answer.json")
    }

    static let streams = ["text", "tools", "parallel", "thinking"]

    @Test(arguments: streams, [ClientDialect.openai, .anthropic])
    func aStreamIsTranslated(name: String, client: ClientDialect) throws {
        let stream = try Fixture.bytes("ollama.\(name).stream.ndjson")
        let whole = try GoldenTests.relay(stream, from: .ollama, to: client, pieces: stream.count)
        for size in [1, 2, 7, 64] {
            #expect(
                try GoldenTests.relay(stream, from: .ollama, to: client, pieces: size) == whole,
                "pieces of \(size)"
            )
        }
        try Fixture.expect(whole, toBe: "\(client.rawValue)_ollama.\(name).stream.sse")
    }

    @Test(arguments: streams)
    func aStreamPassesAsItCame(name: String) throws {
        let stream = try Fixture.bytes("ollama.\(name).stream.ndjson")
        for size in [1, 2, 7, 64, stream.count] {
            #expect(try GoldenTests.relay(stream, from: .ollama, to: .ollama, pieces: size) == stream, "\(size)")
        }
        // Some leave the last line's end out; the client gets it.
        #expect(try GoldenTests.relay(stream.dropLast(), from: .ollama, to: .ollama, pieces: 9) == stream)
        let half = Array(stream.dropLast(20))
        let lines = half.prefix((half.lastIndex(of: 0x0A) ?? -1) + 1)
        #expect(try GoldenTests.relay(half, from: .ollama, to: .ollama, pieces: 9) == Array(lines), "no half of a line")
    }

    /// What one side says of a stream, the other reads again: through both translations the events are the same.
    @Test(arguments: streams, [ClientDialect.openai, .anthropic])
    func aStreamSurvivesBothTranslations(name: String, client: ClientDialect) throws {
        let stream = try Fixture.bytes("ollama.\(name).stream.ndjson")
        let there = try GoldenTests.relay(stream, from: .ollama, to: client, pieces: stream.count)
        let back = try GoldenTests.relay(there, from: client.provider, to: .ollama, pieces: there.count)
        #expect(try Self.events(stream) == Self.events(back))
    }

    /// How a text is cut is each side's own.
    private static func events(_ stream: [UInt8]) throws -> [ChatEvent] {
        var decoder = Ollama.StreamDecoder(decision: "m2")
        return try decoder.feed(stream).filter { if case .start = $0 { false } else { true } }
    }

    @Test(arguments: [1, 7, 64, 1_000], ClientDialect.allCases)
    func anErrorIsHeldBackWhole(size: Int, client: ClientDialect) throws {
        let stream = try Fixture.bytes("ollama.broken.stream.ndjson")
        let told = try GoldenTests.relay(stream, from: .ollama, to: client, pieces: size)
        #expect(!String(decoding: told, as: UTF8.self).contains("was encountered"))
    }

    @Test(arguments: [("notfound", 404, UpstreamError.Kind.notFound), ("invalid", 400, .invalidRequest)])
    func anErrorIsToldInTheClientsDialect(name: String, status: Int, kind: UpstreamError.Kind) throws {
        let error = Ollama.error(status: status, body: try Fixture.bytes("ollama.\(name).error.json"))
        #expect(error.kind == kind)
        for client in ClientDialect.allCases {
            let body = client.body(of: ClientError(error), id: "m1")
            try Fixture.expect(body, toBe: "\(client.rawValue)_ollama.\(name).error.json")
        }
    }

    @Test(arguments: [
        #"{"error":"the input length exceeds the context length"}"#,
        #"{"error":"prompt is too long; the model's maximum context length is 4096 tokens"}"#,
    ])
    func aPromptThatIsTooLongIsKnown(body: String) {
        #expect(Ollama.error(status: 400, body: Array(body.utf8)).kind == .contextLength)
    }
}
