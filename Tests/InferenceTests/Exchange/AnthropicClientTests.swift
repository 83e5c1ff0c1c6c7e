/// A client of the Messages API, before providers of both dialects: what is sent for it, and what it reads.
import NetTypes
import Testing
import Wire

@testable import Inference

@Suite struct AnthropicClientTests {
    private func world(
        isStreamed: Bool,
        more: String = "",
        passedOn: [Header] = [],
        _ snapshot: GatewaySnapshot = Stage.snapshot()
    ) throws -> ExchangeWorld {
        let world = try ExchangeWorld(snapshot)
        let body = Stage.message(isStreamed: isStreamed, more: more)
        try world.feed(Stage.request(body, dialect: .anthropic, passedOn: passedOn))
        return world
    }

    /// The first member is OpenAI's; when it refuses the connection the second, Anthropic's, is asked.
    private func worldAtAnthropic(isStreamed: Bool, passedOn: [Header] = []) throws -> ExchangeWorld {
        let world = try world(isStreamed: isStreamed, passedOn: passedOn)
        try world.refuseConnection(.connectRefused)
        try world.connect()
        return world
    }

    private func eventNames(_ world: ExchangeWorld) throws -> [String] {
        var reader = EventStreamReader()
        return try reader.feed(world.body).map(\.name)
    }

    @Test func aMessagePassesToAnthropicAndBackAsItCame() throws {
        let world = try worldAtAnthropic(isStreamed: false, passedOn: [Header("anthropic-beta", "new-2026")])
        let sent = try #require(world.sent.first)
        #expect(sent.path == "/v1/messages")
        let client = String(decoding: Stage.message(isStreamed: false), as: UTF8.self)
        let patched = client.split(separator: #""chat""#).joined(separator: "\"\(Stage.smallModel)\"")
        #expect(String(decoding: sent.body, as: UTF8.self) == patched)
        #expect(sent.headers.contains(Header("anthropic-beta", "new-2026")))
        try world.answer(Answer.plainHead)
        try world.send(Answer.message)
        try world.endUpstream()
        #expect(world.body == Answer.message)
        #expect(world.record?.usage == UsageRow(input: 5, output: 2))
        #expect(world.record?.outcome == .answered)
    }

    @Test func aMessageIsTranslatedForOpenAIAndItsAnswerBack() throws {
        let world = try world(isStreamed: false, passedOn: [Header("anthropic-beta", "new-2026")])
        try world.connect()
        let sent = try #require(world.sent.first)
        #expect(sent.path == "/v1/chat/completions")
        #expect(!sent.headers.contains { $0.name == "anthropic-beta" }, "it means nothing there")
        #expect(try RequestView(body: sent.body).maxTokens == 9)
        try world.answer(Answer.plainHead)
        try world.send(Answer.plain)
        try world.endUpstream()
        let answer = try JSONDocument(world.body)
        #expect(answer["type"]?.string == "message")
        #expect(answer["model"]?.string == "chat")
        #expect(answer["id"]?.string == "msg_" + (world.record?.id ?? ""))
        #expect(answer["stop_reason"]?.string == "end_turn")
        #expect(world.record?.usage == UsageRow(input: 3, output: 1))
    }

    @Test func aStreamPassesAsItCameAndEndsWithItsMark() throws {
        let world = try worldAtAnthropic(isStreamed: true)
        try world.answer(Answer.streamHead)
        try world.send(Answer.messageStream)
        #expect(world.body == Answer.messageStream)
        #expect(world.record?.outcome == .answered)
        #expect(world.record?.usage == UsageRow(input: 5, output: 2))
    }

    @Test(arguments: [true, false])
    func aStreamOfOpenAIBecomesOneOfMessages(_ hasMark: Bool) throws {
        let world = try world(isStreamed: true)
        try world.connect()
        #expect(String(decoding: world.sent[0].body, as: UTF8.self).contains(#""include_usage":true"#))
        try world.answer(Answer.streamHead)
        try world.send(Answer.role)
        #expect(world.body.isEmpty, "nothing yet that means something")
        try world.send(Answer.word + Answer.stop + Answer.usage)
        if hasMark { try world.send(Answer.done) } else { try world.endUpstream() }
        #expect(
            try eventNames(world) == [
                "message_start", "content_block_start", "ping", "content_block_delta", "content_block_stop",
                "message_delta", "message_stop",
            ]
        )
        #expect(world.text.contains(#""usage":{"input_tokens":3,"output_tokens":1}"#))
        #expect(world.record?.outcome == .answered)
    }

    @Test func aMessageWithoutItsMarkWasCutOff() throws {
        let world = try worldAtAnthropic(isStreamed: true)
        try world.answer(Answer.streamHead)
        let mark = Answer.bytes("event: x\ndata: {\"type\":\"message_stop\"}\n\n")
        try world.send(Array(Answer.messageStream.dropLast(mark.count)))
        try world.endUpstream()
        #expect(world.record?.outcome == .brokenOff)
        #expect(try eventNames(world).last == "error")
    }

    @Test func silenceIsBrokenByPings() throws {
        let world = try world(isStreamed: true)
        try world.connect()
        try world.feed(.tick, after: ExchangeLimits.heartbeat)
        #expect(world.text == "event: ping\ndata: {\"type\":\"ping\"}\n\n")
    }

