/// The two commit points, what the client reads, and what the record keeps.
import NetTypes
import Testing

@testable import Inference

@Suite struct ExchangeTests {
    private func world(isStreamed: Bool) throws -> ExchangeWorld {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.body(isStreamed: isStreamed)))
        return world
    }

    private func streaming(_ bytes: [UInt8]) throws -> ExchangeWorld {
        let world = try world(isStreamed: true)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(bytes)
        return world
    }

    @Test func aPlainAnswerPassesAsItCame() throws {
        let world = try world(isStreamed: false)
        try world.connect()
        let body = String(decoding: world.sent[0].body, as: UTF8.self)
        #expect(body.contains(#""model":"gpt-big""#))
        #expect(world.sent[0].path == "/v1/chat/completions")
        #expect(world.sent[0].authority == "192.0.2.1:8000")
        try world.answer(Answer.plainHead)
        for byte in Answer.plain { try world.send([byte]) }
        #expect(world.head == nil, "held until it is whole")
        try world.endUpstream()
        #expect(world.body == Answer.plain)
        #expect(world.head?.length == Answer.plain.count)
        let record = try #require(world.record)
        #expect(record.usage == UsageRow(input: 3, output: 1))
        #expect(record.policy == nil && record.group == "chat" && record.generation == 7)
        #expect(record.key == "ci" && record.team == "platform")
        #expect(world.head?.headers.first { $0.name == "x-martlet-decision" }?.value == record.id)
    }

    @Test func unreportedUsageIsNotZero() throws {
        var world = try streaming(Answer.word + Answer.stop + Answer.done)
        #expect(world.record?.usage == UsageRow())
        #expect(world.record?.usage.input == nil)
        world = try streaming(Answer.word + Answer.stop + Answer.usage + Answer.done)
        #expect(world.record?.usage == UsageRow(input: 3, output: 1))
        #expect(!world.text.contains("usage"), "only the gateway asked for it")
    }

    @Test func theHeadGoesWithTheFirstGoodEventAndContentIsHeldUntilItMeansSomething() throws {
        let world = try streaming(Answer.role)
        #expect(world.head?.status == 200)
        #expect(world.body.isEmpty)
        try world.send(Answer.word)
        #expect(world.body == Answer.role + Answer.word)
        try world.send(Answer.stop + Answer.done)
        #expect(world.end == .complete)
        #expect(world.record?.outcome == .answered)
    }

    @Test func theHeadGoesWithTheFirstHeartbeatAtTheLatest() throws {
        let world = try world(isStreamed: true)
        try world.connect()
        try world.feed(.tick, after: ExchangeLimits.heartbeat)
        #expect(world.head?.status == 200)
        #expect(world.text == ":\n\n")
        // Fallback is still open, but a failure can only be told as an event now.
        try world.breakUpstream(.reset)
        try world.refuseConnection(.connectRefused)
        try world.refuseConnection(.connectRefused)
        #expect(world.record?.outcome == .failed)
        #expect(world.text.contains(#"data: {"error""#))
        #expect(!world.text.contains("[DONE]"))
        #expect(world.end == .complete)
    }

    @Test func heldEventsOfAFailedStreamNeverReachTheClient() throws {
        let world = try streaming(Answer.role + Answer.error)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.messageStream)
        #expect(!world.text.contains(#""id":"x""#))
        #expect(world.text.hasSuffix("data: [DONE]\n\n"))
        #expect(world.record?.usage == UsageRow(input: 5, output: 2))
    }

    @Test(arguments: [FailureClass.errorMidStream, .reset, .truncated, .stall, .pathDown, .total])
    func afterTheContentCommitAStreamEndsWithAnErrorEventAndNoSuccessMarker(_ kind: FailureClass) throws {
        let world = try streaming(Answer.word)
        switch kind {
        case .errorMidStream: try world.send(Answer.error)
        case .reset: try world.breakUpstream(.reset)
        case .truncated: try world.endUpstream()
        case .stall: while world.record == nil { try world.waitForDeadline() }
        case .pathDown:
            try world.feed(.pathDown(Stage.fiber))
            try world.waitForDeadline()
        default:
            while world.record == nil {
                try world.send(Answer.word)
                try world.feed(.tick, after: .seconds(50))
            }
        }
        let record = try #require(world.record)
        #expect(record.outcome == .brokenOff)
        #expect(record.attempts.map(\.failure) == [kind])
        #expect(world.orders.count == 1, "never silently elsewhere")
        #expect(world.text.contains(#"data: {"error":{"message""#))
        #expect(!world.text.contains("[DONE]"))
        #expect(world.end == .complete)
    }

    @Test func aWrongAlarmAboutAPathDoesNotCutAStreamThatFlows() throws {
        let world = try streaming(Answer.word)
        try world.feed(.pathDown(Stage.fiber))
        try world.feed(.upstreamBytes(world.attempt, Answer.word), after: .seconds(1))
        try world.feed(.tick, after: .seconds(5))
        #expect(world.record == nil)
    }

    @Test func aClientThatGoesAwayCancelsTheUpstreamAtOnce() throws {
        let world = try streaming(Answer.word)
        try world.feed(.clientGone)
        #expect(world.upstream == .none)
        #expect(world.end == .abort)
        #expect(world.record?.outcome == .clientGone)
        #expect(world.record?.attempts.map(\.failure) == [nil])
        #expect(world.exchange.nextDeadline == nil)
    }

    @Test func aBlockedClientStopsTheReadingAndTheSilenceTimer() throws {
        let world = try streaming(Answer.word)
        try world.feed(.clientWritable(false))
        #expect(!world.isReading)
        try world.feed(.tick, after: .seconds(300))
        #expect(world.record == nil)
        try world.feed(.clientWritable(true))
        #expect(world.isReading)
        while world.record == nil { try world.waitForDeadline() }
        #expect(world.record?.attempts.first?.failure == .stall)
    }

    /// It holds a connection of the provider's, and a place of its key's.
    @Test func aClientThatTakesNothingIsLeftAfterTenMinutes() throws {
        let world = try streaming(Answer.word)
        try world.feed(.clientWritable(false))
        try world.feed(.tick, after: .seconds(599))
        #expect(world.record == nil)
        try world.feed(.tick, after: .seconds(1))
        #expect(world.record?.outcome == .clientGone && world.end == .abort && world.upstream == .none)
    }

    @Test func aServerThatLeavesDoneOutAfterStoppingWasWhole() throws {
        let world = try streaming(Answer.word + Answer.stop)
        try world.endUpstream()
        #expect(world.record?.outcome == .answered)
        #expect(world.text.hasSuffix("data: [DONE]\n\n"))
    }

    @Test func everyRetryDrawsAnewAndTheSameWay() throws {
        let first = try world(isStreamed: false).order
        #expect(first == (try world(isStreamed: false).order))
    }

    @Test(arguments: [
        ("{", 400, "invalid_json"),
        (#"{"messages":[]}"#, 400, "missing_required_parameter"),
        (#"{"model":"nobody","messages":[]}"#, 404, "model_not_found"),
    ])
    func whatCannotBeServedIsRefusedBeforeAnyProviderIsAsked(_ body: String, _ status: Int, _ code: String) throws {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Array(body.utf8)))
        #expect(world.head?.status == status)
        #expect(world.text.contains(#""code":"\#(code)""#))
        #expect(world.record?.outcome == .rejected)
        #expect(world.record?.attempts.isEmpty == true)
        #expect(world.orders.isEmpty)
    }

    @Test func timesInTheRecordAreTheOnesOfTheEvents() throws {
        let world = try world(isStreamed: true)
        world.now = world.now + .milliseconds(10)
        try world.connect()
        try world.feed(.upstreamHead(world.attempt, Answer.streamHead), after: .milliseconds(20))
        try world.feed(.upstreamBytes(world.attempt, Answer.word), after: .milliseconds(30))
        try world.feed(.upstreamBytes(world.attempt, Answer.stop + Answer.done), after: .milliseconds(40))
        let row = try #require(world.record?.attempts.first)
        #expect(row.connect == .milliseconds(10))
        #expect(row.head == .milliseconds(30))
        #expect(row.firstToken == .milliseconds(60))
        #expect(row.total == .milliseconds(100))
        #expect(world.record?.duration == .milliseconds(100))
        #expect(world.record?.headAfter == .milliseconds(60))
    }
}
