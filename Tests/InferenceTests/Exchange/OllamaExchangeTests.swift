/// Ollama's dialect on either side of an exchange: lines instead of events, streams where nobody asked, and calls without names.
import NetTypes
import Testing
import Wire

@testable import Inference

@Suite struct OllamaExchangeTests {
    private static let asked = #""messages":[{"role":"user","content":"hello"}]"#
    private static let lines = UpstreamHead(status: 200, contentType: "application/x-ndjson")

    /// A client of this dialect before OpenAI's provider, or whichever stands first.
    private func client(
        _ more: String = "",
        prompt: String = OllamaExchangeTests.asked,
        _ operation: ModelOperation = .chat,
        _ snapshot: GatewaySnapshot = Stage.snapshot()
    ) throws -> ExchangeWorld {
        let world = try ExchangeWorld(snapshot)
        let request = ClientRequest(
            dialect: .ollama,
            operation: operation,
            body: Array("{\"model\":\"chat\",\(prompt)\(more)}".utf8),
            key: "ci",
            team: nil,
            source: nil,
            unixMicroseconds: 1_790_000_000_000_000,
            draw: 0
        )
        try world.feed(.request(request))
        try world.connect()
        return world
    }

    /// The first provider speaks Ollama's dialect.
    private static func withOllama() -> GatewaySnapshot {
        var snapshot = Stage.snapshot()
        snapshot.providers[0] = GatewayProvider(
            name: "one",
            dialect: .ollama,
            isTLS: false,
            host: "192.0.2.1",
            port: 11434,
            pathPrefix: "",
            path: "wan"
        )
        return snapshot
    }

