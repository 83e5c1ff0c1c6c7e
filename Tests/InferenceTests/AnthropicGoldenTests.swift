import Testing
import Wire

@testable import Inference

/// What does a client of the Messages API send and get, byte for byte, from providers of either dialect?
struct AnthropicGoldenTests {
    private static func view(_ name: String) throws -> RequestView {
        try RequestView(body: try Fixture.bytes("anthropic.\(name).request.json"), dialect: .anthropic)
    }

    @Test(arguments: ["text", "tools", "results", "image", "schema", "thinking"])
    func aRequestGoesToAnthropicWithAnotherModelOnly(name: String) throws {
        let view = try Self.view(name)
        let body = Anthropic.upstreamBody(view, model: "claude-sonnet-4-5")
        try Fixture.expect(body, toBe: "anthropic_anthropic.\(name).request.json")
        // Signed thoughts above all: one changed byte, and the provider refuses them.
        let restored = try RequestView(body: body, dialect: .anthropic).body(model: "chat")
        #expect(restored == view.document.bytes)
    }

    @Test func anUnsignedThoughtOfAnotherProviderIsLeftOutAndASignedOneStaysToTheByte() throws {
        let user = #"{"role":"user","content":"x"}"#
        let signed = #"{ "type":"thinking", "thinking":"a", "signature":"c2ln" }"#
        let unsigned = #"{"type":"thinking","thinking":"b","signature":""}"#
        let text = #"{"type":"text","text":"y"}"#
        let request = { (messages: [String]) in
            let body = #"{"model":"m","max_tokens":1,"messages":[\#(messages.joined(separator: ","))]}"#
            return Array(body.utf8)
        }
        let assistant = { (blocks: [String]) in
            #"{"role":"assistant","content":[\#(blocks.joined(separator: ","))]}"#
        }
        let view = try RequestView(
            body: request([user, assistant([unsigned, signed, text]), user, assistant([unsigned]), user]),
            dialect: .anthropic
        )
        let kept = request([user, assistant([signed, text]), user, user])
        #expect(Anthropic.upstreamBody(view, model: "m", amongOthers: true) == kept)
        #expect(Anthropic.upstreamBody(view, model: "m") == view.document.bytes, "nobody else can have spoken")
        let plain = try Self.view("results")
        #expect(Anthropic.upstreamBody(plain, model: "chat", amongOthers: true) == plain.document.bytes)
    }

    @Test(arguments: ["text", "tools", "results", "image", "schema", "thinking"])
    func aRequestIsTranslatedForOpenAI(name: String) throws {
        let view = try Self.view(name)
        let body = try OpenAI.requestBody(Anthropic.chat(from: view), model: "gpt-5", stream: view.stream)
        let again = try RequestView(body: body)
        #expect(again.includeUsage == view.stream, "the meter needs the usage of every stream")
        _ = try OpenAI.chat(from: again)
        try Fixture.expect(body, toBe: "anthropic_openai.\(name).request.json")
    }

    @Test(arguments: ["text", "tools", "reasoning", "refusal"])
    func anOpenAIAnswerIsTranslated(name: String) throws {
        let answer = try OpenAI.chatAnswer(from: Fixture.bytes("openai.\(name).answer.json"))
        let body = Anthropic.answer(answer, id: "msg_m1", model: "chat")
        // Read back it says the same, but for arguments that were no object and for usage that nobody reported.
        let read = try Anthropic.answer(from: body)
        #expect(read.words == answer.words && read.reasoning == answer.reasoning)
        #expect(read.finish == answer.finish && read.toolCalls.map(\.id) == answer.toolCalls.map(\.id))
        try Fixture.expect(body, toBe: "anthropic_openai.\(name).answer.json")
    }

    @Test(arguments: ["text", "tools", "parallel", "reasoning"])
    func anOpenAIStreamIsTranslated(name: String) throws {
        let stream = try Fixture.bytes("openai.\(name).stream.sse")
        let whole = try GoldenTests.relay(stream, from: .openai, to: .anthropic, pieces: stream.count)
        for size in [1, 2, 7, 64] {
            let cut = try GoldenTests.relay(stream, from: .openai, to: .anthropic, pieces: size)
            #expect(cut == whole, "pieces of \(size)")
        }
        try Fixture.expect(whole, toBe: "anthropic_openai.\(name).stream.sse")
    }

    @Test(arguments: ["text", "tools", "parallel"])
    func anAnthropicStreamPassesAsItCame(name: String) throws {
        let stream = try Fixture.bytes("anthropic.\(name).stream.sse")
        for size in [1, 2, 7, 64, stream.count] {
            let passed = try GoldenTests.relay(stream, from: .anthropic, to: .anthropic, pieces: size)
            #expect(passed == stream, "pieces of \(size)")
        }
    }

    /// What one side says of a stream, the other reads again: through both translations the events are the same.
    @Test(arguments: ["text", "tools", "parallel"])
    func aStreamSurvivesBothTranslations(name: String) throws {
        let stream = try Fixture.bytes("anthropic.\(name).stream.sse")
        let there = try GoldenTests.relay(stream, from: .anthropic, to: .openai, pieces: stream.count)
        let back = try GoldenTests.relay(there, from: .openai, to: .anthropic, pieces: there.count)
        let (first, last) = (try Self.events(stream), try Self.events(back))
        #expect(first.filter { !$0.isAboutTheWhole } == last.filter { !$0.isAboutTheWhole })
    }

    private static func events(_ stream: [UInt8]) throws -> [ChatEvent] {
        var decoder = Anthropic.StreamDecoder()
        return try decoder.feed(stream)
    }

    @Test(arguments: [("overloaded", 529), ("invalid", 400)])
    func anErrorIsToldInTheClientsDialect(name: String, status: Int) throws {
        let error = Anthropic.error(status: status, body: try Fixture.bytes("anthropic.\(name).error.json"))
        let told = ClientError(error)
        #expect(ClientDialect.anthropic.status(of: told) == status, "529 stays 529")
        try Fixture.expect(Anthropic.errorBody(told, id: "m1"), toBe: "anthropic_openai.\(name).error.json")
    }
}

extension ChatEvent {
    /// Names and sums, which are each side's own.
    fileprivate var isAboutTheWhole: Bool {
        switch self {
        case .start, .usage: true
        default: false
        }
    }
}
