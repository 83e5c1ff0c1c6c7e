import Testing

@testable import Inference

/// How is a stream of Chat Completions understood whose server keeps its own rules?
struct OpenAIDecoderTests {
    private static func events(_ chunks: [String]) throws -> [ChatEvent] {
        var decoder = OpenAI.StreamDecoder()
        let stream = chunks.map { "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\($0)}]}\n\n" }.joined()
        return try decoder.feed(Array(stream.utf8)).filter { if case .start = $0 { false } else { true } }
    }

    private static func call(_ members: String) -> String { #""delta":{"tool_calls":[{\#(members)}]}"# }

    private static let two: [ChatEvent] = [
        .toolCallStart(index: 0, id: "a1", name: "f"), .toolCallArguments(index: 0, json: #"{"x":1}"#),
        .toolCallStart(index: 1, id: "a2", name: "g"), .toolCallArguments(index: 1, json: #"{"y":2}"#),
    ]

    /// Ollama's own server of this dialect and some in front of Gemini give every call the first one's index.
    @Test func aCallWithANameOfItsOwnIsAnother() throws {
        let events = try Self.events([
            Self.call(#""index":0,"id":"a1","function":{"name":"f","arguments":"{\"x\":1}"}"#),
            Self.call(#""index":0,"id":"a2","function":{"name":"g","arguments":"{\"y\":2}"}"#),
        ])
        #expect(events == Self.two)
    }

    /// As vLLM had it for a while.
    @Test func aPieceWithANewIDAndNoNameGoesOnWithItsCall() throws {
        let events = try Self.events([
            Self.call(#""index":0,"id":"a1","function":{"name":"f"}"#),
            Self.call(#""index":0,"id":"b7","function":{"arguments":"{\"x\":1}"}"#),
            Self.call(#""index":1,"id":"a2","function":{"name":"g"}"#),
            Self.call(#""index":1,"id":"b8","function":{"arguments":"{\"y\""}"#),
            Self.call(#""index":1,"id":"b9","function":{"arguments":":2}"}"#),
        ])
        let split: [ChatEvent] = [
            .toolCallArguments(index: 1, json: #"{"y""#), .toolCallArguments(index: 1, json: ":2}"),
        ]
        #expect(events == Self.two.dropLast() + split)
    }

    @Test func anIDThatIsRepeatedBeginsNothing() throws {
        let events = try Self.events([
            Self.call(#""index":0,"id":"a1","function":{"name":"f","arguments":"{\"x\""}"#),
            Self.call(#""index":0,"id":"a1","function":{"name":"f","arguments":":1}"}"#),
        ])
        #expect(events.count == 3)
    }

    @Test(arguments: [("error", "Mistral, OpenRouter"), ("abort", "vLLM, SGLang")])
    func anAnswerThatTheServerBrokeOffIsNone(word: String, who: String) throws {
        let events = try Self.events([#""delta":{"content":"half an ans"}"#, #""delta":{},"finish_reason":"\#(word)""#])
        guard case .error(let error)? = events.last else {
            Issue.record("\(events)")
            return
        }
        #expect(error.kind == .server && error.code == word, "\(who)")
        // So it is to a client of the same dialect.
        var observer = OpenAI.StreamObserver(includeUsage: false)
        let last = try observer.feed(
            Array("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"\(word)\"}]}\n\n".utf8)
        ).last
        #expect(last?.error?.code == word && last?.isForwarded == false && last?.isMeaningful == false)
        let whole = #"{"choices":[{"message":{"content":"half an ans"},"finish_reason":"\#(word)"}]}"#
        #expect(throws: UpstreamError.self) { try OpenAI.chatAnswer(from: Array(whole.utf8)) }
    }

    @Test func aContextThatIsFullEndsAnAnswerAsItsBoundDoes() throws {
        #expect(try Self.events([#""delta":{},"finish_reason":"model_length""#]) == [.finish(.length)])
    }

    // MARK: Refusals

    private static let refusal: [ChatEvent] = [
        .start(id: "a", model: "m", created: 1), .refusal("I will"), .refusal(" not."), .finish(.contentFilter), .done,
    ]

    /// The API's own library finds it there, and gives its words and no broken object.
    @Test func aRefusalIsOneInTheResponsesAPI() throws {
        var encoder = Responses.StreamEncoder(AnswerTerms(decision: "d", model: "m", created: 1))
        let told = String(decoding: Self.refusal.flatMap { encoder.encode($0) }, as: UTF8.self)
        let part = #""part":{"type":"refusal","refusal":"I will not."}"#
        for wanted in ["response.refusal.delta", "response.refusal.done", part, "event: response.completed"] {
            #expect(told.contains(wanted), "\(wanted) is not in \(told)")
        }
        #expect(!told.contains("output_text"))
        var decoder = Responses.StreamDecoder()
        #expect(try decoder.feed(Array(told.utf8)).filter(\.isMeaningful) == Self.refusal.filter(\.isMeaningful))
    }

    @Test(arguments: ClientDialect.allCases)
    func aRefusalIsToldToEveryClient(client: ClientDialect) throws {
        var answer = ChatAnswer(id: "a", model: "m")
        (answer.refusal, answer.finish) = ("I will not.", .contentFilter)
        let told = client.answer(answer, AnswerTerms(decision: "d", model: "m", created: 1))
        let again = try client.provider.answer(from: told, decision: "d")
        #expect(again.words == "I will not.")
        #expect((again.refusal != nil) == [.openai, .responses].contains(client))
    }

    @Test func mistralsClientGetsUsageThoughNothingIsKnownOfIt() throws {
        let told = ClientDialect.mistral.answer(
            ChatAnswer(id: "a", model: "m"),
            AnswerTerms(decision: "d", model: "m", created: 1)
        )
        #expect(String(decoding: told, as: UTF8.self).contains(#""usage":{}"#))
    }
}
