import Testing
import Wire

@testable import Inference

/// What of a request is carried into Gemini's API and out of it, what is refused, and what is named?
struct GeminiRequestTests {
    private static func openAI(_ fields: String) throws -> Chat {
        let body = #"{"model":"m","messages":[{"role":"user","content":"x"}],\#(fields)}"#
        return try OpenAI.chat(from: RequestView(body: Array(body.utf8)))
    }

    private static func gemini(_ fields: String) throws -> Chat {
        let body = #"{"contents":[{"role":"user","parts":[{"text":"x"}]}]\#(fields.isEmpty ? "" : ",")\#(fields)}"#
        return try Gemini.chat(from: view(body))
    }

    private static func view(
        _ body: String,
        _ operation: ModelOperation = .chat,
        _ form: RequestAddress.Form = .whole
    ) throws -> RequestView {
        let address = RequestAddress(model: "chat", form: form)
        return try RequestView(body: Array(body.utf8), dialect: .gemini, operation: operation, address: address)
    }

    @Test(arguments: [
        (#""seed":7,"presence_penalty":0.50"#, #""presencePenalty":0.50"#),
        (#""reasoning_effort":"none""#, #""thinkingConfig":{"includeThoughts":false,"thinkingBudget":0}"#),
        (#""reasoning_effort":"high""#, #""thinkingConfig":{"includeThoughts":true,"thinkingBudget":24576}"#),
        (#""response_format":{"type":"json_object"}"#, #""responseMimeType":"application/json""#),
        (#""temperature":1.0,"top_p":0.10"#, #""generationConfig":{"temperature":1.0,"topP":0.10}"#),
        (
            #""tools":[{"type":"function","function":{"name":"f","strict":true}}]"#,
            #""functionCallingConfig":{"mode":"VALIDATED"}"#
        ),
    ])
    func isCarried(fields: String, wanted: String) throws {
        let chat = try Self.openAI(fields)
        #expect(String(decoding: try Gemini.requestBody(chat), as: UTF8.self).contains(wanted))
        #expect(Gemini.omissions(in: chat).isEmpty)
    }

    @Test(arguments: [
        (#""n":2"#, "n"), (#""logprobs":true"#, "logprobs"), (#""logit_bias":{"1":2}"#, "logit_bias"),
        (#""stop":["1","2","3","4","5","6"]"#, "stop"), (#""tool_choice":"required""#, "tool_choice"),
        (
            #""response_format":{"type":"json_schema","json_schema":{"name":"x"}}"#,
            "response_format.json_schema.schema"
        ),
    ])
    func isRefused(fields: String, param: String) throws {
        let chat = try Self.openAI(fields)
        let error = #expect(throws: RequestError.self) { try Gemini.requestBody(chat) }
        #expect(error?.param == param)
    }

    @Test(arguments: [
        (#""user":"a","store":true"#, [("user", false), ("store", false)]),
        (#""reasoning_effort":"odd""#, [("reasoning_effort", true)]), (#""odd":1"#, [("odd", true)]),
        (
            #""parallel_tool_calls":false,"tools":[{"type":"function","function":{"name":"f"}}]"#,
            [("parallel_tool_calls", true)]
        ),
    ])
    func isNamed(fields: String, wanted: [(String, Bool)]) throws {
        let omissions = Gemini.omissions(in: try Self.openAI(fields))
        #expect(omissions == wanted.map { Omission(field: $0.0, isWish: $0.1) })
    }

    @Test func resultsStandInTheOrderOfTheirCallsAndTheFirstCallHasAProof() throws {
        let call = { (id: String) in
            #"{"id":"\#(id)","type":"function","function":{"name":"f","arguments":"{\"n\":\"\#(id)\"}"}}"#
        }
        let result = { (id: String) in #"{"role":"tool","tool_call_id":"\#(id)","content":"said \#(id)"}"# }
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"x"},"#
            + #"{"role":"assistant","tool_calls":[\#(call("a")),\#(call("b"))]},\#(result("b")),\#(result("a"))]}"#
        let chat = try OpenAI.chat(from: RequestView(body: Array(body.utf8)))
        let document = try JSONDocument(Gemini.requestBody(chat))
        let contents = try #require(document["contents"]).elements.map { $0 }
        let results = contents[2]["parts"]?.elements.compactMap { $0["functionResponse"]?["id"]?.string }
        #expect(contents.count == 3 && results == ["a", "b"])
        let proofs = contents[1]["parts"]?.elements.map { $0["thoughtSignature"]?.string }
        #expect(proofs == [Gemini.foreignSignature, nil])
        var foreign = chat
        foreign.messages[2].parts = [.toolResult(Chat.ToolResult(id: "c", texts: []))]
        #expect(throws: RequestError.self, "a result of no call") { try Gemini.requestBody(foreign) }
    }

    /// An OpenAI client that sends a call back as it got it brings the proof with it, and OpenAI never sees that.
    @Test func theProofOfACallComesBackThroughAnOpenAIClient() throws {
        let answer = try Gemini.answer(from: Fixture.bytes("gemini.tools.answer.json"), decision: "m1")
        let told = try JSONDocument(OpenAI.answer(answer, id: "i", model: "m", created: 1))
        let message = try #require(told["choices"]?.elements.first { _ in true }?["message"])
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"x"},\#(String(decoding: message.raw, as: UTF8.self))]}"#
        let view = try RequestView(body: Array(body.utf8))
        let sent = String(decoding: try Gemini.requestBody(OpenAI.chat(from: view)), as: UTF8.self)
        #expect(sent.contains(#""thoughtSignature":"c2lnbmVk""#) && !sent.contains(Gemini.foreignSignature))
        let passed = String(decoding: OpenAI.upstreamBody(view, model: "m", amongOthers: true), as: UTF8.self)
        #expect(passed.contains("get_weather") && !passed.contains(OpenAI.foreignField))
        #expect(OpenAI.upstreamBody(view, model: "m") == view.document.bytes, "nobody else can have spoken")
    }

    @Test func callsOfOthersGetAProofAmongThem() throws {
        let call = #"{"functionCall":{"name":"f","args":{}}}"#
        let contents = { (call: String) in
            #"{"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[\#(call), \#(call)]}]}"#
        }
        let view = try Self.view(contents(call))
        let signed = try JSONDocument(Gemini.upstreamBody(view, model: "m", amongOthers: true))
        let parts = signed["contents"]?.elements.map { $0 }.last?["parts"]?.elements.map { $0 } ?? []
        #expect(parts.map { $0["thoughtSignature"]?.string } == [Gemini.foreignSignature, nil])
        #expect(Gemini.upstreamBody(view, model: "m") == view.document.bytes)
    }

    @Test(arguments: [
        (#""tools":[{"googleSearch":{}}]"#, "tools[0].googleSearch"), (#""cachedContent":"c/1""#, "cachedContent"),
        (#""generationConfig":{"candidateCount":2}"#, "generationConfig.candidateCount"),
        (#""generationConfig":{"response_modalities":["IMAGE"]}"#, "generationConfig.responseModalities"),
        (#""generationConfig":{"responseLogprobs":true}"#, "generationConfig.responseLogprobs"),
        (#""toolConfig":{"functionCallingConfig":{"mode":"odd"}}"#, "toolConfig.functionCallingConfig.mode"),
        (#""generationConfig":{"temperature":3}"#, "generationConfig.temperature"),
        (#""systemInstruction":{"parts":[{"inlineData":{}}]}"#, "systemInstruction.parts[0].inlineData"),
    ])
    func ofAClientIsRefused(fields: String, param: String) throws {
        let error = #expect(throws: RequestError.self) { try Self.gemini(fields) }
        #expect(error?.param == param)
    }

    @Test(arguments: [
        (#""labels":{}"#, "labels", false), (#""odd":1"#, "odd", true),
        (#""safetySettings":[{"category":"X","threshold":"BLOCK_ONLY_HIGH"}]"#, "safetySettings", true),
        (#""generationConfig":{"mediaResolution":"LOW"}"#, "generationConfig.mediaResolution", true),
        (#""generationConfig":{"topK":3}"#, "generationConfig.topK", true),
    ])
    func ofAClientIsNamed(fields: String, field: String, isWish: Bool) throws {
        let omissions = OpenAI.omissions(in: try Self.gemini(fields))
        #expect(omissions == [Omission(field: field, isWish: isWish)])
    }

    @Test func whatAFunctionSaidIsItsOutputItsErrorOrItsWholeObject() throws {
        let view = try RequestView(
            body: Fixture.bytes("gemini.results.request.json"),
            dialect: .gemini,
            address: RequestAddress(model: "m")
        )
        let chat = try Gemini.chat(from: view)
        let results = chat.messages.flatMap(\.parts).compactMap { part -> Chat.ToolResult? in
            if case .toolResult(let result) = part { result } else { nil }
        }
        #expect(results.map(\.id) == ["call_1_0", "call_1_1", "c3"])
        #expect(results.map(\.texts) == [["12 degrees"], ["no such place"], [#"{"hour":12,"minute":30}"#]])
        #expect(results.map(\.isError) == [false, true, false])
        #expect(chat.messages.map(\.role) == [.user, .assistant, .tool, .tool, .tool, .user])
    }

    @Test(arguments: [
        ("gemini-pro", "models/gemini-pro"), ("tunedModels/a", "tunedModels/a"), ("a b?", "models/a%20b%3F"),
    ])
    func aModelStandsInTheAddress(model: String, resource: String) { #expect(Gemini.resource(model) == resource) }

    @Test(arguments: ["iVBORw0KGgo=", "iVBORw0KGgo", "_-8=", "_-8"])
    func base64IsReadInBothAlphabets(text: String) {
        #expect(Gemini.plainBase64(text) == (text.hasPrefix("i") ? "iVBORw0KGgo=" : "/+8="))
    }

    @Test(arguments: [
        (
            #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#,
            true
        ),
        (#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#, false),
        (#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#, false),
        (#"{"type":"array","items":{"type":"object"}}"#, false), (#"{"type":"string"}"#, true),
        (
            #"{"anyOf":[{"type":"null"},{"properties":{},"additionalProperties":false}],"$defs":{"a":{"type":"object"}}}"#,
            false
        ),
        // Words that it does not take, and one of them as a property's name.
        (#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, false),
        (#"{"type":"array","items":{"oneOf":[{"type":"string"},{"type":"null"}]}}"#, false),
        (#"{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"null"}]}}"#, true),
        (#"{"type":"array","items":{"type":"string"},"uniqueItems":true}"#, false),
        (
            #"{"type":"object","properties":{"not":{"type":"string"}},"required":["not"],"additionalProperties":false}"#,
            true
        ),
    ])
    func aSchemaIsFollowedToTheLetterWhereOpenAITakesThat(schema: String, isStrict: Bool) {
        #expect(OpenAI.canBeStrict(Array(schema.utf8)) == isStrict)
    }

    @Test func soundGoesOverAndBack() throws {
        let sound = #"{"type":"input_audio","input_audio":{"data":"UklG","format":"mp3"}}"#
        let body = #"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"x"},\#(sound)]}]}"#
        let chat = try OpenAI.chat(from: RequestView(body: Array(body.utf8)))
        let sent = try Gemini.requestBody(chat)
        let part = #"{"inlineData":{"mimeType":"audio/mp3","data":"UklG"}}"#
        #expect(String(decoding: sent, as: UTF8.self).contains(part))
        let again = try Gemini.chat(from: Self.view(String(decoding: sent, as: UTF8.self)))
        let back = String(decoding: try OpenAI.requestBody(again, model: "m", stream: false), as: UTF8.self)
        #expect(back.contains(sound))
        #expect(throws: RequestError.self) { try Anthropic.requestBody(chat, model: "m", stream: false) }
        let film = #"{"contents":[{"parts":[{"inlineData":{"mimeType":"video/mp4","data":"AAAA"}}]}]}"#
        let filmed = try Gemini.chat(from: Self.view(film))
        #expect(throws: RequestError.self) { try OpenAI.requestBody(filmed, model: "m", stream: false) }
    }

    // MARK: Errors

    @Test(arguments: [
        (400, "INVALID_ARGUMENT", "odd", UpstreamError.Kind.invalidRequest),
        (
            400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8).",
            .contextLength
        ),
        (400, "FAILED_PRECONDITION", "User location is not supported.", .permission),
        (403, "PERMISSION_DENIED", "odd", .permission), (404, "NOT_FOUND", "odd", .notFound),
        (429, "RESOURCE_EXHAUSTED", "odd", .rateLimited), (500, "INTERNAL", "odd", .server),
        (503, "UNAVAILABLE", "odd", .overloaded), (504, "DEADLINE_EXCEEDED", "odd", .timeout),
        (418, "X", "odd", .invalidRequest),
    ])
    func anErrorsWordTellsItsKind(status: Int, word: String, message: String, kind: UpstreamError.Kind) {
        let body = #"{"error":{"code":\#(status),"message":"\#(message)","status":"\#(word)"}}"#
        let error = Gemini.error(status: status, body: Array(body.utf8))
        #expect(error.kind == kind && error.message == message && error.status == status)
        #expect(Gemini.error(status: status, body: Array("[\(body)]".utf8)) == error, "of a stream")
    }

    @Test func aWrongKeyIsNoFaultOfTheRequestAndAPauseIsReadFromTheError() {
        let key =
            #"{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#
        let wrong = Gemini.error(status: 400, body: Array(key.utf8))
        #expect(wrong.kind == .authentication && FailureClass.clientError.refined(by: wrong) == .unauthorised)
        let info = #"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}"#
        let body = #"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[\#(info)]}}"#
        #expect(Gemini.error(status: 429, body: Array(body.utf8)).retryAfter == "35")
    }

    @Test(arguments: ["MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE"])
    func whatTheModelGotWrongIsAFailureAndNoAnswer(word: String) throws {
        let body = #"{"candidates":[{"content":{},"finishReason":"\#(word)"}]}"#
        #expect(throws: UpstreamError.self) { try Gemini.answer(from: Array(body.utf8), decision: "m") }
        #expect(throws: UpstreamError.self) { try Gemini.answer(from: Array("{}".utf8), decision: "m") }
    }

    /// A chat of the API's own library keeps each piece of a stream as a content, and sends a function's result as the role `tool`.
    @Test func theKeptPiecesOfAStreamAreOneMessage() throws {
        let call = { (name: String) in #"{"role":"model","parts":[{"functionCall":{"name":"\#(name)","args":{}}}]}"# }
        let result = { (name: String) in #"{"functionResponse":{"name":"\#(name)","response":{"output":"1"}}}"# }
        let said = { (text: String) in #"{"role":"model","parts":[{"text":"\#(text)"}]}"# }
        let contents = [
            #"{"role":"user","parts":[{"text":"a"}]}"#, said("Hel"), said("lo"), said(""), call("f"), call("g"),
            #"{"role":"tool","parts":[\#(result("f")),\#(result("g"))]}"#,
        ]
        let chat = try Gemini.chat(from: Self.view(#"{"contents":[\#(contents.joined(separator: ","))]}"#))
        #expect(chat.messages.map(\.role) == [.user, .assistant, .tool, .tool])
        #expect(chat.messages[1].parts.first == .text("Hello") && chat.messages[1].parts.count == 3)
        let body = String(decoding: try OpenAI.requestBody(chat, model: "m", stream: false), as: UTF8.self)
        #expect(body.contains(#""content":"Hello","tool_calls":["#), "\(body)")
    }

    /// Each result looks for its call: with as many as fit into a body that would take hours.
    @Test func moreCallsThanAnyModelMakesAreRefused() throws {
        let many = Chat.mostCalls + 1
        let call = #"{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}"#
        let contents = Array(repeating: call, count: many).joined(separator: ",")
        let view = try Self.view(#"{"contents":[\#(contents)]}"#)
        #expect(throws: RequestError.self) { try Gemini.chat(from: view) }
        let own = (0..<many).map { #"{"id":"c\#($0)","type":"function","function":{"name":"f","arguments":"{}"}}"# }
        let messages =
            #"[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[\#(own.joined(separator: ","))]}]"#
        let chat = try OpenAI.chat(from: RequestView(body: Array(#"{"model":"m","messages":\#(messages)}"#.utf8)))
        let error = #expect(throws: RequestError.self) { try Gemini.requestBody(chat) }
        #expect(error?.param == "messages[1]")
    }

    // MARK: Embeddings

    @Test func embeddingsGoOverAndBack() throws {
        let body = #"{"model":"m","input":["a","b"],"dimensions":2,"encoding_format":"base64","user":"u"}"#
        let view = try RequestView(body: Array(body.utf8), operation: .embeddings)
        let ask = try OpenAI.embedding(from: view)
        let (sent, omissions) = try Dialect.gemini.embeddingRequest(ask, model: "e")
        #expect(omissions.map(\.field) == ["user"])
        let again = try Gemini.embedding(from: Self.view(String(decoding: sent, as: UTF8.self), .embeddings, .batch))
        #expect(again.texts == ["a", "b"] && again.dimensions == 2)
        let answer = #"{"embeddings":[{"values":[0.5,-1]},{"values":[0,2.0]}]}"#
        let read = try Dialect.gemini.embeddings(from: Array(answer.utf8), of: 2)
        let told = try JSONDocument(OpenAI.body(of: read, to: view))
        #expect(told["data"]?.elements.map { $0["embedding"]?.string } == ["AAAAPwAAgL8=", "AAAAAAAAAEA="])
        #expect(told["usage"] == nil, "nothing was reported")
        #expect(throws: UpstreamError.self) { try Dialect.gemini.embeddings(from: Array(answer.utf8), of: 3) }
    }

    @Test func embeddingsOfAGeminiClientGoOverAndBack() throws {
        let one = #"{"content":{"parts":[{"text":"a"},{"text":"b"}]},"outputDimensionality":3,"taskType":"CLUSTERING"}"#
        let view = try Self.view(one, .embeddings)
        let ask = try Gemini.embedding(from: view)
        #expect(ask.texts == ["ab"] && ask.dimensions == 3 && ask.uncarried == [.wish("taskType")])
        let sent = String(decoding: OpenAI.embeddingRequest(ask, model: "e"), as: UTF8.self)
        #expect(sent == #"{"model":"e","input":["ab"],"dimensions":3,"encoding_format":"float"}"#)
        let answer = #"{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":4}}"#
        let read = try Dialect.openai.embeddings(from: Array(answer.utf8), of: 2)
        #expect(read.vectors == [Array("[1]".utf8), Array("[2]".utf8)] && read.usage.input == 4)
        let batch = try Self.view(#"{"requests":[\#(one),\#(one)]}"#, .embeddings, .batch)
        let told = String(decoding: Gemini.body(of: read, to: batch), as: UTF8.self)
        #expect(told == #"{"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":4}}"#)
    }

    @Test func theModelIsNamedAnewWhereABodyRepeatsIt() throws {
        let batch = #"{"requests":[{"model":"models/chat","content":{}},{ "model": "models/chat" }]}"#
        let body = Gemini.upstreamBody(try Self.view(batch, .embeddings, .batch), model: "e-1")
        #expect(
            String(decoding: body, as: UTF8.self)
                == batch.replacing("models/chat", with: "models/e-1").replacing("},{", with: "},{")
        )
        let count = #"{"generateContentRequest":{"model":"models/chat","contents":[]}}"#
        let asked = Gemini.upstreamBody(try Self.view(count, .countTokens), model: "g")
        #expect(String(decoding: asked, as: UTF8.self) == count.replacing("models/chat", with: "models/g"))
    }
}
