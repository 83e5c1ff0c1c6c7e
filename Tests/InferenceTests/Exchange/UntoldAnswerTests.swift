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

    /// A stream that breaks off says so; that is told, and nothing is missing.
    @Test func anErrorInAStreamIsNoFieldThatIsNotTold() throws {
        let world = try world(isStreamed: true)
        try world.answer(Answer.streamHead)
        try world.send(Answer.role + Answer.word + Answer.error)
        #expect(world.record?.outcome == .brokenOff && world.record?.notTold == nil)
    }

    @Test func ofVectorsItStandsInTheHeadToo() throws {
        let told = { (dialect: Dialect, body: String, count: Int) in
            try dialect.embeddings(from: Array(body.utf8), of: count).untold.names
        }
        let usage = #""usage":{"prompt_tokens":1,"total_tokens":1,"cost":2}"#
        let row = #"{"object":"embedding","index":0,"embedding":[1,2]}"#
        #expect(try told(.openai, #"{"object":"list","model":"m","data":[\#(row)],\#(usage)}"#, 1) == ["usage.cost"])
        let cut = #"{"values":[1],"statistics":{"tokenCount":9,"truncated":true}}"#
        #expect(try told(.gemini, #"{"embeddings":[\#(cut)]}"#, 1) == ["embeddings.statistics.truncated"])
        let whole = #"{"model":"m","embeddings":[[1,2]],"prompt_eval_count":1,"total_duration":3,"load_duration":1}"#
        #expect(try told(.ollama, whole, 1) == [])
    }
}
