/// A client of OpenAI's Responses API on an exchange: items and numbered events of what other dialects say, and no memory.
import NetTypes
import Testing
import Wire

@testable import Inference

@Suite struct ResponsesExchangeTests {
    private func client(_ more: String = "", model: String = "chat") throws -> ExchangeWorld {
        let world = try ExchangeWorld(Stage.snapshot())
        let body = #"{"model":"\#(model)","input":"hello"\#(more)}"#
        try world.feed(Stage.request(Array(body.utf8), dialect: .responses))
        return world
    }

    private func events(_ world: ExchangeWorld) throws -> [JSONDocument] {
        var reader = EventStreamReader()
        return try reader.feed(world.body).compactMap(\.data).map { try JSONDocument($0) }
    }

    private func names(_ world: ExchangeWorld) throws -> [String] {
        try events(world).map { $0["type"]?.string ?? "?" }
    }

    @Test func aPlainAnswerRepeatsWhatWasAsked() throws {
        let more = #","instructions":"be brief","temperature":0.50,"max_output_tokens":99,"metadata":{"a":"b"}"#
        let world = try client(more)
        try world.connect()
        let sent = try #require(world.sent.last)
        let asked = try JSONDocument(sent.body)
        #expect(sent.path == "/v1/chat/completions" && asked["model"]?.string == Stage.bigModel)
        #expect(asked["max_completion_tokens"]?.unsigned == 99 && asked["store"] == nil && asked["input"] == nil)
        #expect(asked["messages"]?.elements.compactMap { $0["content"]?.string } == ["be brief", "hello"])
        try world.answer(Answer.plainHead)
        try world.send(Answer.plain)
        try world.endUpstream()
        let record = try #require(world.record)
        let answer = try JSONDocument(world.body)
        #expect(record.outcome == .answered && answer["id"]?.string == "resp_" + record.id)
        #expect(answer["object"]?.string == "response" && answer["status"]?.string == "completed")
        #expect(answer["instructions"]?.string == "be brief" && answer["temperature"]?.number == "0.50")
        #expect(answer["metadata"]?["a"]?.string == "b" && answer["store"]?.bool == false)
        #expect(answer["model"]?.string == "chat" && answer["tools"]?.kind == .array)
        let text = answer["output"]?.elements.compactMap { $0["content"]?.elements.compactMap { $0["text"]?.string } }
        #expect(text == [["hi"]])
        #expect(answer["usage"]?["total_tokens"]?.unsigned == 4)
        let named = world.head?.headers.first { $0.name == "x-martlet-not-carried" }?.value
        #expect(named == "metadata", "a hint is left out, and named")
    }

    @Test func aStreamIsToldInNumberedEvents() throws {
        let world = try client(#","stream":true"#)
        try world.connect()
        let sent = try #require(world.sent.last)
        #expect(try JSONDocument(sent.body)["stream_options"]?["include_usage"]?.bool == true)
        try world.answer(Answer.streamHead)
        try world.send(Answer.role + Answer.word)
        try world.send(Answer.stop + Answer.usage + Answer.done)
        try world.endUpstream()
        #expect(
            try names(world) == [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.content_part.added", "response.output_text.delta", "response.output_text.done",
                "response.content_part.done", "response.output_item.done", "response.completed",
            ]
        )
        let numbers = try events(world).map { $0["sequence_number"]?.unsigned }
        #expect(numbers == (0..<9).map { UInt64($0) })
        #expect(try events(world).last?["response"]?["usage"]?["input_tokens"]?.unsigned == 3)
        #expect(world.record?.outcome == .answered && world.record?.usage == UsageRow(input: 3, output: 1))
        let type = world.head?.headers.first { $0.name == "content-type" }?.value
        #expect(type == "text/event-stream")
    }

