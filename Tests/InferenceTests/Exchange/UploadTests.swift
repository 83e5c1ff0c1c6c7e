/// Bodies that are sent on as they come: whose turn it is, whose fault a silence is, and what cannot be tried again.
import NetTypes
import PolicyEngine
import Testing
import Wire

@testable import Inference

@Suite struct UploadTests {
    private static let body =
        "--B\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nchat\r\n--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nxxx"

    private static func begin(rest: BodyRest = .bytes(1_600_000)) throws -> ExchangeWorld {
        let world = try ExchangeWorld()
        var form = UploadForm(try #require(MultipartBoundary(contentType: "multipart/form-data; boundary=B")))
        let bytes = Array(body.utf8)
        try form.read(bytes.span.bytes, at: bytes)
        var request = ClientRequest(
            operation: .transcription,
            body: bytes,
            key: "ci",
            team: nil,
            source: nil,
            unixMicroseconds: 1_790_000_000_000_000,
            draw: 0
        )
        (request.form, request.rest) = (form, rest)
        try world.feed(.request(request))
        return world
    }

    @Test func theClientIsReadOnceAProviderIsThereAndWhileItTakesBytes() throws {
        let world = try Self.begin()
        #expect(!world.wantsBody && world.order?.mustBeFresh == true)
        try world.connect()
        #expect(world.wantsBody && world.sent.last?.rest == .bytes(1_600_000))
        try world.feed(.upstreamWritable(world.attempt, false))
        #expect(!world.wantsBody)
        try world.feed(.upstreamWritable(world.attempt, true))
        #expect(world.wantsBody)
        try world.feed(.uploaded(1_600_000))
        try world.feed(.uploadEnded)
        try world.answer(Answer.plainHead)
        try world.send(Answer.bytes(#"{"text":"hi"}"#))
        try world.endUpstream()
        let record = try #require(world.record)
        #expect(record.outcome == .answered && record.cost?.units?.milliseconds == 100_000, "by what came of it")
        #expect(record.attempts.last?.bytesSent == UInt64(Self.body.utf8.count + 3 + 1_600_000))
    }

    @Test func beforeAnythingWasSentAnotherIsTriedAndBehindItNobody() throws {
        let world = try Self.begin()
        try world.refuseConnection(.connectTimeout)
        #expect(world.orders.count == 2 && world.record == nil)
        try world.connect()
        try world.feed(.uploaded(1000))
        try world.breakUpstream(.reset)
        #expect(world.orders.count == 2 && world.head?.status == 502)
        #expect(world.head?.headers.contains { $0.name == "x-should-retry" } == false)
    }

    @Test func aSilentClientIsToldSoAndNoMemberIsBlamed() throws {
        let world = try Self.begin()
        try world.connect()
        try world.feed(.uploaded(1000), after: .seconds(50))
        try world.feed(.tick, after: .seconds(50))
        #expect(world.record == nil)
        try world.feed(.tick, after: .seconds(11))
        #expect(world.head?.status == 408 && world.record?.outcome == .rejected && world.record?.cost == nil)
        #expect(world.signals.isEmpty)
    }

    @Test func aProviderThatTakesNothingHasFailed() throws {
        let world = try Self.begin()
        try world.connect()
        try world.feed(.upstreamWritable(world.attempt, false))
        try world.feed(.tick, after: .seconds(61))
        #expect(
            world.head?.status == 504 && world.signals == ["chat.big wan.fiber failure"] || world.signals.count == 1
        )
    }

    @Test func aProviderThatTakesAPieceNowAndThenHasNot() throws {
        let world = try Self.begin()
        try world.connect()
        try world.feed(.upstreamWritable(world.attempt, false))
        for _ in 0..<5 {
            try world.feed(.upstreamTook(world.attempt), after: .seconds(50))
            try world.feed(.tick)
        }
        #expect(world.record == nil && world.head == nil)
        try world.feed(.tick, after: .seconds(61))
        #expect(world.head?.status == 504 && world.signals.count == 1, "from the last piece on")
    }

    @Test func theWaitForTheAnswerBeginsWithTheBodysEnd() throws {
        let world = try Self.begin()
        try world.connect()
        for _ in 0..<6 { try world.feed(.uploaded(1000), after: .seconds(50)) }
        #expect(world.record == nil, "300 s, and 180 s are allowed for an answer")
        try world.feed(.uploadEnded)
        try world.feed(.tick, after: .seconds(181))
        #expect(world.head?.status == 504)
    }

    @Test func whatIsNoFormAnyMoreIsWithdrawn() throws {
        let world = try Self.begin()
        try world.connect()
        try world.feed(.uploadBroke(RequestError(.truncated)))
        #expect(world.head?.status == 400 && world.text.contains("invalid_form") && world.upstream == .none)
        #expect(world.record?.cost == nil && world.signals.isEmpty)
    }

    @Test func whatWasAnsweredBeforeItBrokeIsOwed() throws {
        let world = try Self.begin()
        try world.connect()
        try world.feed(.uploaded(1_600_000))
        try world.answer(UpstreamHead(status: 200, contentType: "text/plain"))
        try world.send(Answer.bytes("hello"))
        #expect(world.head?.status == 200)
        try world.feed(.uploadBroke(RequestError(.truncated)))
        #expect(world.record?.outcome == .brokenOff && world.end == .abort && world.upstream == .none)
        #expect(world.record?.cost?.units?.milliseconds == 100_000, "what was heard by then")
    }

    @Test func anAnswerMayComeBeforeTheEnd() throws {
        let world = try Self.begin()
        try world.connect()
        try world.feed(.uploaded(10))
        try world.answer(UpstreamHead(status: 413, contentType: "application/json"))
        try world.send(Answer.bytes(#"{"error":{"message":"too large","type":"invalid_request_error"}}"#))
        try world.endUpstream()
        #expect(world.head?.status == 413 && world.text.contains("too large") && world.orders.count == 1)
    }
}
