import Testing
import Wire

@testable import Inference

/// What goes between clients of other dialects and a provider of the Responses API, and what passes to it from its own clients?
struct ResponsesProviderTests {
    private static func view(_ client: ClientDialect, _ name: String) throws -> RequestView {
        try RequestView(body: Fixture.bytes("\(client.rawValue).\(name).request.json"), dialect: client)
    }

    @Test(arguments: [
        (ClientDialect.openai, "text"), (.openai, "tools"), (.openai, "results"), (.openai, "image"),
        (.openai, "schema"), (.anthropic, "text"), (.anthropic, "tools"), (.anthropic, "results"),
    ])
    func aRequestIsTranslated(client: ClientDialect, name: String) throws {
        let view = try Self.view(client, name)
        let chat = try client.chat(from: view)
        let body = try Responses.requestBody(chat, model: "gpt-5", stream: view.stream)
        let omissions = Responses.omissions(in: chat).map(chat.names.named)
        let named = omissions.map { ($0.isWish ? "wish " : "hint ") + $0.field + "\n" }.joined()
        let file = "\(client.rawValue)_responses.\(name).request.json"
        try Fixture.expect(body + [0x0A] + Array(named.utf8), toBe: file)
    }

    /// What its writer makes of the form between dialects, its own reader understands as the same.
    @Test(arguments: ["text", "tools", "parallel", "results", "image", "schema"])
    func aRequestSurvives(_ name: String) throws {
        let chat = try OpenAI.chat(from: Self.view(.openai, name))
        let body = try Responses.requestBody(chat, model: "m", stream: chat.stream)
        let again = try Responses.chat(from: RequestView(body: body, dialect: .responses))
        #expect(again.messages.map(\.role) == chat.messages.map(\.role))
        #expect(again.messages.map(\.parts) == chat.messages.map(\.parts))
        #expect(again.tools.map(\.name) == chat.tools.map(\.name) && again.toolChoice == chat.toolChoice)
        #expect(again.tools.map(\.parameters) == chat.tools.map(\.parameters) && again.stream == chat.stream)
        #expect(again.maxTokens == chat.maxTokens && again.responseFormat == chat.responseFormat)
        #expect(again.effort == chat.effort && again.user == chat.user && again.temperature == chat.temperature)
    }

    /// Every byte but the model's name is the client's, be it what nobody here understands.
    @Test func aRequestOfItsOwnPassesUnread() throws {
        let body =
            #"{"model":"chat","previous_response_id":"resp_1","store":true,"tools":[{"type":"web_search"}],"odd":[1.0]}"#
        let view = try RequestView(body: Array(body.utf8), dialect: .responses)
        let sent = Responses.upstreamBody(view, model: "gpt-5", amongOthers: true)
        #expect(String(decoding: sent, as: UTF8.self) == body.replacing("\"chat\"", with: "\"gpt-5\""))
    }

    /// What we told of another provider's thoughts and proofs is left out; what this one has sealed is its own.
    @Test func whatAnotherProviderThoughtIsLeftOut() throws {
        let body =
            #"{"model":"m","input":[{"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"t"}]},{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"e"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}","extra_content":{"google":{"thought_signature":"s"}}}]}"#
        let view = try RequestView(body: Array(body.utf8), dialect: .responses)
        #expect(Responses.upstreamBody(view, model: "m") == view.document.bytes)
        let items = try JSONDocument(Responses.upstreamBody(view, model: "m", amongOthers: true))["input"]
        #expect(items?.elements.compactMap { $0["type"]?.string } == ["reasoning", "function_call"])
        #expect(items?.elements.allSatisfy { $0["extra_content"] == nil } == true)
    }

    // MARK: Answers

