import Testing
import Wire

@testable import Inference

/// How do vectors come from and to Ollama's API?
struct OllamaEmbeddingTests {
    private static func view(_ body: String, _ dialect: ClientDialect) throws -> RequestView {
        try RequestView(body: Array(body.utf8), dialect: dialect, operation: .embeddings)
    }

    @Test(arguments: [
        (#"{"model":"m","input":"a"}"#, #"["a"]"#),
        (#"{"model":"m","input":["a","b"],"truncate":false}"#, #"["a","b"]"#),
    ])
    func aClientAsksOtherProviders(body: String, input: String) throws {
        let ask = try Ollama.embedding(from: Self.view(body, .ollama))
        let made = try Dialect.openai.embeddingRequest(ask, model: "e")
        #expect(made.omissions.isEmpty)
        #expect(
            String(decoding: made.body, as: UTF8.self) == #"{"model":"e","input":\#(input),"encoding_format":"float"}"#
        )
    }

    @Test func optionsOfTheServerAreLeftOutAndNamed() throws {
        let body = #"{"model":"m","input":"a","dimensions":3,"keep_alive":0,"options":{"num_ctx":8},"odd":1}"#
        let ask = try Ollama.embedding(from: Self.view(body, .ollama))
        #expect(ask.dimensions == 3)
        #expect(ask.uncarried == [.hint("keep_alive"), .hint("options"), .wish("odd")])
    }

    @Test(arguments: [#"{"model":"m","input":[]}"#, #"{"model":"m","input":[1,2]}"#])
    func whatIsNoTextIsRefused(body: String) {
        #expect(throws: RequestError.self) { try Ollama.embedding(from: Self.view(body, .ollama)) }
    }

    @Test func aProviderIsAskedNotToCutTexts() throws {
        let body = #"{"model":"m","input":["a","b"],"dimensions":2,"user":"u"}"#
        let ask = try OpenAI.embedding(from: Self.view(body, .openai))
        let made = try Dialect.ollama.embeddingRequest(ask, model: "e")
        #expect(made.omissions == [.hint("user")])
        let sent = String(decoding: made.body, as: UTF8.self)
        #expect(sent == #"{"model":"e","input":["a","b"],"dimensions":2,"truncate":false}"#)
    }

    @Test func vectorsStayTheNumbersTheyAre() throws {
        let answered = #"{"model":"e","embeddings":[[0.10,-2e-3],[1,0]],"total_duration":5,"prompt_eval_count":4}"#
        let answer = try Dialect.ollama.embeddings(from: Array(answered.utf8), of: 2)
        #expect(answer.usage == Usage(input: 4))
        let view = try Self.view(#"{"model":"m","input":["a","b"]}"#, .openai)
        let told = String(decoding: ClientDialect.openai.body(of: answer, to: view), as: UTF8.self)
        #expect(told.contains(#""embedding":[0.10,-2e-3]"#) && told.contains(#""prompt_tokens":4"#))
        let own = try Self.view(#"{"model":"m","input":["a","b"]}"#, .ollama)
        let back = String(decoding: ClientDialect.ollama.body(of: answer, to: own), as: UTF8.self)
        #expect(back == #"{"model":"m","embeddings":[[0.10,-2e-3],[1,0]],"prompt_eval_count":4}"#)
    }

    @Test(arguments: [#"{"embeddings":[[1]]}"#, #"{"embeddings":[1,2]}"#, #"{"error":"no"}"#, "[]"])
    func anAnswerWithoutAVectorForEachTextIsNone(body: String) {
        #expect(throws: UpstreamError.self) { try Dialect.ollama.embeddings(from: Array(body.utf8), of: 2) }
    }
}
