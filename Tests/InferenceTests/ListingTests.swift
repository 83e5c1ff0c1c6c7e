/// What clients are told of models, in either dialect.
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct ListingTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private let known = ListedModel(
        name: "chat.big",
        facts: ModelFacts(context: 200_000, maxOutput: 8192, capabilities: [.chat, .tools, .images])
    )
    private let plain = ListedModel(name: "chat", facts: ModelFacts())

    @Test func aClientOfOpenAIGetsItsMembersAndWhatIsKnownBesides() {
        #expect(
            text(OpenAI.modelList([plain, known], at: 0))
                == #"{"object":"list","data":[{"id":"chat","object":"model","created":0,"owned_by":"martlet"},"#
                + #"{"id":"chat.big","object":"model","created":0,"owned_by":"martlet","context_length":200000,"#
                + #""max_output_tokens":8192,"capabilities":["chat","tools","images"]}]}"#
        )
        #expect(text(OpenAI.model(plain, at: 0)) == #"{"id":"chat","object":"model","created":0,"owned_by":"martlet"}"#)
    }

    @Test(
        arguments: [
            (1_250_000, "1.25"), (10_000_000, "10"), (0, "0"), (1, "0.000001"), (100_000, "0.1"),
            (1_000_000_000_001, "1000000.000001"),
        ] as [(UInt64, String)]
    )
    func pricesAreDollarsAMillionTokens(_ rate: UInt64, _ words: String) {
        let model = ListedModel(name: "a.b", facts: ModelFacts(), price: Price(PriceRates(input: rate, output: 0)))
        let pricing = #""pricing":{"unit":"USD/Mtok","input":"\#(words)","output":"0"}"#
        #expect(
            text(OpenAI.model(model, at: 0)).contains(pricing) && text(Anthropic.model(model, at: 0)).contains(pricing)
        )
    }

    @Test func aClientOfOllamaGetsModelsWithoutFiles() throws {
        let list = text(Ollama.modelList([plain, known]))
        #expect(
            list.hasPrefix(#"{"models":[{"name":"chat","model":"chat","modified_at":"1970-01-01T00:00:00Z","size":0,"#)
        )
        let shown = text(Ollama.model(known))
        #expect(shown.contains(#""martlet.context_length":200000"#))
        #expect(shown.contains(#""capabilities":["completion","tools","vision"]"#))
        #expect(!text(Ollama.model(plain)).contains("capabilities"), "nobody said")
        for body in [#"{"model":"chat"}"#, #"{"name":"chat","verbose":true}"#] {
            #expect(try Ollama.shownModel(Array(body.utf8)) == "chat")
        }
        #expect(throws: RequestError.missing("model")) { try Ollama.shownModel(Array("{}".utf8)) }
    }

    @Test func aClientOfAnthropicGetsAPageInItsOwnWords() {
        let big =
            #"{"type":"model","id":"chat.big","display_name":"chat.big","created_at":"1970-01-01T00:00:00Z","#
            + #""max_input_tokens":200000,"max_tokens":8192,"capabilities":{"image_input":{"supported":true},"#
            + #""pdf_input":{"supported":false},"structured_outputs":{"supported":false},"thinking":{"supported":false}}}"#
        var page = ModelPage()
        (page.limit, page.after) = (1, "chat")
        #expect(text(Anthropic.model(known, at: 0)) == big)
        #expect(
            text(Anthropic.modelList([plain, known, plain], page: page, at: 0))
                == #"{"data":[\#(big)],"has_more":true,"first_id":"chat.big","last_id":"chat.big"}"#
        )
        #expect(
            text(Anthropic.modelList([], page: ModelPage(), at: 0))
                == #"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#
        )
    }

    @Test(
        arguments: [
            ("", ["a", "b", "c", "d"], false, "all of a short list"),
            ("limit=2", ["a", "b"], true, "the first ones"),
            ("limit=2&after_id=b", ["c", "d"], false, "the next ones"),
            ("after_id=d", [], false, "behind the last there is none"),
            ("before_id=d&limit=2", ["b", "c"], true, "the last ones before it"),
            ("before_id=b", ["a"], false, "all before it"),
            ("before_id=a", [], false, "before the first there is none"),
            ("after_id=a&before_id=d", ["b", "c"], false, "between both"),
            ("after_id=x&limit=9&page=3", ["a", "b", "c", "d"], false, "what is unknown is left alone"),
        ] as [(String, [String], Bool, Comment)]
    )
    func pagesFollowOneAnother(_ query: String, _ names: [String], _ hasMore: Bool, _ why: Comment) throws {
        let list = ["a", "b", "c", "d"].map { ListedModel(name: $0, facts: ModelFacts()) }
        let part = try ModelPage(query: query).part(of: list)
        #expect(part.models.map(\.name) == names && part.hasMore == hasMore, why)
    }

    @Test(arguments: ["limit=0", "limit=1001", "limit=x", "limit="]) func aLimitThatIsNoneIsRefused(_ query: String) {
        #expect(throws: RequestError.self) { try ModelPage(query: query) }
    }

    @Test func whatAGroupCanDoItsMembersCanBetweenThem() {
        let (a, b) = (
            ModelFacts(context: 8, capabilities: [.chat, .tools]), ModelFacts(maxOutput: 4, capabilities: .chat)
        )
        #expect(.together([a, b]) == ModelFacts(context: 8, maxOutput: 4, capabilities: [.chat, .tools]))
        #expect(ModelFacts.together([a, ModelFacts()]).capabilities == nil, "one of them may be able to do anything")
        #expect(ModelFacts.together([]).isEmpty)
    }
}
