import Testing
import Wire

@testable import Inference

/// What goes between clients of the Responses API and providers, byte for byte? And do the events of a stream tell the same as its end?
struct ResponsesGoldenTests {
    static let requests = ["text", "tools", "results", "image", "schema"]

    private static func view(_ name: String) throws -> RequestView {
        try RequestView(body: Fixture.bytes("responses.\(name).request.json"), dialect: .responses)
    }

    @Test(arguments: requests, [Dialect.openai, .anthropic, .gemini])
    func aRequestIsTranslated(name: String, provider: Dialect) throws {
        let view = try Self.view(name)
        let (body, omissions) = try provider.request(Responses.chat(from: view), model: "m", stream: view.stream)
        _ = try JSONDocument(body)
        let named = omissions.map { ($0.isWish ? "wish " : "hint ") + $0.field + "\n" }.joined()
        let file = "responses_\(provider.rawValue).\(name).request.json"
        try Fixture.expect(body + [0x0A] + Array(named.utf8), toBe: file)
    }

    /// To Ollama goes what it has words for.
    @Test(arguments: ["text", "results", "schema"])
    func aRequestIsTranslatedForOllama(name: String) throws {
        let view = try Self.view(name)
        let body = try Ollama.requestBody(Responses.chat(from: view), model: "m", stream: view.stream)
        try Fixture.expect(body, toBe: "responses_ollama.\(name).request.json")
    }

    /// What goes to OpenAI's older API says the same to whoever reads it there.
    @Test(arguments: requests)
    func aRequestSaysTheSameInOpenAIsOlderAPI(name: String) throws {
        let chat = try Responses.chat(from: Self.view(name))
        let body = try OpenAI.requestBody(chat, model: "m", stream: chat.stream)
        let again = try OpenAI.chat(from: RequestView(body: body))
        #expect(again.messages.map(\.role) == chat.messages.map(\.role))
        #expect(again.tools == chat.tools && again.toolChoice == chat.toolChoice && again.maxTokens == chat.maxTokens)
        #expect(again.responseFormat == chat.responseFormat && again.effort == chat.effort && again.user == chat.user)
        #expect(again.allowsParallelTools == (chat.tools.isEmpty ? nil : chat.allowsParallelTools))
        #expect(again.temperature == chat.temperature && again.topP == chat.topP && again.stream == chat.stream)
    }

    // MARK: Answers

    static let answers: [(Dialect, String)] = [
        (.openai, "text"), (.openai, "tools"), (.openai, "reasoning"), (.anthropic, "text"), (.anthropic, "tools"),
        (.gemini, "text"), (.gemini, "tools"), (.gemini, "thinking"), (.gemini, "blocked"), (.ollama, "text"),
        (.ollama, "tools"),
    ]

    @Test(arguments: answers)
    func anAnswerIsTranslated(provider: Dialect, name: String) throws {
        let bytes = try Fixture.bytes("\(provider.rawValue).\(name).answer.json")
        let answer = try provider.answer(from: bytes, decision: "m1")
        let terms = AnswerTerms(decision: "m1", model: "chat", created: 1_700_000_000)
        let body = ClientDialect.responses.answer(answer, terms)
        let document = try JSONDocument(body)
        let output = try #require(document["output"])
        let items = Array(output.elements)
        #expect(Set(items.map { $0["id"]?.string }).count == items.count, "each item has a name of its own")
        let calls = items.filter { $0["type"]?.string == "function_call" }
        #expect(calls.map { $0["call_id"]?.string } == answer.toolCalls.map(\.id))
        #expect(calls.map { $0["arguments"]?.string } == answer.toolCalls.map(\.arguments))
        try Fixture.expect(body, toBe: "responses_\(provider.rawValue).\(name).answer.json")
    }

    static let streams: [(Dialect, String)] = [
        (.openai, "text"), (.openai, "tools"), (.openai, "parallel"), (.openai, "reasoning"), (.anthropic, "text"),
        (.anthropic, "tools"), (.anthropic, "parallel"), (.ollama, "text"), (.ollama, "tools"), (.ollama, "parallel"),
        (.ollama, "thinking"),
    ]

    @Test(arguments: streams)
    func aStreamIsTranslated(provider: Dialect, name: String) throws {
        let type = provider == .ollama ? "ndjson" : "sse"
        let stream = try Fixture.bytes("\(provider.rawValue).\(name).stream.\(type)")
        let whole = try GoldenTests.relay(stream, from: provider, to: .responses, pieces: stream.count)
        for size in [1, 2, 7, 64] {
            let cut = try GoldenTests.relay(stream, from: provider, to: .responses, pieces: size)
            #expect(cut == whole, "pieces of \(size)")
        }
        try Self.expectSound(whole)
        try Fixture.expect(whole, toBe: "responses_\(provider.rawValue).\(name).stream.sse")
    }

