/// Does what a provider has kept, or sealed, find its way back to it? Every request here is made on a view of its own, as after a restart.
import Chance
import NetTypes
import PolicyEngine
import Testing
import Wire

@testable import Inference

@Suite struct KeptResponseTests {
    @Test func theNameOfAResponseLeadsBackToItsMember() throws {
        let first = try KeptStage.world(model: "chat.small")
        let id = try #require(try KeptStage.answered(first)["id"]?.string)
        #expect(id.hasPrefix("resp_mt") && id.hasSuffix("-resp_own"))
        let second = try KeptStage.world(#","previous_response_id":"\#(id)""#)
        #expect(second.order?.host == "two.example", "and not to the group's first member")
        let told = try KeptStage.answered(second, KeptStage.response(#","previous_response_id":"resp_own""#))
        #expect(try JSONDocument(#require(second.sent.last).body)["previous_response_id"]?.string == "resp_own")
        #expect(told["previous_response_id"]?.string == id)
        let row = second.record?.candidates.first { $0.member == "chat.big" }
        #expect(row?.cause == "kept-elsewhere")
    }

    @Test func aResponseIsThereForItsKeyAlone() throws {
        let id = try #require(try KeptStage.answered(KeptStage.world())["id"]?.string)
        for world in [
            try KeptStage.world(#","previous_response_id":"\#(id)""#, key: "other"),
            try KeptStage.world(#","previous_response_id":"\#(id)x""#),
            try KeptStage.world(#","previous_response_id":"\#(id)""#, model: "chat.small"),
        ] {
            let error = try JSONDocument(world.body)["error"]
            #expect(world.head?.status == 400 && world.orders.isEmpty)
            #expect(error?["code"]?.string == "previous_response_not_found")
            #expect(error?["param"]?.string == "previous_response_id")
        }
    }

    /// A member that has not kept the response cannot stand in for one that has.
    @Test func aConversationThatIsKeptHasNoOtherMember() throws {
        let id = try #require(try KeptStage.answered(KeptStage.world())["id"]?.string)
        let world = try KeptStage.world(#","previous_response_id":"\#(id)""#)
        try world.refuseConnection(.connectRefused)
        #expect(world.orders.allSatisfy { $0.host == "192.0.2.1" } && world.record?.outcome == .failed)
    }

    @Test(arguments: ["store", "background"])
    func nothingIsKeptWhereTheOperatorDoesNotLetIt(field: String) throws {
        let refused = try KeptStage.world(#","\#(field)":true"#, KeptStage.snapshot(keeps: false))
        #expect(refused.head?.status == 400 && refused.sent.isEmpty)
        #expect(try JSONDocument(refused.body)["error"]?["param"]?.string == field)
        let world = try KeptStage.world("", KeptStage.snapshot(keeps: false))
        let answer = try KeptStage.answered(world)
        #expect(try JSONDocument(#require(world.sent.last).body)["store"]?.bool == false)
        #expect(answer["id"]?.string == "resp_own", "it leads nowhere")
        let kept = try KeptStage.world()
        try kept.connect()
        #expect(try JSONDocument(#require(kept.sent.last).body)["store"] == nil, "what the client did not say")
    }

    @Test func aStreamNamesTheResponseAsTheClientKnowsIt() throws {
        let world = try KeptStage.world(#","stream":true"#)
        try world.connect()
        try world.answer(Answer.streamHead)
        let delta = #"{"type":"response.output_text.delta","item_id":"msg_1","delta":"hi"}"#
        let done =
            #"{"type":"response.completed","sequence_number":2,"response":\#(KeptStage.response("", KeptStage.thought))}"#
        let item = #"{"type":"response.output_item.done","item":\#(KeptStage.thought)}"#
        var bytes: [UInt8] = []
        for (name, data) in [("", delta), ("response.output_item.done", item), ("response.completed", done)] {
            EventStreamWriter.append(event: name, data: Array(data.utf8), to: &bytes)
        }
        try world.send(bytes)
        let whole = try KeptStage.answered(KeptStage.world())["id"]?.string
        var reader = EventStreamReader()
        let events = try reader.feed(world.body)
        let documents = try events.compactMap(\.data).map { try JSONDocument($0) }
        #expect(events.map(\.name) == ["", "response.output_item.done", "response.completed"])
        #expect(documents.first?.bytes == Array(delta.utf8), "what names nothing passes")
        #expect(documents.last?["response"]?["id"]?.string == whole)
        let sealed = try #require(documents[1]["item"]?["encrypted_content"]?.string)
        let output = documents[2]["response"]?["output"]?.elements.compactMap { $0["encrypted_content"]?.string }
        #expect(sealed.hasSuffix("-sealed") && output == [sealed])
        #expect(world.record?.outcome == .answered)
    }

    /// A thought of `chat.small`'s as its client was told it.
    private static func sealedBySmall() throws -> String {
        let answer = try KeptStage.answered(
            KeptStage.world(model: "chat.small"),
            KeptStage.response("", KeptStage.thought)
        )
        return try #require(answer["output"]?.elements.map(\.self).first?["encrypted_content"]?.string)
    }

    private static func thinking(_ sealed: String) -> String {
        let thought = #"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"\#(sealed)"}"#
        let call = #"{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"}"#
        let result = #"{"type":"function_call_output","id":"fo_1","call_id":"c","output":"1"}"#
        let answer = #"{"type":"message","id":"msg_2","role":"assistant","content":"x"}"#
        return
            #","input":[{"role":"user","content":"a"},\#(thought),\#(call),\#(result),\#(answer),{"role":"user","content":"b"}]"#
    }

    @Test func aSealedThoughtGoesBackToTheMemberThatHadIt() throws {
        let world = try KeptStage.world(Self.thinking(Self.sealedBySmall()))
        #expect(world.order?.host == "two.example")
        try world.connect()
        let items = try JSONDocument(#require(world.sent.last).body)["input"]?.elements.map(\.self)
        #expect(items?[1]["encrypted_content"]?.string == "sealed")
        #expect(items?.map { $0["id"]?.string } == [nil, "rs_1", "fc_1", "fo_1", "msg_2", nil])
    }

    @Test func aThoughtThatNobodyCanOpenIsLeftOutAndNamed() throws {
        let world = try KeptStage.world(Self.thinking(Self.sealedBySmall()))
        try world.refuseConnection(.connectRefused)
        #expect(world.order?.host == "192.0.2.1", "better without the thought than not at all")
        _ = try KeptStage.answered(world)
        let items = try JSONDocument(#require(world.sent.last).body)["input"]?.elements.map(\.self)
        #expect(items?.contains { $0["type"]?.string == "reasoning" } == false)
        // By its name the provider would know that the call lacks its thought.
        #expect(items?.map { $0["id"]?.string } == [nil, nil, "fo_1", "msg_2", nil])
        #expect(world.head?.headers.contains(Header("x-martlet-not-carried", "input.reasoning")) == true)
        // What did not go through here passes, whoever sealed it.
        let others = try KeptStage.world(Self.thinking("gAAAA"))
        try others.connect()
        let passed = try JSONDocument(#require(others.sent.last).body)["input"]?.elements.map(\.self)
        #expect(passed?[1]["encrypted_content"]?.string == "gAAAA")
    }

    /// Whoever names what is not there must not put a member out by it.
    @Test func anItemThatIsNotThereIsTheClientsMistake() throws {
        let world = try KeptStage.world()
        try world.connect()
        try world.answer(UpstreamHead(status: 404, contentType: "application/json"))
        let error =
            #"{"error":{"message":"Item with id 'rs_1' not found.","type":"invalid_request_error","param":"input","code":null}}"#
        try world.send(Array(error.utf8))
        try world.endUpstream()
        #expect(world.head?.status == 404 && world.signals.isEmpty && world.alarms.isEmpty)
        #expect(world.body == Array(error.utf8))
    }

    /// A response that is not kept has no name that leads anywhere, and no client gives one its name.
    @Test func noClientHasTheNameOfAnothersResponseSealed() throws {
        let world = try KeptStage.world(#","request_id":"resp_victim","store":false"#)
        let answer = try KeptStage.answered(world, KeptStage.response(#","store":false"#))
        #expect(try JSONDocument(#require(world.sent.last).body)["request_id"] == nil)
        #expect(answer["id"]?.string == "resp_own")
        #expect(world.head?.headers.contains { $0.name == "x-martlet-not-carried" && $0.value == "request_id" } == true)
    }

    @Test func whoseUseIsLimitedAsksForNothingInTheBackground() throws {
        var snapshot = KeptStage.snapshot()
        let digest = KeyDigest(bytes: SHA256.digest([0x6B]))?.hexadecimal ?? ""
        let limits = LoadLimits(requests: Pace(100, per: .seconds(60)))
        snapshot.keys = [GatewayKey(name: "ci", sha256: digest, limits: limits)]
        var request = ClientRequest(
            dialect: .responses,
            body: Array(#"{"model":"chat","input":"hello","background":true}"#.utf8),
            key: "ci",
            team: nil,
            source: nil,
            unixMicroseconds: 1_790_000_000_000_000,
            draw: 0
        )
        request.access = try RoutingView(snapshot) { _, _ in PlainWords() }.keys.key(presented: [0x6B])
        let world = try ExchangeWorld(snapshot)
        try world.feed(.request(request))
        #expect(world.head?.status == 400 && world.sent.isEmpty)
        #expect(try JSONDocument(world.body)["error"]?["param"]?.string == "background")
    }

    /// Of what works on in the background nobody here sees the end: what was reserved for it is owed.
    @Test func anAnswerInTheBackgroundOwesWhatWasReserved() throws {
        let world = try KeptStage.world(#","background":true,"max_output_tokens":500"#)
        let queued = #"{"id":"resp_own","object":"response","status":"queued","error":null,"output":[],"usage":null}"#
        #expect(try KeptStage.answered(world, queued)["status"]?.string == "queued")
        #expect(world.record?.cost?.output == 500 && world.record?.cost?.isUsageEstimated == true)
    }

    // MARK: Kept responses themselves

    @Test(arguments: [("", PassageRequest.Method.get), ("/cancel", .post)])
    func aKeptResponseIsAskedOfItsProviderAndNamedAsTheClientKnowsIt(
        _ part: String,
        _ method: PassageRequest.Method
    ) throws {
        var (passage, actions) = try KeptStage.asked(part, method)
        let sent = actions.compactMap { if case .send(_, let request) = $0 { request } else { nil } }
        #expect(sent.map(\.path) == ["/responses/resp_own\(part)?a=1"])
        let head = UpstreamHead(status: 200, contentType: "application/json")
        let now = Stage.start
        actions = passage.handle(.upstreamHead(AttemptID(0), head), at: now)
        #expect(actions.isEmpty, "its length is not known yet")
        let usage = #","usage":{"input_tokens":5,"input_tokens_details":{},"output_tokens":7}"#
        actions += passage.handle(.upstreamBytes(AttemptID(0), Array(KeptStage.response(usage).utf8)), at: now)
        actions += passage.handle(.upstreamEnded(AttemptID(0)), at: now)
        let body = actions.flatMap { if case .writeBody(let bytes) = $0 { bytes } else { [UInt8]() } }
        let told = actions.compactMap { if case .writeHead(let head) = $0 { head } else { nil } }
        #expect(told.map(\.length) == [body.count] && told.map(\.status) == [200])
        #expect(try JSONDocument(body)["id"]?.string?.hasPrefix("resp_mt") == true)
        let record = actions.compactMap { if case .finished(let record) = $0 { record } else { nil } }.first
        #expect(record?.cost == nil && record?.outcome == .answered, "it was paid for when it was made")
    }

    @Test func aKeptStreamIsNamedAsItComes() throws {
        var (passage, _) = try KeptStage.asked("", .get)
        let now = Stage.start
        var head = UpstreamHead(status: 200, contentType: "text/event-stream")
        head.length = 5
        var actions = passage.handle(.upstreamHead(AttemptID(0), head), at: now)
        var bytes: [UInt8] = []
        let data = #"{"type":"response.completed","response":\#(KeptStage.response())}"#
        EventStreamWriter.append(event: "response.completed", data: Array(data.utf8), to: &bytes)
        actions += passage.handle(.upstreamBytes(AttemptID(0), Array(bytes.prefix(20))), at: now)
        actions += passage.handle(.upstreamBytes(AttemptID(0), Array(bytes.dropFirst(20))), at: now)
        actions += passage.handle(.upstreamEnded(AttemptID(0)), at: now)
        let told = actions.compactMap { if case .writeHead(let head) = $0 { head } else { nil } }
        #expect(told.map(\.length) == [nil])
        let body = actions.flatMap { if case .writeBody(let bytes) = $0 { bytes } else { [UInt8]() } }
        #expect(String(decoding: body, as: UTF8.self).contains(#""id":"resp_mt"#))
    }
}
