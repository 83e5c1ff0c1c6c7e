import Testing
import Wire

@testable import Inference

/// What goes between Gemini's API and the two others, byte for byte, on either side?
struct GeminiGoldenTests {
    private static func view(_ name: String, _ form: RequestAddress.Form = .whole) throws -> RequestView {
        try RequestView(
            body: try Fixture.bytes("gemini.\(name).request.json"),
            dialect: .gemini,
            address: RequestAddress(model: "chat", form: form)
        )
    }

    // MARK: Requests

    @Test(arguments: ["text", "tools", "parallel", "results", "image", "schema"])
    func anOpenAIRequestIsTranslated(name: String) throws {
        let view = try RequestView(body: Fixture.bytes("openai.\(name).request.json"))
        let body = try Gemini.requestBody(OpenAI.chat(from: view))
        try Self.check(request: body)
        try Fixture.expect(body, toBe: "openai_gemini.\(name).request.json")
    }

    @Test(arguments: ["text", "tools", "results", "image", "schema", "thinking"])
    func anAnthropicRequestIsTranslated(name: String) throws {
        let view = try RequestView(body: Fixture.bytes("anthropic.\(name).request.json"), dialect: .anthropic)
        let body = try Gemini.requestBody(Anthropic.chat(from: view))
        try Self.check(request: body)
        try Fixture.expect(body, toBe: "anthropic_gemini.\(name).request.json")
    }

    /// It is one of the dialect's own, as its reader sees it.
    private static func check(request body: [UInt8]) throws {
        let view = try RequestView(body: body, dialect: .gemini, address: RequestAddress(model: "m"))
        _ = try Gemini.chat(from: view)
    }

    @Test(arguments: ["text", "tools", "results", "image", "schema", "thinking"])
    func aRequestIsTranslatedForOpenAI(name: String) throws {
        let body = try OpenAI.requestBody(Gemini.chat(from: Self.view(name)), model: "gpt-5", stream: false)
        _ = try OpenAI.chat(from: RequestView(body: body))
        try Fixture.expect(body, toBe: "gemini_openai.\(name).request.json")
    }

    @Test(arguments: ["text", "tools", "results", "image", "schema", "thinking"])
    func aRequestIsTranslatedForAnthropic(name: String) throws {
        let chat = try Gemini.chat(from: Self.view(name))
        let body = try Anthropic.requestBody(chat, model: "claude-sonnet-4-5", stream: false)
        _ = try Anthropic.chat(from: RequestView(body: body, dialect: .anthropic))
        try Fixture.expect(body, toBe: "gemini_anthropic.\(name).request.json")
    }

    @Test(arguments: ["text", "tools", "results", "image", "schema", "thinking"])
    func aRequestPassesAsItCame(name: String) throws {
        let view = try Self.view(name)
        #expect(Gemini.upstreamBody(view, model: "gemini-pro", amongOthers: true) == view.document.bytes)
    }

    // MARK: Answers

    @Test(arguments: ["text", "tools", "thinking", "blocked"])
    func anAnswerIsTranslated(name: String) throws {
        let answer = try Gemini.answer(from: Fixture.bytes("gemini.\(name).answer.json"), decision: "m1")
        let openAI = OpenAI.answer(answer, id: "chatcmpl-m1", model: "chat", created: 1_700_000_000)
        #expect(try OpenAI.chatAnswer(from: openAI).usage == answer.usage)
        try Fixture.expect(openAI, toBe: "openai_gemini.\(name).answer.json")
        let anthropic = Anthropic.answer(answer, id: "msg_m1", model: "chat")
        #expect(try Anthropic.answer(from: anthropic).toolCalls.map(\.id) == answer.toolCalls.map(\.id))
        try Fixture.expect(anthropic, toBe: "anthropic_gemini.\(name).answer.json")
    }

    @Test(arguments: ["text", "tools", "reasoning", "refusal"])
    func anOpenAIAnswerIsTranslated(name: String) throws {
        let answer = try OpenAI.chatAnswer(from: Fixture.bytes("openai.\(name).answer.json"))
        let body = Gemini.answer(answer, id: "m1", model: "chat")
        let read = try Gemini.answer(from: body, decision: "x")
        #expect(read.words == answer.words && read.reasoning == answer.reasoning)
        #expect(read.usage.input == answer.usage.input && read.usage.output == answer.usage.output)
        #expect(read.finish == answer.finish && read.toolCalls.map(\.id) == answer.toolCalls.map(\.id))
        try Fixture.expect(body, toBe: "gemini_openai.\(name).answer.json")
    }

    @Test(arguments: ["text", "tools"])
    func anAnthropicAnswerIsTranslated(name: String) throws {
        let answer = try Anthropic.answer(from: Fixture.bytes("anthropic.\(name).answer.json"))
        try Fixture.expect(
            Gemini.answer(answer, id: "m1", model: "chat"),
            toBe: "gemini_anthropic.\(name).answer.json"
        )
    }

