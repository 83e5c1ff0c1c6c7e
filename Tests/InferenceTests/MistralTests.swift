import Testing
import Wire

@testable import Inference

/// What do clients of Mistral's say otherwise than those of OpenAI's, and how are they answered?
struct MistralTests {
    private static func body(_ json: String) throws -> String {
        let view = try RequestView(body: Array(json.utf8), dialect: .mistral)
        return String(decoding: view.document.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        // A name that OpenAI's dialect has another one for.
        (#""random_seed":7"#, #""seed":7"#),
        // A word that it has another one for.
        (#""tool_choice":"any""#, #""tool_choice":"required""#),
        // Those that both have.
        (#""tool_choice":"auto""#, #""tool_choice":"auto""#),
        // What only Mistral's own servers know, they are to be told.
        (#""safe_prompt":true"#, #""safe_prompt":true"#),
        (#""prompt_mode":"reasoning""#, #""prompt_mode":"reasoning""#),
    ])
    func aFieldIsSaidInOpenAIsWords(said: String, plain: String) throws {
        let base = #"{"model":"m","messages":[]"#
        #expect(try Self.body("\(base),\(said)}") == "\(base),\(plain)}")
    }

    private static let messages: [(said: String, plain: String)] = [
        // An address that stands bare.
        (
            #"{"role":"user","content":[{"type":"image_url","image_url":"https://a.example/b.png"}]}"#,
            #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example/b.png"}}]}"#
        ),
        // The place of a call, and arguments that are no text.
        (
            #"{"role":"assistant","tool_calls":[{"id":"c","index":0,"function":{"name":"f","arguments":{"a":1}}}]}"#,
            #"{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\"a\":1}"}}]}"#
        ),
        // The tool of a result, whose call is named.
        (
            #"{"role":"tool","name":"f","tool_call_id":"c","content":"x"}"#,
            #"{"role":"tool","tool_call_id":"c","content":"x"}"#
        ),
        // What says nothing, and what was thought.
        (
            #"{"role":"assistant","prefix":false,"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"x"}]}"#,
            #"{"role":"assistant","content":[{"type":"text","text":"x"}]}"#
        ),
        // What says something stays.
        (#"{"role":"assistant","content":"x","prefix":true}"#, #"{"role":"assistant","content":"x","prefix":true}"#),
    ]

    @Test(arguments: messages)
    func aMessageIsSaidInOpenAIsWords(said: String, plain: String) throws {
        let (before, behind) = (#"{"model":"m","messages":["#, "]}")
        #expect(try Self.body(before + said + behind) == before + plain + behind)
    }

    /// Whoever is told of a field is told of it by the name that it was sent by.
    @Test func aFieldThatCannotBeCarriedBearsTheClientsName() throws {
        let json = #"{"model":"m","messages":[{"role":"user","content":"x"}],"random_seed":7}"#
        let view = try RequestView(body: Array(json.utf8), dialect: .mistral)
        let chat = try ClientDialect.mistral.chat(from: view)
        #expect(try Dialect.anthropic.request(chat, model: "m", stream: false).omissions == [.wish("random_seed")])
        let error = #expect(throws: RequestError.self) {
            try RequestView(
                body: Array(json.replacing(#","random"#, with: #","seed":8,"random"#).utf8),
                dialect: .mistral
            )
        }
        #expect(error?.param == "random_seed")
        let other = try RequestView(body: Array(json.replacing("random_seed", with: "seed").utf8), dialect: .mistral)
        #expect(other.ownName(of: "seed") == "seed", "it said so itself")
    }

    @Test func severalAnswersCannotComeWithCallsInPieces() throws {
        let tools = #""tools":[{"type":"function","function":{"name":"f"}}],"n":2"#
        let json = #"{"model":"m","messages":[],"stream":true,\#(tools)}"#
        let error = #expect(throws: RequestError.self) {
            try RequestView(body: Array(json.utf8), dialect: .mistral)
        }
        #expect(error?.param == "n")
    }

    /// Its clients want name and arguments in every piece of a call: so there is one piece.
    @Test(arguments: [1, 7, 100_000])
    func aCallIsToldWhole(size: Int) throws {
        let stream = try Fixture.bytes("openai.parallel.stream.sse")
        var terms = AnswerTerms(decision: "m2", model: "chat", created: 1_700_000_000)
        terms.tellsCallsWhole = true
        var relay = AnswerStream(from: .openai, to: .mistral, terms)
        var (meter, bytes) = (Meter(), [UInt8]())
        for start in stride(from: 0, to: stream.count, by: size) {
            let pieces = try relay.feed(Array(stream[start..<min(start + size, stream.count)]), into: &meter)
            for piece in pieces { bytes += piece.bytes }
        }
        for piece in try relay.finish(into: &meter) { bytes += piece.bytes }
        try Fixture.expect(bytes, toBe: "mistral_openai.parallel.stream.sse")
    }

    /// What the assistant has begun to say is gone on with where it stands last.
    @Test func aPrefixIsOneAtTheEndAlone() throws {
        let chat = { (messages: String) in
            try OpenAI.chat(from: RequestView(body: Array(#"{"model":"m","messages":[\#(messages)]}"#.utf8)))
        }
        let (user, prefix) = (
            #"{"role":"user","content":"x"}"#, #"{"role":"assistant","content":"y","prefix":true}"#
        )
        #expect(try chat("\(user),\(prefix)").uncarried.isEmpty)
        #expect(try chat("\(user),\(prefix),\(user)").uncarried == [.wish("messages.prefix")])
    }
}
