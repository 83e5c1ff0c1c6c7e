/// A long request is kept until its answer has begun, and what it owes at its end is the same.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct LongBodyTests {
    private static let text = String(repeating: "long ", count: 20_000)
    private static let prompt = #"[{"role":"user","content":"\#(text)"}]"#

    private static func world(_ body: String, dialect: ClientDialect = .openai) throws -> ExchangeWorld {
        var snapshot = Stage.snapshot()
        for place in snapshot.deployments.indices {
            snapshot.deployments[place].price = Price(PriceRates(input: 100, output: 1000))
        }
        let world = try ExchangeWorld(snapshot)
        try world.feed(Stage.request(Array(body.utf8), dialect: dialect))
        try world.connect()
        return world
    }

    @Test func itGoesWithTheFirstWordAndIsSentToAnotherBefore() throws {
        let world = try Self.world(#"{"model":"chat","messages":\#(Self.prompt),"stream":true}"#)
        try world.answer(Answer.streamHead)
        try world.send(Answer.role)
        try world.breakUpstream(.reset)
        try world.connect()
        #expect(!world.isBodyGone && world.sent.count == 2 && world.sent[1].body.count > Self.text.utf8.count)
        try world.answer(Answer.streamHead)
        try world.send(Answer.role)
        #expect(!world.isBodyGone)
        try world.send(Answer.word)
        #expect(world.isBodyGone)
        for bytes in [Answer.stop, Answer.done] { try world.send(bytes) }
        let cost = try #require(world.record?.cost)
        #expect(cost.isUsageEstimated && cost.input == UInt64(Self.prompt.utf8.count + 3) / 4)
    }

    @Test func whoLeavesAfterwardsPaysForIt() throws {
        let world = try Self.world(#"{"model":"chat","messages":\#(Self.prompt),"stream":true}"#)
        try world.answer(Answer.streamHead)
        try world.send(Answer.word)
        #expect(world.isBodyGone)
        try world.feed(.clientGone)
        #expect(world.record?.cost?.input == UInt64(Self.prompt.utf8.count + 3) / 4)
    }

    @Test func aShortOneIsKeptToItsEnd() throws {
        let world = try Self.world(String(decoding: Stage.body(isStreamed: true), as: UTF8.self))
        try world.answer(Answer.streamHead)
        for bytes in [Answer.role, Answer.word, Answer.stop, Answer.done] { try world.send(bytes) }
        #expect(world.record?.outcome == .answered && !world.isBodyGone)
    }

    /// Its end repeats what was asked.
    @Test func oneThatStandsInItsAnswerIsKept() throws {
        for (instructions, isGone) in [(Self.text, false), ("short", true)] {
            let body = #"{"model":"chat","instructions":"\#(instructions)","input":"\#(Self.text)","stream":true}"#
            let world = try Self.world(body, dialect: .responses)
            try world.answer(Answer.streamHead)
            try world.send(Answer.word)
            #expect(world.isBodyGone == isGone)
        }
    }
}