    // MARK: Streams

    @Test(arguments: ["text", "tools", "thinking", "blocked"], [ClientDialect.openai, .anthropic])
    func aStreamIsTranslated(name: String, client: ClientDialect) throws {
        let stream = try Fixture.bytes("gemini.\(name).stream.sse")
        let whole = try Self.relay(stream, from: .gemini, to: client, pieces: stream.count)
        for size in [1, 2, 7, 64] {
            #expect(try Self.relay(stream, from: .gemini, to: client, pieces: size) == whole, "pieces of \(size)")
        }
        try Fixture.expect(whole, toBe: "\(client.rawValue)_gemini.\(name).stream.sse")
    }

    @Test(
        arguments: [(Dialect.openai, "text"), (.openai, "parallel"), (.openai, "reasoning"), (.anthropic, "parallel")],
        [false, true]
    )
    func aStreamOfAnotherIsTold(row: (Dialect, String), isArray: Bool) throws {
        let (provider, name) = row
        let stream = try Fixture.bytes("\(provider.rawValue).\(name).stream.sse")
        let relay = { (size: Int) in
            try Self.relay(stream, from: provider, to: .gemini, pieces: size, isArray: isArray)
        }
        let whole = try relay(stream.count)
        for size in [1, 2, 7, 64] { #expect(try relay(size) == whole, "pieces of \(size)") }
        if isArray { #expect(try JSONDocument(whole).root.kind == .array) }
        let form = isArray ? "array.json" : "stream.sse"
        try Fixture.expect(whole, toBe: "gemini_\(provider.rawValue).\(name).\(form)")
    }

    @Test(arguments: ["text", "tools", "thinking", "blocked"])
    func aStreamPassesAsItCame(name: String) throws {
        let stream = try Fixture.bytes("gemini.\(name).stream.sse")
        for size in [1, 2, 7, 64, stream.count] {
            let passed = try Self.relay(stream, from: .gemini, to: .gemini, pieces: size)
            #expect(passed == stream, "pieces of \(size)")
        }
        let array = try Self.relay(stream, from: .gemini, to: .gemini, pieces: 64, isArray: true)
        let answers = try JSONDocument(array).root.elements.map { Array($0.raw) }
        var reader = EventStreamReader()
        #expect(try reader.feed(stream).compactMap(\.data) == answers, "the same answers, in another frame")
    }

    @Test(arguments: [1, 2, 7, 64, 1_000], ClientDialect.allCases)
    func anErrorIsHeldBackWhole(size: Int, client: ClientDialect) throws {
        let stream = try Fixture.bytes("gemini.broken.stream.sse")
        let text = String(decoding: try Self.relay(stream, from: .gemini, to: client, pieces: size), as: UTF8.self)
        #expect(text.contains("A martlet") && !text.contains("overloaded"))
    }

    /// A stream as the client gets it, told in pieces of this size; what the provider's end stands for is told too.
    private static func relay(
        _ stream: [UInt8],
        from provider: Dialect,
        to client: ClientDialect,
        pieces size: Int,
        isArray: Bool = false
    ) throws -> [UInt8] {
        var relay = AnswerStream(
            from: provider,
            to: client,
            AnswerTerms(decision: "m2", model: "chat", created: 1_700_000_000, isArray: isArray)
        )
        var (meter, bytes) = (Meter(), [UInt8]())
        for start in stride(from: 0, to: stream.count, by: size) {
            let pieces = try relay.feed(Array(stream[start..<min(start + size, stream.count)]), into: &meter)
            for piece in pieces { bytes += piece.bytes }
        }
        for piece in try relay.finish(into: &meter) { bytes += piece.bytes }
        if meter.finish != nil, provider == .gemini { bytes += relay.missingEnd(into: &meter) ?? [] }
        return bytes
    }

    // MARK: Errors

    @Test(arguments: [("invalid", 400), ("overloaded", 503)])
    func anErrorIsToldInTheClientsDialect(name: String, status: Int) throws {
        let error = Gemini.error(status: status, body: try Fixture.bytes("gemini.\(name).error.json"))
        let told = ClientError(error)
        for client in [ClientDialect.openai, .anthropic] {
            let body = client.body(of: told, id: "m1")
            try Fixture.expect(body, toBe: "\(client.rawValue)_gemini.\(name).error.json")
        }
        let again = Gemini.error(status: status, body: Gemini.errorBody(told))
        #expect(again.kind == error.kind && again.message == error.message)
        try Fixture.expect(Gemini.errorBody(told), toBe: "gemini_gemini.\(name).error.json")
    }
}
