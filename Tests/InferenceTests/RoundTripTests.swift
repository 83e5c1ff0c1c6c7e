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

    /// Thoughts are not sent on, not even to their own dialect: their proofs are left out when they are read.
    @Test(arguments: ["text", "tools", "results", "image", "schema", "thinking"])
    func gemini(_ name: String) throws {
        let read = { (body: [UInt8]) in
            try Gemini.chat(from: RequestView(body: body, dialect: .gemini, address: RequestAddress(model: "m")))
        }
        var chat = try read(Fixture.bytes("gemini.\(name).request.json"))
        for place in chat.messages.indices { chat.messages[place].parts.removeAll(where: \.isThought) }
        let again = try read(Gemini.requestBody(chat))
        Self.expectSame(chat, again)
        #expect(chat.temperature == again.temperature && chat.topP == again.topP, "digit for digit")
        #expect(chat.thinking == again.thinking)
    }

    /// What goes to Gemini's API and comes back from it says what the client said, to the last part.
    @Test(arguments: ["text", "tools", "parallel", "results", "image", "schema"])
    func throughGemini(_ name: String) throws {
        let chat = try Self.chat(.openai, Fixture.bytes("openai.\(name).request.json"))
        let body = try Gemini.requestBody(chat)
        let view = try RequestView(body: body, dialect: .gemini, address: RequestAddress(model: "m"))
        let again = try Gemini.chat(from: view)
        let said = { (chat: Chat) in
            chat.messages.filter { $0.role != .system }.flatMap(\.parts).filter { $0 != .text("") }.map(Self.unsigned)
        }
        #expect(said(chat) == said(again))
        #expect(chat.tools.map(\.name) == again.tools.map(\.name))
        #expect(chat.tools.map(\.parameters) == again.tools.map(\.parameters))
        #expect(chat.stop == again.stop && chat.maxTokens == again.maxTokens && chat.temperature == again.temperature)
    }

    /// Without the word for calls of other providers' models, which is ours.
    private static func unsigned(_ part: Chat.Part) -> Chat.Part {
        guard var call = part.toolUse else { return part }
        call.signature = nil
        return .toolUse(call)
    }
}