    private static func line(_ said: String, isDone: Bool = false) -> [UInt8] {
        let end = isDone ? #","done_reason":"stop","prompt_eval_count":5,"eval_count":2"# : ""
        return Array(#"{"model":"m","message":{"role":"assistant",\#(said)},"done":\#(isDone)\#(end)}"#.utf8) + [0x0A]
    }

    private func documents(_ world: ExchangeWorld) throws -> [JSONDocument] {
        var reader = JSONLineReader()
        let body = world.body
        reader.append(body.span.bytes)
        var documents: [JSONDocument] = []
        while let line = try reader.next() { documents.append(try JSONDocument(line.text)) }
        #expect(reader.finish() == nil, "half a line")
        return documents
    }

    /// It would be loaded anew, pinned or thrown out for everybody who asks it.
    @Test(
        arguments: [
            (
                #","keep_alive":-1,"options":{"num_ctx":1000000,"top_k":4,"use_mmap":false}"#,
                #","options":{"top_k":4}"#,
                "keep_alive, options.num_ctx, options.use_mmap"
            ),
            (#","keep\u005falive":0,"options":{"num_gpu":0}"#, #","options":{}"#, "keep_alive, options.num_gpu"),
            (#","options":{"num_keep":5},"think":false"#, #","options":{"num_keep":5},"think":false"#, nil),
        ] as [(String, String, String?)]
    )
    func howAModelIsHeldIsItsServersAffair(_ more: String, _ left: String, _ named: String?) throws {
        let world = try client(more, .chat, Self.withOllama())
        let sent = try #require(world.sent.last)
        #expect(String(decoding: sent.body, as: UTF8.self) == "{\"model\":\"\(Stage.bigModel)\",\(Self.asked)\(left)}")
        try world.answer(Self.lines)
        try world.send(Self.line(#""content":"hi""#, isDone: true))
        #expect(world.head?.headers.first { $0.name == "x-martlet-not-carried" }?.value == named)
    }

    @Test(arguments: ["KEEP_Alive", "Options", "MODEL", #"\u212Aeep_alive"#, "me\u{17F}sages"])
    func aFieldInLettersThatOnlyTheServerTakesForAnotherIsRefused(_ name: String) throws {
        var snapshot = Self.withOllama()
        snapshot.providers[1] = snapshot.providers[0]
        let world = try ExchangeWorld(snapshot)
        let body = Array("{\"model\":\"chat\",\(Self.asked),\"\(name)\":0}".utf8)
        try world.feed(Stage.request(body, dialect: .ollama))
        #expect(world.head?.status == 400 && world.orders.isEmpty && world.text.contains("would take it for"))
    }

    @Test(
        arguments: [
            (
                #""messages":[]"#, ModelOperation.chat,
                #""message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}"#
            ),
            (#""keep_alive":-1"#, .generate, #""response":"","done":true,"done_reason":"load"}"#),
            (#""prompt":"","keep_alive":0"#, .generate, #""response":"","done":true,"done_reason":"unload"}"#),
            (#""prompt":"","keep_alive":"0s""#, .generate, #""response":"","done":true,"done_reason":"unload"}"#),
        ] as [(String, ModelOperation, String)]
    )
    func whoAsksForNothingIsToldThatItIsDone(asked: String, operation: ModelOperation, told: String) throws {
        for snapshot in [Stage.snapshot(), Self.withOllama()] {
            let world = try ExchangeWorld(snapshot)
            let body = Array("{\"model\":\"chat\",\(asked)}".utf8)
            try world.feed(Stage.request(body, dialect: .ollama, operation: operation))
            #expect(world.orders.isEmpty && world.head?.status == 200 && world.text.hasSuffix(told + "\n"))
            #expect(world.record?.outcome == .answered && world.record?.cost == nil)
        }
    }

    @Test func aClientThatSaysNothingGetsLinesOfWhatWasEvents() throws {
        let world = try client()
        #expect(try RequestView(body: try #require(world.sent.last).body).stream)
        try world.answer(Answer.streamHead)
        try world.feed(.upstreamBytes(world.attempt, Answer.role + Answer.word), after: .seconds(2))
        try world.feed(.upstreamBytes(world.attempt, Answer.stop + Answer.done), after: .seconds(3))
        let type = world.head?.headers.first { $0.name == "content-type" }?.value
        #expect(type == "application/x-ndjson" && world.record?.outcome == .answered)
        let last = try #require(try documents(world).last)
        #expect(last["done"]?.bool == true && last["done_reason"]?.string == "stop")
        #expect(last["total_duration"]?.unsigned == 5_000_000_000)
        #expect(last["eval_duration"]?.unsigned == 3_000_000_000)
    }

    @Test func aPromptIsAConversationForOthersAndStaysOneForItsOwn() throws {
        let others = try client(#","stream":false"#, prompt: #""prompt":"hello""#, .generate)
        #expect(others.sent.last?.path == "/v1/chat/completions")
        try others.answer(Answer.plainHead)
        try others.send(Answer.plain)
        try others.endUpstream()
        let answer = try JSONDocument(others.body)
        #expect(answer["response"]?.string?.isEmpty == false && answer["message"] == nil)
        #expect(others.record?.operation == .generate)
        let own = try client(prompt: #""prompt":"hello""#, .generate, Self.withOllama())
        #expect(own.sent.last?.path == "/api/generate")
        #expect(own.sent.last?.body == Array("{\"model\":\"\(Stage.bigModel)\",\"prompt\":\"hello\"}".utf8))
    }

    @Test func silenceIsBrokenByAPieceThatSaysNothing() throws {
        let world = try client()
        try world.feed(.tick, after: ExchangeLimits.heartbeat)
        let pieces = try documents(world)
        #expect(pieces.count == 1 && pieces[0]["done"]?.bool == false)
        #expect(pieces[0]["message"]?["content"]?.string?.isEmpty == true && pieces[0]["model"]?.string == "chat")
    }

    @Test func aBrokenStreamEndsWithALineOfItsOwn() throws {
        let world = try client()
        try world.answer(Answer.streamHead)
        try world.send(Answer.role + Answer.word)
        try world.send(Answer.error)
        let pieces = try documents(world)
        #expect(world.record?.outcome == .brokenOff && pieces.last?["error"]?.string != nil)
        #expect(!pieces.contains { $0["done"]?.bool == true })
    }

    @Test(arguments: [(false, "/api/chat"), (true, "/api/chat")])
    func anOpenAIClientIsServedByOllama(isStreamed: Bool, path: String) throws {
        let world = try ExchangeWorld(Self.withOllama())
        try world.feed(Stage.request(Stage.body(model: "chat.big", isStreamed: isStreamed)))
        try world.connect()
        let sent = try #require(world.sent.last)
        let streams = try JSONDocument(sent.body)["stream"]?.bool
        #expect(sent.path == path && streams == isStreamed)
        let call = #""content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]"#
        try world.answer(isStreamed ? Self.lines : Answer.plainHead)
        try world.send(
            isStreamed ? Self.line(call) + Self.line(#""content":"""#, isDone: true) : Self.line(call, isDone: true)
        )
        if !isStreamed { try world.endUpstream() }
        let record = try #require(world.record)
        #expect(record.outcome == .answered && record.usage == UsageRow(input: 5, output: 2))
        #expect(world.text.contains("\"call_\(record.id)_0\"") && world.text.contains(#""finish_reason":"tool_calls""#))
    }

    @Test func eventsAreNoAnswerOfOllamas() throws {
        let world = try ExchangeWorld(Self.withOllama())
        try world.feed(Stage.request(Stage.body(isStreamed: true)))
        try world.connect()
        try world.answer(Answer.streamHead)
        #expect(world.orders.count == 2, "the next member is asked")
    }

    /// Whatever is cut off: the client gets whole lines or events and an error, or all of it when only the last line's end is missing.
    @Test(arguments: [ClientDialect.openai, .anthropic, .ollama])
    func aCutAtAnyByteIsAnError(_ dialect: ClientDialect) throws {
        let next = Self.line(#""content":" you""#)
        for cut in 1..<next.count {
            let world = try ExchangeWorld(Self.withOllama())
            let body = #"{"model":"chat.big","max_tokens":9,\#(Self.asked),"stream":true}"#
            try world.feed(Stage.request(Array(body.utf8), dialect: dialect))
            try world.connect()
            try world.answer(Self.lines)
            try world.send(Self.line(#""content":"hey""#) + next.prefix(cut))
            try world.endUpstream()
            #expect(world.record?.outcome == .brokenOff && world.text.contains("error"), "\(cut): \(world.text)")
            #expect(world.text.contains(" you") == (cut == next.count - 1), "\(cut): \(world.text)")
        }
    }

    @Test func anErrorBeforeTheFirstWordIsTriedElsewhere() throws {
        let world = try client(#","stream":true"#, .chat, Self.withOllama())
        try world.answer(Self.lines)
        try world.send(Array("{\"error\":\"cannot load\"}\n".utf8))
        #expect(world.orders.count == 2 && world.head == nil)
    }

    @Test func aModelThatIsNotThereIsTriedElsewhere() throws {
        let world = try client("", .chat, Self.withOllama())
        try world.answer(UpstreamHead(status: 404, contentType: "application/json"))
        try world.send(Array(#"{"error":"model 'x' not found"}"#.utf8))
        try world.endUpstream()
        #expect(world.orders.count == 2 && world.record == nil)
    }
}
