/// Where does the name of a field stand that a client never saw of its answer?
import NetTypes
import Testing
import Wire

@testable import Inference

@Suite struct UntoldAnswerTests {
    /// A client of the Messages API at a provider of OpenAI's dialect.
    private func world(isStreamed: Bool) throws -> ExchangeWorld {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.message(isStreamed: isStreamed), dialect: .anthropic))
        try world.connect()
        return world
    }

    private static let note = #""annotations":[{"type":"url_citation"}]"#

    @Test func ofAPlainAnswerItStandsInTheHeadAndInTheRecord() throws {
        let world = try world(isStreamed: false)
        try world.answer(Answer.plainHead)
        let message = #"{"role":"assistant","content":"hi",\#(Self.note)}"#
        let choice = #"{"index":0,"message":\#(message),"finish_reason":"stop"}"#
        try world.send(Answer.bytes(#"{"id":"x","object":"chat.completion","model":"m","choices":[\#(choice)]}"#))
        try world.endUpstream()
        let name = "choices.message.annotations"
        #expect(world.head?.headers.contains(Header("x-martlet-not-told", name)) == true)
        #expect(world.record?.notTold == [name])
        #expect(world.record?.notCarried == nil)
    }

    @Test func ofAStreamItStandsInTheRecord() throws {
        let world = try world(isStreamed: true)
        try world.answer(Answer.streamHead)
        let cited = Answer.event(#"{"id":"x","choices":[{"index":0,"delta":{\#(Self.note)}}]}"#)
        try world.send(Answer.role + Answer.word + cited + Answer.stop + Answer.usage + Answer.done)
        try world.endUpstream()
        #expect(world.head?.headers.contains { $0.name == "x-martlet-not-told" } == false)
        #expect(world.record?.notTold == ["choices.delta.annotations"])
    }
}
