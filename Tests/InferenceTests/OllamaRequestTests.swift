import Testing
import Wire

@testable import Inference

/// What of a request in Ollama's dialect is understood, refused, or left out by name?
struct OllamaRequestTests {
    private static func chat(_ more: String, _ operation: ModelOperation = .chat) throws -> Chat {
        let prompt = operation == .generate ? #""prompt":"x""# : #""messages":[{"role":"user","content":"x"}]"#
        let body = more.contains("\"messages\"") ? "{\"model\":\"m\",\(more)}" : "{\"model\":\"m\",\(prompt),\(more)}"
        return try Ollama.chat(from: RequestView(body: Array(body.utf8), dialect: .ollama, operation: operation))
    }

    @Test func anAnswerIsStreamedWhereNothingIsSaid() throws {
        for (body, isStreamed) in [("", true), (#","stream":false"#, false), (#","stream":null"#, true)] {
            let body = Array("{\"model\":\"m\",\"messages\":[]\(body)}".utf8)
            #expect(try RequestView(body: body, dialect: .ollama).stream == isStreamed)
        }
        let embed = Array(#"{"model":"m","input":"x"}"#.utf8)
        #expect(try !RequestView(body: embed, dialect: .ollama, operation: .embeddings).stream)
    }

    @Test(arguments: [
        (#""options":{"num_predict":-1}"#, UInt64?.none), (#""options":{"num_predict":7}"#, 7),
        (#""options":null"#, nil),
    ])
    func aNegativeBoundIsNone(more: String, bound: UInt64?) throws {
        #expect(try Self.chat(more).maxTokens == bound)
    }

    @Test(
        arguments: [
            (#""think":true"#, "medium"), (#""think":false"#, "none"), (#""think":"low""#, "low"),
            (#""think":null"#, nil),
        ] as [(String, String?)]
    )
    func thinkingIsAnEffort(more: String, effort: String?) throws {
        #expect(try Self.chat(more).effort == effort)
    }

    @Test(arguments: [
        (#""options":{"stop":7}"#, "options.stop"), (#""options":{"seed":"x"}"#, "options.seed"),
        (#""options":{"temperature":9}"#, "options.temperature"), (#""format":"xml""#, "format"),
        (#""think":"very""#, "think"), (#""messages":[]"#, "messages"),
        (#""messages":[{"role":"tool","content":"y","tool_name":"f"}]"#, "messages[0].tool_name"),
        (#""messages":[{"role":"user","content":"y","images":["Qk0="]}]"#, "messages[0].images[0]"),
        (#""messages":[{"role":"robot","content":"y"}]"#, "messages[0].role"),
        (#""messages":[{"role":"user","content":["y"]}]"#, "messages[0].content"),
        (#""tools":[{"type":"function","function":{"name":"f","parameters":"x"}}]"#, "tools[0].function.parameters"),
    ])
    func whatIsWrongIsNamed(more: String, field: String) {
        let error = #expect(throws: RequestError.self) { try Self.chat(more) }
        #expect(error?.param == field)
    }

    @Test(arguments: [#""suffix":"y""#, #""raw":true"#, #""template":"{{ .Prompt }}""#, #""context":[1,2]"#])
    func whatOnlyTheServerCanDoWithAPromptIsRefused(more: String) {
        let error = #expect(throws: RequestError.self) { try Self.chat(more, .generate) }
        #expect(error?.code == .unsupported && more.contains(error?.param ?? "?"))
    }

    @Test func optionsOfTheServerAreHintsAndOptionsOfTheAnswerWishes() throws {
        let chat = try Self.chat(#""keep_alive":0,"options":{"num_ctx":4096,"mirostat":1,"top_k":4,"seed":1}"#)
        #expect(chat.uncarried == [.hint("keep_alive"), .hint("options.num_ctx"), .wish("options.mirostat")])
        #expect(OpenAI.omissions(in: chat) == [.wish("options.top_k")] + chat.uncarried)
        let sent = try JSONDocument(OpenAI.requestBody(chat, model: "m", stream: false))
        #expect(sent["seed"]?.unsigned == 1)
    }

    /// Sent again, a conversation has the same calls: the names are of their places in it.
    @Test func callsKeepTheirNames() throws {
        let view = try RequestView(body: Fixture.bytes("ollama.results.request.json"), dialect: .ollama)
        let parts = try Ollama.chat(from: view).messages.flatMap(\.parts)
        let called = parts.compactMap { if case .toolUse(let call) = $0 { call.id } else { nil } }
        let answered = parts.compactMap { if case .toolResult(let result) = $0 { result.id } else { nil } }
        #expect(called == ["call_1_0", "call_1_1", "call_own", "call_5_0"])
        #expect(answered == ["call_own", "call_1_0", "call_1_1", "call_5_0"])
    }

    /// What the writer makes of the form between dialects, its own reader understands as the same; calls' names are of their places.
    @Test(arguments: ["text", "tools", "results", "image", "schema", "thinking"])
    func aRequestSurvivesItsOwnDialect(_ name: String) throws {
        let body = try Fixture.bytes("ollama.\(name).request.json")
        let chat = try Ollama.chat(from: RequestView(body: body, dialect: .ollama))
        let made = try Ollama.requestBody(chat, model: "m", stream: chat.stream)
        let again = try Ollama.chat(from: RequestView(body: made, dialect: .ollama))
        #expect(again.messages.map(\.role) == chat.messages.map(\.role))
        if name != "results" { #expect(again.messages.map(\.parts) == chat.messages.map(\.parts)) }
        #expect(again.tools == chat.tools && again.maxTokens == chat.maxTokens && again.stop == chat.stop)
        #expect(again.responseFormat == chat.responseFormat && again.effort == chat.effort)
        #expect(again.temperature == chat.temperature && again.topP == chat.topP && again.stream == chat.stream)
    }

    @Test func policiesSeeWhatIsAskedFor() throws {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"x","images":["iVBORw0KGgo="]}],"format":{},"think":true}"#
        let document = try JSONDocument(Array(body.utf8))
        #expect(Modalities(document).words == ["image", "text"])
        #expect(PromptParts.wantsSchema(document) && PromptParts.wantsThinking(document))
        #expect(PromptParts.mediaBytes(document) > 10)
    }
}
