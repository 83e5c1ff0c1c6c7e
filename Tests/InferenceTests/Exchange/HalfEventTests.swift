/// A provider that is cut off within an event leaves half of it. Nothing of that half reaches the client, and what ends the stream is
/// an event of its own, in every pair of dialects.
import NetTypes
import Testing
import Wire

@testable import Inference

@Suite struct HalfEventTests {
    /// How a stream begins, and its next event, as the provider of this dialect sends them; OpenAI's or Anthropic's.
    private static func stream(_ provider: Dialect) -> (whole: [UInt8], next: [UInt8]) {
        guard provider == .anthropic else { return (Answer.role + Answer.word, Answer.word) }
        let next =
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
            + "\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n"
        let text = String(decoding: Answer.messageStream, as: UTF8.self)
        let end = text.firstRange(of: "hey\"}}\n\n")
        return (Array(text[..<(end?.upperBound ?? text.startIndex)].utf8), Answer.bytes(next))
    }

    private func world(_ client: ClientDialect, _ provider: Dialect) throws -> ExchangeWorld {
        let world = try ExchangeWorld()
        let model = provider == .openai ? "chat.big" : "chat.small"
        let body = #"{"model":"\#(model)","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stream":true}"#
        try world.feed(Stage.request(Answer.bytes(body), dialect: client))
        try world.connect()
        try world.answer(Answer.streamHead)
        return world
    }

    /// The events of an answer; nil when it is not made of whole events.
    private func events(_ body: [UInt8]) throws -> [JSONDocument]? {
        var reader = EventStreamReader()
        let events = try reader.feed(body).compactMap(\.data).compactMap { try? JSONDocument($0, limits: .answer) }
        return reader.finish() == nil ? events : nil
    }

    @Test(arguments: [ClientDialect.openai, .anthropic], [Dialect.openai, .anthropic])
    func aCutAtAnyByteLeavesWholeEventsAndAnError(_ client: ClientDialect, _ provider: Dialect) throws {
        let (whole, next) = Self.stream(provider)
        for cut in 1..<next.count {
            for isBroken in [false, true] {
                let world = try world(client, provider)
                try world.send(whole)
                let before = try #require(try events(world.body)).count
                try world.send(Array(next.prefix(cut)))
                if isBroken { try world.breakUpstream(.reset) } else { try world.endUpstream() }
                let events = try #require(try events(world.body), "\(client) \(provider) \(cut): \(world.text)")
                let isError = events.last?["error"] != nil
                #expect(isError && !world.text.contains("[DONE]") && !world.text.contains("message_stop"))
                // Only a blank line may be missing of what is whole.
                let isWhole = !isBroken && cut >= next.count - 2
                #expect(events.count == before + (isWhole ? 2 : 1), "\(cut) of \(next.count): \(world.text)")
                #expect(world.record?.outcome == .brokenOff && world.end == .complete)
                #expect(world.record?.attempts.map(\.failure) == [isBroken ? .reset : .truncated])
            }
        }
    }

    @Test(arguments: [ClientDialect.openai, .anthropic])
    func halfOfAFirstEventIsTriedElsewhere(_ client: ClientDialect) throws {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.message(isStreamed: true), dialect: client))
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.bytes(#"data: {"id":"x","choi"#))
        try world.endUpstream()
        #expect(world.orders.count == 2 && world.head == nil)
    }

    /// Some servers leave the last blank line out.
    @Test(arguments: ["data: [DONE]", "data: [DONE]\n", "data: [DONE]\r\n"])
    func anEndWithoutABlankLineIsAnEnd(_ end: String) throws {
        for client in [ClientDialect.openai, .anthropic] {
            let world = try world(client, .openai)
            try world.send(Answer.word + Answer.stop + Answer.bytes(end))
            try world.endUpstream()
            #expect(world.record?.outcome == .answered)
            #expect(try events(world.body) != nil && world.text.hasSuffix("\n\n"))
        }
    }

    /// A line's end of two bytes may come in two pieces; the last of them is none of the next event's.
    @Test func theLastLineEndIsWholeHoweverItIsCut() throws {
        let body = Answer.bytes(": a word\n\r\n")
        for (cut, rest) in (0...body.count).flatMap({ cut in ["", "data: {", ": hal"].map { (cut, Answer.bytes($0)) } })
        {
            let terms = AnswerTerms(decision: "i", model: "m", created: 1)
            var stream = AnswerStream(from: .openai, to: .openai, terms)
            var meter = Meter()
            var pieces = try stream.feed(Array(body[..<cut]), into: &meter)
            pieces += try stream.feed(Array(body[cut...]) + rest, into: &meter)
            pieces += try stream.finish(into: &meter)
            #expect(pieces.flatMap { Array($0.bytes) } == body, "cut at \(cut)")
        }
    }
}
