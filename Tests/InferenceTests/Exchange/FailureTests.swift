/// Each class of failure, before anything meaningful has reached the client: whom the exchange asks next, whose health it
/// counts against, and what the record says.
import NetTypes
import Testing

@testable import Inference

struct FailureRow: Sendable, CustomTestStringConvertible {
    let kind: FailureClass
    /// `member path` of the second attempt; nil: nobody is asked.
    let next: String?
    let signal: String?
    var alarm: GatewayAlarm.Code?
    var isStreamed = true
    let fail: @Sendable (ExchangeWorld) throws -> Void

    var testDescription: String { kind.rawValue }

    static func status(
        _ status: Int,
        _ kind: FailureClass,
        next: String?,
        signal: String?,
        alarm: GatewayAlarm.Code? = nil
    )
        -> FailureRow
    {
        FailureRow(kind: kind, next: next, signal: signal, alarm: alarm) { world in
            try world.connect()
            try world.answer(UpstreamHead(status: status, contentType: "application/json"))
            try world.send(Answer.bytes(#"{"error":{"message":"no","type":"x"}}"#))
            try world.endUpstream()
        }
    }

    static func overloaded(retryAfter: String, signal: String) -> FailureRow {
        FailureRow(kind: .overloaded, next: otherMember, signal: signal) { world in
            try world.connect()
            try world.answer(UpstreamHead(status: 503, contentType: "application/json", retryAfter: retryAfter))
            try world.endUpstream()
        }
    }

    static func firstEvent(
        _ code: String,
        _ kind: FailureClass,
        next: String?,
        signal: String?,
        _ alarm: GatewayAlarm.Code? = nil
    ) -> FailureRow {
        FailureRow(kind: kind, next: next, signal: signal, alarm: alarm) { world in
            try world.connect()
            try world.answer(Answer.streamHead)
            try world.send(Answer.event(#"{"error":{"message":"no","code":"\#(code)"}}"#))
        }
    }

    /// Another path of the same member, when the way may be at fault.
    static let otherPath = "chat.big wan.cable"
    static let otherMember = "chat.small -"
    static let onPath = "chat.big wan.fiber failure"
    static let onMember = "chat.big - failure"

    static let all: [FailureRow] = [
        .init(kind: .nameResolution, next: otherPath, signal: onPath) { try $0.refuseConnection(.nameResolution) },
        .init(kind: .connectRefused, next: otherMember, signal: onMember) { try $0.refuseConnection(.connectRefused) },
        .init(kind: .unreachable, next: otherPath, signal: onPath) { try $0.refuseConnection(.unreachable) },
        .init(kind: .tls, next: otherMember, signal: onMember) { try $0.refuseConnection(.tls) },
        .init(kind: .secretUnavailable, next: otherMember, signal: onMember, alarm: .secretUnavailable) {
            try $0.refuseConnection(.secretUnavailable)
        },
        .init(kind: .connectTimeout, next: otherPath, signal: onPath) { try $0.waitForDeadline() },
        .init(kind: .headTimeout, next: otherMember, signal: onMember, isStreamed: false) { world in
            try world.connect()
            try world.waitForDeadline()
        },
        .init(kind: .firstTokenTimeout, next: otherMember, signal: onMember) { world in
            try world.connect()
            try world.answer(Answer.streamHead)
            try world.send(Answer.role)
            while world.orders.count == 1 { try world.waitForDeadline() }
        },
        .init(kind: .stall, next: otherMember, signal: onMember, isStreamed: false) { world in
            try world.connect()
            try world.answer(Answer.plainHead)
            try world.send(Answer.bytes("{"))
            try world.waitForDeadline()
        },
        .status(429, .rateLimited, next: otherMember, signal: "chat.big pause 2s"),
        .status(503, .overloaded, next: otherMember, signal: onMember),
        .status(529, .overloaded, next: otherMember, signal: onMember),
        .overloaded(retryAfter: "7", signal: "chat.big pause 7s"),
        // To come again at once is no wish to be left alone.
        .overloaded(retryAfter: "0", signal: onMember),
        .overloaded(retryAfter: "Sun, 06 Nov 1994 08:49:37 GMT", signal: onMember),
        .overloaded(retryAfter: "7200", signal: "chat.big pause 60s"),
        .status(500, .serverError, next: otherMember, signal: onMember),
        .status(401, .unauthorised, next: otherMember, signal: onMember, alarm: .upstreamUnauthorised),
        .status(403, .unauthorised, next: otherMember, signal: onMember, alarm: .upstreamUnauthorised),
        .status(404, .unknownUpstreamModel, next: otherMember, signal: onMember, alarm: .upstreamModelUnknown),
        .status(302, .malformed, next: otherMember, signal: onMember),
        // The client's own mistakes are nobody's failure and nobody else's work.
        .status(400, .clientError, next: nil, signal: nil),
        .status(422, .clientError, next: nil, signal: nil),
        .init(kind: .malformed, next: otherMember, signal: onMember, isStreamed: false) { world in
            try world.connect()
            try world.answer(Answer.plainHead)
            try world.send(Answer.bytes("<html>"))
            try world.endUpstream()
        },
        .init(kind: .malformed, next: otherMember, signal: onMember) { world in
            try world.connect()
            try world.answer(Answer.plainHead)
        },
        .init(kind: .errorFirstEvent, next: otherMember, signal: onMember) { world in
            try world.connect()
            try world.answer(Answer.streamHead)
            try world.send(Answer.role + Answer.error)
        },
        // What a status would have said, said by the first event.
        .firstEvent("engine_overloaded", .overloaded, next: otherMember, signal: onMember),
        .firstEvent("rate_limit_exceeded", .rateLimited, next: otherMember, signal: "chat.big pause 2s"),
        .firstEvent("insufficient_quota", .unauthorised, next: otherMember, signal: onMember, .upstreamUnauthorised),
        .firstEvent("context_length_exceeded", .contextLength, next: nil, signal: nil),
        .init(kind: .clientError, next: nil, signal: nil) { world in
            try world.connect()
            try world.answer(Answer.streamHead)
            try world.send(Answer.event(#"{"error":{"code":403,"message":"Your input was flagged"}}"#))
        },
        .init(kind: .reset, next: otherPath, signal: onPath) { world in
            try world.connect()
            try world.breakUpstream(.reset)
        },
        .init(kind: .truncated, next: otherPath, signal: onPath) { world in
            try world.connect()
            try world.answer(Answer.streamHead)
            try world.send(Answer.role)
            try world.endUpstream()
        },
        .init(kind: .pathDown, next: otherPath, signal: nil) { world in
            try world.connect()
            try world.feed(.pathDown(Stage.fiber))
        },
        // Another's would be as large.
        .init(kind: .tooLarge, next: nil, signal: nil, isStreamed: false) { world in
            try world.connect()
            try world.answer(Answer.plainHead)
            try world.send([UInt8](repeating: 0x20, count: ExchangeLimits.plainAnswerBytes + 1))
        },
    ]
}

@Suite struct FailureTests {
    @Test(arguments: FailureRow.all)
    func aFailureBeforeTheContentCommitIsTriedElsewhereByItsRule(_ row: FailureRow) throws {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.body(isStreamed: row.isStreamed)))
        #expect(world.order?.mark == Stage.fiber, "static: the first member over the first path")
        try row.fail(world)
        #expect(world.signals == (row.signal.map { [$0] } ?? []))
        #expect(world.alarms == (row.alarm.map { [$0] } ?? []))
        guard let next = row.next else {
            let record = try #require(world.record)
            #expect(world.orders.count == 1)
            #expect(record.outcome == .failed)
            #expect(record.attempts.map(\.failure) == [row.kind])
            return
        }
        #expect(world.orders.count == 2)
        try finish(world, isSmall: next == FailureRow.otherMember, isStreamed: row.isStreamed)
        let record = try #require(world.record)
        #expect(record.outcome == .answered)
        #expect(record.attempts.map(\.failure) == [row.kind, nil])
        #expect(record.attempts.last.map { "\($0.member) \($0.path ?? "-")" } == next)
        #expect(world.head?.status == 200)
        #expect(world.signals.last == "\(next) success")
    }

    private func finish(_ world: ExchangeWorld, isSmall: Bool, isStreamed: Bool) throws {
        try world.connect()
        try world.answer(isStreamed ? Answer.streamHead : Answer.plainHead)
        if isStreamed {
            try world.send(isSmall ? Answer.messageStream : Answer.word + Answer.stop + Answer.done)
        } else {
            try world.send(isSmall ? Answer.message : Answer.plain)
            try world.endUpstream()
        }
    }

    /// What the client gets when both members fail alike.
    @Test(
        arguments: [
            (500, 502, "upstream_error", "false"),
            (503, 503, "upstream_overloaded", "false"),
            // A pause helps against a limit: the client may try again after it.
            (429, 429, "rate_limit_exceeded", nil),
            (401, 502, "upstream_misconfigured", "false"),
        ] as [(Int, Int, String, String?)]
    )
    func whenNobodyIsLeftTheClientGetsTheLastClass(_ status: Int, _ told: Int, _ code: String, _ retry: String?) throws
    {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.body(isStreamed: true)))
        for _ in 0..<2 {
            try world.connect()
            try world.answer(UpstreamHead(status: status, contentType: "text/plain", retryAfter: "7"))
            try world.endUpstream()
        }
        #expect(world.head?.status == told)
        #expect(world.text.contains(#""code":"\#(code)""#))
        #expect(world.head?.headers.first { $0.name == "x-should-retry" }?.value == retry)
        let pause = world.head?.headers.first { $0.name == "retry-after" }?.value
        #expect(pause == (status == 429 || status == 503 ? "7" : nil))
        #expect(world.record?.attempts.count == 2)
    }

    @Test func aClientsMistakeIsToldInTheProvidersWords() throws {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.body(isStreamed: false)))
        try world.connect()
        try world.answer(UpstreamHead(status: 400, contentType: "application/json"))
        let words = #"{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}"#
        try world.send(Answer.bytes(words))
        try world.endUpstream()
        #expect(world.head?.status == 400)
        #expect(world.text == words)
        #expect(world.record?.attempts.first?.detail == "context_length_exceeded", "words might repeat the prompt")
    }