    @Test(arguments: [Answer.error, Answer.bytes("data: {\"choices\":\n\n")])
    func aBrokenStreamEndsWithAnErrorEventAndNothingAfterIt(_ end: [UInt8]) throws {
        let world = try world(isStreamed: true)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.word)
        try world.send(end)
        #expect(world.record?.outcome == .brokenOff)
        let events = try eventNames(world)
        #expect(events.last == "error" && !events.contains("message_stop"))
        #expect(world.text.contains(#"data: {"type":"error","error":{"type":"api_error","message":""#))
        #expect(world.text.contains(#""request_id":"\#(world.record?.id ?? "")""#))
    }

    @Test(arguments: [ClientDialect.openai, .anthropic])
    func anOverloadInTheMiddleOfAStreamIsCalledOne(_ client: ClientDialect) throws {
        let world = try ExchangeWorld()
        let body = client == .openai ? Stage.body(isStreamed: true) : Stage.message(isStreamed: true)
        try world.feed(Stage.request(body, dialect: client))
        try world.refuseConnection(.connectRefused)
        try world.connect()
        try world.answer(Answer.streamHead)
        // The head and the first word.
        try world.send(Array(Answer.messageStream.prefix(300)))
        #expect(world.text.contains("hey"))
        try world.send(
            Answer.event(#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)
        )
        #expect(world.record?.outcome == .brokenOff)
        #expect(world.text.contains("overloaded_error") && world.text.contains("Overloaded"))
    }

    @Test(
        arguments: [
            (429, 429, "rate_limit_error"), (529, 529, "overloaded_error"), (503, 529, "overloaded_error"),
            (500, 502, "api_error"), (401, 502, "api_error"), (404, 502, "api_error"),
        ]
    )
    func whenNobodyIsLeftTheClientReadsItInItsOwnWords(_ given: Int, _ status: Int, _ type: String) throws {
        let world = try world(isStreamed: false)
        while world.record == nil {
            try world.connect()
            try world.answer(UpstreamHead(status: given, contentType: "application/json", retryAfter: "7"))
            try world.endUpstream()
        }
        #expect(world.head?.status == status && world.record?.status == status)
        #expect(try JSONDocument(world.body)["error"]?["type"]?.string == type)
        let waits = world.head?.headers.contains(Header("retry-after", "7")) == true
        #expect(waits == (status == 429 || status == 529))
        #expect(world.head?.headers.contains(Header("x-should-retry", "false")) == (status >= 500))
    }

    @Test(
        arguments: [
            ("{", 400, "invalid_request_error", "invalid_json"),
            (#"{"model":"chat","messages":[]}"#, 400, "invalid_request_error", "missing_required_parameter"),
            (
                #"{"model":"chat","max_tokens":0,"messages":[]}"#, 400, "invalid_request_error", "invalid_value"
            ),
            (#"{"model":"nobody","max_tokens":1,"messages":[]}"#, 404, "not_found_error", "model_not_found"),
        ]
    )
    func whatCannotBeServedIsRefusedBeforeAnyProviderIsAsked(
        _ body: String,
        _ status: Int,
        _ type: String,
        _ code: String
    ) throws {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Array(body.utf8), dialect: .anthropic))
        #expect(world.head?.status == status)
        #expect(try JSONDocument(world.body)["error"]?["type"]?.string == type)
        #expect(world.record?.errorCode == code)
        #expect(world.orders.isEmpty)
    }

    @Test func aProvidersOwnWordsReachAClientOfItsDialectAlone() throws {
        let words = Answer.bytes(#"{"type":"error","error":{"type":"invalid_request_error","message":"too odd"}}"#)
        let world = try worldAtAnthropic(isStreamed: false)
        try world.answer(UpstreamHead(status: 400, contentType: "application/json"))
        try world.send(words)
        try world.endUpstream()
        #expect(world.body == words)
        let other = try self.world(isStreamed: false)
        try other.connect()
        try other.answer(UpstreamHead(status: 400, contentType: "application/json"))
        try other.send(Answer.bytes(#"{"error":{"message":"too odd","type":"invalid_request_error","code":"odd"}}"#))
        try other.endUpstream()
        #expect(other.head?.status == 400)
        #expect(try JSONDocument(other.body)["error"]?["message"]?.string == "too odd")
    }

    @Test(arguments: [NotCarried.refuse, .report])
    func aWishThatAProviderHasNoFieldForIsTheOperatorsToDropAndAHintIsNot(_ notCarried: NotCarried) throws {
        var snapshot = Stage.snapshot()
        for index in snapshot.deployments.indices { snapshot.deployments[index].notCarried = notCarried }
        let world = try world(isStreamed: false, more: #","top_k":5,"service_tier":"standard_only""#, snapshot)
        let order = try #require(world.order)
        guard notCarried == .report else {
            // The OpenAI provider cannot say it, and the Anthropic one need not translate it.
            #expect(world.exchange.record.attempts.map(\.failure) == [.notCarried])
            #expect(world.exchange.record.attempts.map(\.detail) == ["top_k"])
            #expect(order.mark == nil, "the second member, by the host's own routing")
            return
        }
        #expect(order.mark == Stage.fiber)
        try world.connect()
        try world.answer(Answer.plainHead)
        try world.send(Answer.plain)
        try world.endUpstream()
        #expect(world.head?.headers.contains(Header("x-martlet-not-carried", "top_k, service_tier")) == true)
    }

    @Test func whatNobodyCanCarryIsRefusedWithItsName() throws {
        let world = try world(isStreamed: false, more: #","top_k":5"#)
        try world.refuseConnection(.connectRefused)
        // The refusal of the one member that could is the last failure, and says more than the field.
        #expect(world.record?.errorCode == "upstream_unreachable")
        var alone = Stage.snapshot()
        alone.deployments[1] = Deployment(provider: 0, model: "other")
        let refused = try self.world(isStreamed: false, more: #","top_k":5"#, alone)
        #expect(refused.head?.status == 400)
        #expect(refused.text.contains("'top_k'"))
        #expect(refused.record?.errorCode == "unsupported_parameter")
    }
}
