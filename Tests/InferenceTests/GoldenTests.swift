import Testing
import Wire

@testable import Inference

/// What goes from dialect to dialect, byte for byte? Each row is a client request and a provider's answer of
/// `Tests/Fixtures/dialects`.
struct GoldenTests {
    @Test(arguments: ["text", "tools", "parallel", "results", "image", "schema"])
    func anOpenAIRequestGoesToOpenAIWithAnotherModelOnly(name: String) throws {
        let view = try OpenAI.RequestView(body: try Fixture.bytes("openai.\(name).request.json"))
        let body = OpenAI.upstreamBody(view, model: "gpt-5")
        try Fixture.expect(body, toBe: "openai_openai.\(name).request.json")
        let patched = try OpenAI.RequestView(body: body)
        #expect(patched.model == "gpt-5")
        #expect(patched.includeUsage == view.stream, "the meter needs the usage of every stream")
    }

    @Test(arguments: ["text", "tools", "parallel", "results", "image", "schema"])
    func anOpenAIRequestIsTranslatedForAnthropic(name: String) throws {
        let chat = try OpenAI.chat(from: OpenAI.RequestView(body: Fixture.bytes("openai.\(name).request.json")))
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

    @Test(arguments: ["text", "tools", "parallel", "broken"], [false, true])
    func anAnthropicStreamIsTranslatedForAnOpenAIClient(name: String, includeUsage: Bool) throws {
        let stream = try Fixture.bytes("anthropic.\(name).stream.sse")
        let translated = try Self.translate(stream, pieces: stream.count, includeUsage: includeUsage)
        let usage = includeUsage ? "usage." : ""
        try Fixture.expect(translated, toBe: "openai_anthropic.\(name).\(usage)stream.sse")
        for size in [1, 2, 7, 64] {
            #expect(
                try Self.translate(stream, pieces: size, includeUsage: includeUsage) == translated,
                "pieces of \(size)"
            )
        }
    }

    @Test(arguments: ["text", "tools"], [false, true])
    func anOpenAIStreamPassesAsItCame(name: String, includeUsage: Bool) throws {
        let stream = try Fixture.bytes("openai.\(name).stream.sse")
        let passed = try Self.pass(stream, pieces: stream.count, includeUsage: includeUsage)
        let usage = includeUsage ? "usage." : ""
        try Fixture.expect(passed, toBe: "openai_openai.\(name).\(usage)stream.sse")
        for size in [1, 2, 7, 64] {
            #expect(try Self.pass(stream, pieces: size, includeUsage: includeUsage) == passed, "pieces of \(size)")
        }
        if includeUsage { #expect(passed == stream) }
    }

    @Test(arguments: [1, 2, 7, 64, 1_000])
    func anOpenAIErrorIsHeldBackWhole(size: Int) throws {
        let stream = try Fixture.bytes("openai.broken.stream.sse")
        #expect(try Self.pass(stream, pieces: size, includeUsage: false).isEmpty)
    }

    @Test(arguments: [("overloaded", 529), ("invalid", 400)])
    func anAnthropicErrorIsToldInTheClientsDialect(name: String, status: Int) throws {
        let error = Anthropic.error(status: status, body: try Fixture.bytes("anthropic.\(name).error.json"))
        try Fixture.expect(OpenAI.errorBody(error), toBe: "openai_anthropic.\(name).error.json")
    }

    private static func translate(_ stream: [UInt8], pieces size: Int, includeUsage: Bool) throws -> [UInt8] {
        var decoder = Anthropic.StreamDecoder()
        var encoder = OpenAI.StreamEncoder(
            id: "chatcmpl-m2",
            model: "chat",
            created: 1_700_000_000,
            includeUsage: includeUsage
        )
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            for event in try decoder.feed(Array(stream[start..<min(start + size, stream.count)])) {
                bytes += encoder.encode(event)
            }
        }
        return bytes
    }

    private static func pass(_ stream: [UInt8], pieces size: Int, includeUsage: Bool) throws -> [UInt8] {
        var observer = OpenAI.StreamObserver(includeUsage: includeUsage)
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            for observed in try observer.feed(Array(stream[start..<min(start + size, stream.count)]))
            where observed.isForwarded {
                bytes += observed.raw
            }
        }
        if let last = observer.finish(), last.isForwarded { bytes += last.raw }
        return bytes
    }
}