    /// Some servers leave the mark of the end out; the client gets its own.
    @Test func anEndThatIsMissingIsTold() throws {
        let world = try client(#","stream":true"#)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.role + Answer.word + Answer.stop)
        try world.endUpstream()
        #expect(try names(world).last == "response.completed")
    }

    @Test func aBrokenStreamEndsWithTheNextNumber() throws {
        let world = try client(#","stream":true"#)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.role + Answer.word)
        let told = try events(world).count
        try world.send(Answer.error)
        let all = try events(world)
        let last = try #require(all.last)
        #expect(world.record?.outcome == .brokenOff && last["type"]?.string == "error")
        #expect(last["sequence_number"]?.unsigned == UInt64(told), "no number is left out or told twice")
        #expect(last["message"]?.string == last["error"]?["message"]?.string && last["message"]?.string != nil)
        #expect(try !names(world).contains("response.completed"))
    }

    @Test func silenceIsBrokenByAComment() throws {
        let world = try client(#","stream":true"#)
        try world.connect()
        try world.feed(.tick, after: ExchangeLimits.heartbeat)
        let told = try events(world)
        #expect(world.text.hasPrefix(":") && told.isEmpty)
    }

    @Test func anAnthropicProviderServesIt() throws {
        let world = try client(#","stream":true"#, model: "chat.small")
        try world.connect()
        let sent = try #require(world.sent.last)
        let asked = try JSONDocument(sent.body)
        #expect(asked["messages"]?.elements.map { $0["role"]?.string } == ["user"])
        try world.answer(Answer.streamHead)
        try world.send(Answer.messageStream)
        try world.endUpstream()
        #expect(try names(world).last == "response.completed")
        let output = try events(world).last?["response"]?["output"]?.elements.map { $0["type"]?.string }
        #expect(output == ["message"])
    }

    // MARK: A provider that speaks it

    private static func withResponses() -> GatewaySnapshot {
        var snapshot = Stage.snapshot()
        snapshot.providers[0] = GatewayProvider(
            name: "one",
            dialect: .responses,
            isTLS: false,
            host: "192.0.2.1",
            port: 8000,
            pathPrefix: "/v1",
            path: "wan"
        )
        return snapshot
    }

    private static let stream: [UInt8] = {
        var encoder = Responses.StreamEncoder(AnswerTerms(decision: "x", model: "m", created: 1))
        let events: [ChatEvent] = [.text("hi"), .finish(.stop), .usage(Usage(input: 3, output: 1)), .done]
        return events.flatMap { encoder.encode($0) }
    }()

    /// Of the answer nothing is changed but the response's name, which gets its mark.
    @Test func whatItsClientsSayPassesUnread() throws {
        var snapshot = Self.withResponses()
        for place in snapshot.providers.indices { snapshot.providers[place].keepsResponses = true }
        let world = try ExchangeWorld(snapshot)
        let body = #"{"model":"chat.big","prompt":{"id":"pmpt_1"},"stream":true, "later":[1.0]}"#
        try world.feed(Stage.request(Array(body.utf8), dialect: .responses))
        try world.connect()
        let sent = try #require(world.sent.last)
        #expect(sent.path == "/v1/responses")
        #expect(String(decoding: sent.body, as: UTF8.self) == body.replacing("chat.big", with: Stage.bigModel))
        try world.answer(Answer.streamHead)
        try world.send(Self.stream)
        try world.endUpstream()
        let unmarked = world.text.replacing(#/resp_mt[0-9a-f]{16}-/#, with: "")
        #expect(unmarked == String(decoding: Self.stream, as: UTF8.self) && world.record?.outcome == .answered)
        #expect(world.record?.usage.input == 3 && world.record?.usage.output == 1)
    }

    @Test func anOpenAIClientIsServedByIt() throws {
        let world = try ExchangeWorld(Self.withResponses())
        try world.feed(Stage.request(Stage.body(model: "chat.big", isStreamed: true)))
        try world.connect()
        let sent = try #require(world.sent.last)
        let asked = try JSONDocument(sent.body)
        #expect(sent.path == "/v1/responses" && asked["store"]?.bool == false && asked["stream"]?.bool == true)
        try world.answer(Answer.streamHead)
        try world.send(Self.stream)
        try world.endUpstream()
        #expect(world.record?.outcome == .answered && world.text.contains(#""content":"hi""#))
        #expect(world.text.hasSuffix("data: [DONE]\n\n"))
    }

    /// Whoever keeps nothing says so, and to which field.
    @Test(arguments: [
        (#","previous_response_id":"resp_1""#, "previous_response_id"), (#","store":true"#, "store"),
        (#","tools":[{"type":"web_search"}]"#, "tools[0]"), (#","truncation":"auto""#, "truncation"),
        (#","top_logprobs":3"#, "top_logprobs"),
    ])
    func whatNobodyCanDoIsRefusedByItsName(more: String, field: String) throws {
        let world = try client(more)
        #expect(world.head?.status == 400 && world.sent.isEmpty)
        let document = try JSONDocument(world.body)
        let error = try #require(document["error"])
        #expect(error["param"]?.string == field && error["code"]?.string == "unsupported_parameter")
    }

    /// What a provider's dialect has no word for bears the name that the client knows.
    @Test func aWishBearsTheClientsName() throws {
        let world = try client(#","text":{"format":{"type":"json_object"}}"#, model: "chat.small")
        let document = try JSONDocument(world.body)
        let error = try #require(document["error"])
        #expect(world.head?.status == 400 && error["param"]?.string == "text.format")
        #expect(error["message"]?.string?.contains("'text.format'") == true)
    }
}