    @Test(arguments: ResponsesGoldenTests.answers.filter { $0.1 != "blocked" })
    func anAnswerIsReadAsItWasTold(provider: Dialect, name: String) throws {
        let bytes = try Fixture.bytes("\(provider.rawValue).\(name).answer.json")
        let answer = try provider.answer(from: bytes, decision: "m1")
        let terms = AnswerTerms(decision: "m1", model: "chat", created: 1_700_000_000)
        let body = Responses.answer(answer, terms)
        let again = try Responses.answer(from: body)
        #expect(again.text ?? "" == answer.text ?? "" && again.reasoning ?? "" == answer.reasoning ?? "")
        #expect(again.toolCalls.map(\.id) == answer.toolCalls.map(\.id))
        #expect(again.toolCalls.map(\.arguments) == answer.toolCalls.map(\.arguments))
        #expect(again.usage.input == answer.usage.input && again.usage.output == answer.usage.output)
        let observed = Responses.observed(answer: body)
        #expect(observed.finish == again.finish && (observed.usage ?? Usage()) == again.usage && observed.isDone)
    }

    @Test(arguments: ResponsesGoldenTests.streams)
    func aStreamIsReadAsItWasToldAndPassesAsItCame(provider: Dialect, name: String) throws {
        let type = provider == .ollama ? "ndjson" : "sse"
        let stream = try Fixture.bytes("\(provider.rawValue).\(name).stream.\(type)")
        let told = try GoldenTests.relay(stream, from: provider, to: .responses, pieces: stream.count)
        var first = ProviderDecoder(provider, decision: "m2")
        var second = Responses.StreamDecoder()
        let events = try first.feed(stream) + first.finish()
        let again = try second.feed(told)
        #expect(Self.said(events) == Self.said(again) && second.isComplete)
        for size in [1, 7, 64, told.count] {
            #expect(try GoldenTests.relay(told, from: .responses, to: .responses, pieces: size) == told, "\(size)")
        }
        // Through both translations an OpenAI client is told the same.
        let openAI = try GoldenTests.relay(told, from: .responses, to: .openai, pieces: 9)
        var third = OpenAI.StreamDecoder()
        let back = try third.feed(openAI)
        #expect(Self.said(back) == Self.said(events))
    }

    /// What was said, thought and called, however it was cut.
    private static func said(_ events: [ChatEvent]) -> [String] {
        var (text, thought, calls) = ("", "", [String]())
        for event in events {
            switch event {
            case .text(let more), .refusal(let more): text += more
            case .reasoning(let more): thought += more
            case .toolCallStart(_, let id, let name): calls.append("\(id) \(name) ")
            case .toolCallArguments(let index, let json): calls[index] += json
            case .start, .toolCallSignature, .finish, .usage, .error, .done: break
            }
        }
        return [text, thought] + calls
    }

    // MARK: Errors

    @Test(arguments: [
        #"{"type":"error","sequence_number":1,"code":"rate_limit_exceeded","message":"slow down","param":null}"#,
        #"{"type":"error","error":{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"slow down"}}"#,
        #"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"}}}"#,
    ])
    func anErrorInAStreamIsUnderstoodInEachForm(data: String) throws {
        let stream = Array("event: x\ndata: \(data)\n\n".utf8)
        var (decoder, observer) = (Responses.StreamDecoder(), Responses.StreamObserver())
        let events = try decoder.feed(stream)
        guard case .error(let error)? = events.first else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .rateLimited && error.message == "slow down")
        let seen = try observer.feed(stream)
        let observed = try #require(seen.first)
        #expect(observed.error == error && !observed.isForwarded)
    }

    @Test(
        arguments: [
            (#"{"status":"failed","output":[],"error":{"code":"server_error","message":"m"}}"#, .server),
            ("<html>", .malformed), (#"{"object":"list"}"#, .malformed),
        ] as [(String, UpstreamError.Kind)]
    )
    func anAnswerThatIsNoneIsThrown(body: String, kind: UpstreamError.Kind) {
        let error = #expect(throws: UpstreamError.self) { try Responses.answer(from: Array(body.utf8)) }
        #expect(error?.kind == kind)
    }
}
