import Testing
import Wire

@testable import Inference

/// What a dialect's writer makes of the form between dialects, does its own reader understand as the same?
struct RoundTripTests {
    private static func chat(_ dialect: ClientDialect, _ body: [UInt8]) throws -> Chat {
        try dialect.chat(from: RequestView(body: body, dialect: dialect))
    }

    /// Everything that a request says to the model; how messages are numbered is each dialect's own.
    private static func expectSame(_ one: Chat, _ other: Chat) {
        #expect(one.messages.map(\.role) == other.messages.map(\.role))
        #expect(one.messages.map(\.parts) == other.messages.map(\.parts))
        #expect(one.tools == other.tools)
        #expect(one.toolChoice == other.toolChoice)
        #expect(one.allowsParallelTools == other.allowsParallelTools)
        #expect(one.maxTokens == other.maxTokens)
        #expect(one.stop == other.stop)
        #expect(one.responseFormat == other.responseFormat)
        #expect(one.effort == other.effort)
        #expect(one.user == other.user)
        #expect(one.stream == other.stream)
    }

    @Test(arguments: ["text", "tools", "parallel", "results", "image", "schema"])
    func openAI(_ name: String) throws {
        let chat = try Self.chat(.openai, Fixture.bytes("openai.\(name).request.json"))
        let again = try Self.chat(.openai, OpenAI.requestBody(chat, model: "m", stream: chat.stream))
        Self.expectSame(chat, again)
        #expect(chat.temperature == again.temperature && chat.topP == again.topP, "digit for digit")
    }

    @Test(arguments: ["text", "tools", "results", "image", "schema"])
    func anthropic(_ name: String) throws {
        let chat = try Self.chat(.anthropic, Fixture.bytes("anthropic.\(name).request.json"))
        let again = try Self.chat(.anthropic, Anthropic.requestBody(chat, model: "m", stream: chat.stream))
        Self.expectSame(chat, again)
    }
}
