import Testing
import Wire

@testable import Inference

/// What goes from dialect to dialect, byte for byte? Each row is a client request and a provider's answer of
/// `Tests/Fixtures/dialects`.
struct GoldenTests {
    @Test(arguments: ["text", "tools", "parallel", "results", "image", "schema"])
    func anOpenAIRequestGoesToOpenAIWithAnotherModelOnly(name: String) throws {
        let view = try RequestView(body: try Fixture.bytes("openai.\(name).request.json"))
        let body = OpenAI.upstreamBody(view, model: "gpt-5")
        try Fixture.expect(body, toBe: "openai_openai.\(name).request.json")
        let patched = try RequestView(body: body)
        #expect(patched.model == "gpt-5")
        #expect(patched.includeUsage == view.stream, "the meter needs the usage of every stream")
    }

    @Test(arguments: ["text", "tools", "parallel", "results", "image", "schema"])
    func anOpenAIRequestIsTranslatedForAnthropic(name: String) throws {
        let chat = try OpenAI.chat(from: RequestView(body: Fixture.bytes("openai.\(name).request.json")))
        let body = try Anthropic.requestBody(chat, model: "claude-sonnet-4-5", stream: chat.stream)
        _ = try JSONDocument(body)
        try Fixture.expect(body, toBe: "openai_anthropic.\(name).request.json")
    }

    @Test(arguments: ["text", "tools"])
    func anAnthropicAnswerIsTranslatedForAnOpenAIClient(name: String) throws {
        let answer = try Anthropic.answer(from: Fixture.bytes("anthropic.\(name).answer.json"))
        let body = OpenAI.answer(answer, id: "chatcmpl-m1", model: "chat", created: 1_700_000_000)
        _ = try JSONDocument(body)
        try Fixture.expect(body, toBe: "openai_anthropic.\(name).answer.json")
    }

    @Test(arguments: ["text", "tools", "parallel"], [false, true])
    func anAnthropicStreamIsTranslatedForAnOpenAIClient(name: String, includeUsage: Bool) throws {
        let stream = try Fixture.bytes("anthropic.\(name).stream.sse")
        let relay = { (size: Int) in
            try Self.relay(stream, from: .anthropic, to: .openai, pieces: size, includeUsage: includeUsage)
        }
        let translated = try relay(stream.count)
        let usage = includeUsage ? "usage." : ""
        try Fixture.expect(translated, toBe: "openai_anthropic.\(name).\(usage)stream.sse")
        for size in [1, 2, 7, 64] {
            #expect(try relay(size) == translated, "pieces of \(size)")
        }
    }

    @Test(arguments: ["text", "tools"], [false, true])
    func anOpenAIStreamPassesAsItCame(name: String, includeUsage: Bool) throws {
        let stream = try Fixture.bytes("openai.\(name).stream.sse")
        let relay = { (size: Int) in
            try Self.relay(stream, from: .openai, to: .openai, pieces: size, includeUsage: includeUsage)
        }
        let passed = try relay(stream.count)
        let usage = includeUsage ? "usage." : ""
        try Fixture.expect(passed, toBe: "openai_openai.\(name).\(usage)stream.sse")
        for size in [1, 2, 7, 64] {
            #expect(try relay(size) == passed, "pieces of \(size)")
        }
        if includeUsage { #expect(passed == stream) }
    }

    @Test(arguments: [1, 2, 7, 64, 1_000])
    func anOpenAIErrorIsHeldBackWhole(size: Int) throws {
        let stream = try Fixture.bytes("openai.broken.stream.sse")
        #expect(try Self.relay(stream, from: .openai, to: .openai, pieces: size).isEmpty)
    }

    @Test(arguments: [("overloaded", 529), ("invalid", 400)])
    func anAnthropicErrorIsToldInTheClientsDialect(name: String, status: Int) throws {
        let error = Anthropic.error(status: status, body: try Fixture.bytes("anthropic.\(name).error.json"))
        try Fixture.expect(OpenAI.errorBody(ClientError(error)), toBe: "openai_anthropic.\(name).error.json")
    }

    /// A stream as the client gets it, told in pieces of this size; errors are the exchange's to tell and leave nothing here.
    static func relay(
        _ stream: [UInt8],
        from provider: Dialect,
        to client: ClientDialect,
        pieces size: Int,
        includeUsage: Bool = true
    ) throws -> [UInt8] {
        var relay = AnswerStream(
            from: provider,
            to: client,
            AnswerTerms(decision: "m2", model: "chat", created: 1_700_000_000, includeUsage: includeUsage)
        )
        var (meter, bytes) = (Meter(), [UInt8]())
        for start in stride(from: 0, to: stream.count, by: size) {
            let pieces = try relay.feed(Array(stream[start..<min(start + size, stream.count)]), into: &meter)
            for piece in pieces { bytes += piece.bytes }
        }
        for piece in try relay.finish(into: &meter) { bytes += piece.bytes }
        return bytes
    }
}