    /// Of a 403 that says what the prompt is found to hold no member and no key is at fault.
    @Test(arguments: [
        #"{"error":{"code":403,"message":"Your chosen model requires moderation and your input was flagged","metadata":{"reasons":["violence"]}}}"#,
        #"{"error":{"code":403,"message":"no","metadata":{"reasons":["violence"],"flagged_input":"kill -9"}}}"#,
        #"{"code":"permission-denied","error":"Content violates usage guidelines. Team: t, API key ID: secret"}"#,
        #"{"error":{"message":"no","type":"invalid_request_error","code":"content_policy_violation"}}"#,
    ])
    func aFlaggedPromptIsTheClients(_ words: String) throws {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.body(isStreamed: false)))
        try world.connect()
        try world.answer(UpstreamHead(status: 403, contentType: "application/json"))
        try world.send(Answer.bytes(words))
        try world.endUpstream()
        #expect(world.signals.isEmpty && world.alarms.isEmpty && world.orders.count == 1)
        #expect(world.head?.status == 400 && world.text.contains(#""code":"content_filter""#))
        #expect(!world.text.contains("secret") && world.record?.attempts.first?.failure == .clientError)
        #expect(world.record?.attempts.first?.detail == "content_filter")
    }

    @Test(arguments: [
        "Your account has been flagged", "Your account is suspended under our content policy", "Key limit exceeded",
        "Missing scopes: api.moderations.read",
    ])
    func aRefusalOfOurAccountStaysOne(_ message: String) {
        let body = Array(#"{"error":{"code":403,"message":"\#(message)"}}"#.utf8)
        #expect(OpenAI.error(status: 403, body: body).kind == .permission)
    }

    @Test func aDeadIdleConnectionIsReplacedOnceWithoutCounting() throws {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.body(isStreamed: false)))
        try world.connect(isReused: true)
        try world.breakUpstream(.reset)
        #expect(world.order?.mustBeFresh == true)
        #expect(world.order?.attempt == world.orders[0].attempt)
        #expect(world.signals.isEmpty)
        try world.connect()
        try world.breakUpstream(.reset)
        #expect(world.signals == [FailureRow.onPath])
    }

    /// By a provider that says itself that it has not begun.
    @Test func whatWasNotBegunIsAskedAgainOnceWithoutCountingAndIsOverloadThen() throws {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.body(isStreamed: false)))
        try world.connect()
        try world.refuseRequest()
        #expect(world.order?.mustBeFresh == true && world.orders.count == 2)
        #expect(world.order?.attempt == world.orders[0].attempt && world.order?.permission == nil)
        #expect(world.signals.isEmpty)
        try world.connect()
        try world.refuseRequest()
        #expect(world.signals.count == 1 && world.orders.count == 3)
        #expect(world.exchange.record.attempts.map(\.failure) == [.overloaded])
    }

    @Test func everyClassHasARuleThatEndsSomewhere() {
        for kind in FailureClass.allCases {
            #expect((400...599).contains(kind.rule.status))
            #expect(kind.rule.next == .giveUp ? kind.rule.standing == .untouched : true)
        }
    }
}
