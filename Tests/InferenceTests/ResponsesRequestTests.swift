import Testing
import Wire

@testable import Inference

/// What of a request to the Responses API is understood, refused, or left out by name?
struct ResponsesRequestTests {
    private static func view(_ more: String) throws -> RequestView {
        let input = more.contains("\"input\"") ? more : #""input":"x",\#(more)"#
        return try RequestView(body: Array(#"{"model":"m",\#(input)}"#.utf8), dialect: .responses)
    }

    private static func chat(_ more: String) throws -> Chat { try Responses.chat(from: view(more)) }

    @Test(arguments: [
        (#""store":true"#, "store"), (#""background":true"#, "background"),
        (#""previous_response_id":"resp_1""#, "previous_response_id"), (#""conversation":"conv_1""#, "conversation"),
        (#""prompt":{"id":"pmpt_1"}"#, "prompt"),
        (#""input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]"#, "input[0].content[0].file_id"),
        (#""input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]"#, "input[0].content[0].file_id"),
        (#""input":null,"previous_response_id":"resp_1""#, "previous_response_id"),
    ])
    func whatWouldHaveToBeStoredIsRefused(more: String, field: String) {
        let error = #expect(throws: RequestError.self) { try Self.chat(more) }
        #expect(error?.param == field && error?.code == .unsupported && error?.status == 400)
        #expect(error?.message.contains("stored") == true)
    }

    @Test(arguments: [#""store":false"#, #""store":null"#, #""background":false"#, #""previous_response_id":null"#])
    func whatAsksForNothingIsNothing(more: String) throws {
        let chat = try Self.chat(more)
        #expect(chat.uncarried.isEmpty && chat.extras.isEmpty)
    }

    @Test(arguments: [
        (#""input":[{"type":"web_search_call","id":"w"}]"#, "input[0]", "web_search_call"),
        (#""input":[{"role":"user","content":"x"},{"type":"item_reference","id":"i"}]"#, "input[1]", "item_reference"),
        (#""input":[{"role":"user","content":[{"type":"input_audio"}]}]"#, "input[0].content[0]", "input_audio"),
        (#""tools":[{"type":"web_search"}]"#, "tools[0]", "web_search"),
        (#""tools":[{"type":"mcp","server_label":"s"}]"#, "tools[0]", "mcp"),
        (#""tool_choice":{"type":"allowed_tools","tools":[]}"#, "tool_choice", "allowed_tools"),
        (#""include":["message.output_text.logprobs"]"#, "include", "message.output_text.logprobs"),
        (
            #""input":[{"type":"function_call_output","call_id":"c","output":[{"type":"input_image"}]}]"#,
            "input[0].output[0]", "input_image"
        ),
    ])
    func anUnknownTypeIsRefusedByName(more: String, field: String, type: String) {
        let error = #expect(throws: RequestError.self) { try Self.chat(more) }
        #expect(error?.param == field && error?.code == .unsupported)
        #expect(error?.message.contains("'\(type)'") == true)
    }

    @Test(arguments: [
        (#""input":7"#, "input"), (#""input":[]"#, "input"), (#""input":["x"]"#, "input[0]"),
        (#""input":null"#, "input"), (#""input":[{"content":"x"}]"#, "input[0].role"),
        (#""input":[{"role":"robot","content":"x"}]"#, "input[0].role"),
        (#""input":[{"role":"user"}]"#, "input[0].content"),
        (#""input":[{"type":"function_call","name":"f","arguments":"{}"}]"#, "input[0].call_id"),
        (#""input":[{"type":"function_call_output","call_id":"c"}]"#, "input[0].output"),
        (#""instructions":7"#, "instructions"), (#""max_output_tokens":0"#, "max_output_tokens"),
        (#""temperature":3"#, "temperature"), (#""text":{"format":{"type":"xml"}}"#, "text.format.type"),
        (#""text":{"format":{"type":"json_schema","name":"n"}}"#, "text.format.schema"),
        (#""tools":[{"type":"function"}]"#, "tools[0].name"), (#""tool_choice":"maybe""#, "tool_choice"),
        (#""reasoning":"high""#, "reasoning"), (#""store":"no""#, "store"), (#""include":"x""#, "include"),
    ])
    func whatIsWrongIsNamed(more: String, field: String) {
        let error = #expect(throws: RequestError.self) { try Self.chat(more) }
        #expect(error?.param == field)
    }

    @Test func aTurnOfTheAssistantIsOneMessage() throws {
        let view = try RequestView(body: Fixture.bytes("responses.results.request.json"), dialect: .responses)
        let chat = try Responses.chat(from: view)
        #expect(chat.messages.map(\.role) == [.system, .user, .assistant, .tool, .tool, .user])
        #expect(chat.messages.map(\.position) == [0, 0, 1, 5, 6, 7])
        #expect(chat.messages[2].parts.first == .thought(.open("Two cities.", signature: "")))
        #expect(chat.messages[2].parts.count == 4)
        #expect(chat.messages[4].parts == [.toolResult(.init(id: "call_2", texts: ["rain", "9 degrees"]))])
        #expect(chat.uncarried == [.hint("input.encrypted_content"), .hint("include")])
    }

    @Test func fieldsBearTheNamesThatTheClientKnows() {
        let names = FieldNames(.responses)
        for (field, name) in [
            ("messages[2].content", "input[2].content"), ("reasoning_effort", "reasoning.effort"),
            ("response_format.json_schema.schema", "text.format.schema"), ("tools.function.strict", "tools.strict"),
            ("temperature", "temperature"), ("messages.content.thinking", "input.reasoning"),
        ] {
            #expect(names.named(Omission.wish(field)) == .wish(name))
        }
        let error = names.named(RequestError.inexpressible("response_format", in: .anthropic, "no"))
        #expect(error.param == "text.format" && error.message.contains("'text.format'"))
    }

    /// What both of OpenAI's APIs have goes from the one to the other.
    @Test func whatBothAPIsHaveIsCarried() throws {
        let chat = try Self.chat(
            #""prompt_cache_key":"k","safety_identifier":"s","service_tier":"flex","text":{"verbosity":"low"},"odd":1"#
        )
        let sent = try JSONDocument(OpenAI.requestBody(chat, model: "m", stream: false))
        #expect(sent["prompt_cache_key"]?.string == "k" && sent["safety_identifier"]?.string == "s")
        #expect(sent["service_tier"]?.string == "flex" && sent["verbosity"]?.string == "low")
        #expect(OpenAI.omissions(in: chat) == [.wish("odd")])
        let omitted = Anthropic.omissions(in: chat).map(\.field)
        #expect(omitted.contains("text.verbosity") && omitted.contains("odd"))
    }

    @Test func policiesSeeWhatIsAskedFor() throws {
        let body =
            #"{"model":"m","instructions":"be brief","input":[{"role":"user","content":[{"type":"input_text","text":"hello"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]}],"text":{"format":{"type":"json_schema"}},"reasoning":{"effort":"high"}}"#
        let document = try JSONDocument(Array(body.utf8))
        #expect(Modalities(document).words == ["image", "text"])
        #expect(PromptParts.wantsSchema(document) && PromptParts.wantsThinking(document))
        #expect(PromptParts.lastWords(document, of: "user") == Array("hello".utf8))
        let short = try JSONDocument(Array(#"{"model":"m","input":"hello"}"#.utf8))
        #expect(PromptParts.lastWords(short, of: nil) == Array("hello".utf8))
        #expect(Modalities(short).words == ["text"])
        let looped = #"{"input":[{"type":"function_call_output","call_id":"c","output":"x"}]}"#
        #expect(try Conversation.isInToolLoop(JSONDocument(Array(looped.utf8))))
    }

    @Test func aRequestIsCountedWhole() throws {
        let view = try Self.view(#""instructions":"0123456789","max_output_tokens":99,"user":"u","stream":true"#)
        #expect(view.maxTokens == 99 && view.user == "u" && view.stream && view.includeUsage)
        #expect(view.estimatedInputTokens == 4)
    }
}