    /// A slow reader of the events, who trusts nothing: it counts them, and puts the answer together from the pieces alone.
    private static func expectSound(_ stream: [UInt8]) throws {
        var reader = EventStreamReader()
        var (number, told, whole) = (UInt64(0), [String](), [String]())
        var last: JSONDocument?
        let events = try reader.feed(stream)
        for event in events {
            let data = try #require(event.data)
            let document = try JSONDocument(data)
            let type = try #require(document["type"]?.string)
            #expect(event.name == type && document["sequence_number"]?.unsigned == number, "\(type) \(number)")
            number += 1
            let place = document["output_index"]?.unsigned.map { Int($0) }
            switch type {
            case "response.output_item.added":
                #expect(place == told.count, "items come one after the other")
                told.append("")
            case _ where type.hasSuffix(".delta"):
                #expect(place == told.count - 1)
                told[told.count - 1] += document["delta"]?.string ?? "?"
            case "response.output_text.done", "response.reasoning_text.done", "response.function_call_arguments.done":
                #expect((document["text"] ?? document["arguments"])?.string == told.last)
            case "response.output_item.done":
                let item = try #require(document["item"])
                whole.append(String(decoding: item.raw, as: UTF8.self))
            default: break
            }
            last = document
        }
        let end = try #require(last)
        #expect(end["type"]?.string == "response.completed" || end["type"]?.string == "response.incomplete")
        let output = end["response"]?["output"]?.elements.map { String(decoding: $0.raw, as: UTF8.self) }
        #expect(output == whole && whole.count == told.count, "the end repeats what was told")
    }

    @Test func anAnswerThatIsTooLargeToBeToldWholeEnds() throws {
        var encoder = Responses.StreamEncoder(AnswerTerms(decision: "m1", model: "chat", created: 1))
        let piece = String(repeating: "a", count: 1 << 20)
        for _ in 0..<8 {
            let told = encoder.encode(.text(piece))
            #expect(!told.isEmpty && !encoder.hasOverflowed)
        }
        let (rest, end) = (encoder.encode(.text("a")), encoder.encode(.done))
        #expect(encoder.hasOverflowed && rest.isEmpty && end.isEmpty)
    }

    @Test(arguments: [(FinishReason.length, "max_output_tokens"), (.contentFilter, "content_filter")])
    func anAnswerThatWasCutOffIsIncomplete(reason: FinishReason, word: String) throws {
        let terms = AnswerTerms(decision: "m1", model: "chat", created: 1)
        var answer = ChatAnswer(id: "x", model: "y")
        (answer.text, answer.finish) = ("A bird", reason)
        var encoder = Responses.StreamEncoder(terms)
        let events: [ChatEvent] = [.text("A bird"), .finish(reason), .done]
        let stream = events.flatMap { encoder.encode($0) }
        let last = try Self.last(of: stream)
        #expect(last["type"]?.string == "response.incomplete")
        let plain = try JSONDocument(Responses.answer(answer, terms))
        #expect(last["response"].map { Array($0.raw) } == plain.bytes, "the same, in one piece or in many")
        #expect(plain["status"]?.string == "incomplete" && plain["incomplete_details"]?["reason"]?.string == word)
        #expect(plain["output"]?.elements.map { $0["status"]?.string } == ["incomplete"])
    }

    private static func last(of stream: [UInt8]) throws -> JSONDocument {
        var reader = EventStreamReader()
        let events = try reader.feed(stream)
        return try JSONDocument(#require(events.last?.data))
    }

    /// A proof of a call comes back with it, as in OpenAI's older API.
    @Test func aProofTravelsWithItsCall() throws {
        let terms = AnswerTerms(decision: "m1", model: "chat", created: 1)
        var encoder = Responses.StreamEncoder(terms)
        let events: [ChatEvent] = [
            .toolCallStart(index: 0, id: "c", name: "f"), .toolCallSignature(index: 0, "cHJvb2Y="),
            .toolCallArguments(index: 0, json: "{}"), .finish(.toolCalls), .done,
        ]
        let last = try Self.last(of: events.flatMap { encoder.encode($0) })
        let items = try #require(last["response"]?["output"])
        let body = #"{"model":"m","input":\#(String(decoding: items.raw, as: UTF8.self))}"#
        let chat = try Responses.chat(from: RequestView(body: Array(body.utf8), dialect: .responses))
        let call = Chat.ToolUse(id: "c", name: "f", arguments: "{}", signature: "cHJvb2Y=")
        #expect(chat.messages.flatMap(\.parts) == [.toolUse(call)] && chat.uncarried.isEmpty)
    }
}
