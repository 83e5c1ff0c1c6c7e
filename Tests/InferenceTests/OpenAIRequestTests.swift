import Testing
import Wire

@testable import Inference

/// What is read of a request, and what is refused with which field's name?
struct OpenAIRequestTests {
    @Test func routingEssentialsAreRead() throws {
        let view = try RequestView(body: Fixture.bytes("openai.tools.request.json"))
        #expect(view.model == "chat")
        #expect(view.stream)
        #expect(view.includeUsage)
        #expect(view.hasTools)
        #expect(!view.hasImages)
        let image = try RequestView(body: Fixture.bytes("openai.image.request.json"))
        #expect(image.hasImages)
        #expect(!image.hasTools)
        #expect(!image.stream)
        #expect(image.maxTokens == 64)
        let text = try RequestView(body: Fixture.bytes("openai.text.request.json"))
        #expect(text.user == "user-7")
        #expect(text.maxTokens == 200)
        #expect(!text.includeUsage)
    }

    @Test func thePromptsSizeIsEstimatedFromMessagesAndTools() throws {
        let view = try RequestView(body: Array(#"{"model":"m","messages":[12345],"tools":[{}]}"#.utf8))
        #expect(view.estimatedInputTokens == 3, "7 and 4 bytes, 4 to a token, rounded up")
    }

    @Test(
        "refuses",
        arguments: [
            ("{", nil, .invalidJSON, "no JSON"),
            ("[]", nil, .invalidJSON, "no object"),
            (#"{"model":"a","model":"b","messages":[]}"#, nil, .invalidJSON, "two models, one for us and one for them"),
            (#"{"model":"a","MODEL":"b","messages":[]}"#, "MODEL", .unsupported, "two models, to a server in Go"),
            (#"{"messages":[]}"#, "model", .missing, "no model"),
            (#"{"model":null,"messages":[]}"#, "model", .missing, "no model"),
            (#"{"model":7,"messages":[]}"#, "model", .wrongType, "a number"),
            (#"{"model":"","messages":[]}"#, "model", .wrongType, "nothing in it"),
            (#"{"model":"\#(String(repeating: "m", count: 513))","messages":[]}"#, "model", .wrongValue, "a novel"),
            (#"{"model":"m"}"#, "messages", .missing, "no messages"),
            (#"{"model":"m","messages":{}}"#, "messages", .wrongType, "an object"),
            (#"{"model":"m","messages":[],"stream":"yes"}"#, "stream", .wrongType, "a word"),
            (#"{"model":"m","messages":[],"stream_options":1}"#, "stream_options", .wrongType, "a number"),
            (
                #"{"model":"m","messages":[],"stream_options":{"include_usage":1}}"#, "stream_options.include_usage",
                .wrongType, "a number"
            ),
        ] as [(String, String?, RequestError.Code, String)]
    )
    func refusesWhatCannotBeRouted(body: String, param: String?, code: RequestError.Code, why: String) {
        let error = #expect(throws: RequestError.self, "\(why)") { try RequestView(body: Array(body.utf8)) }
        #expect(error?.param == param)
        #expect(error?.code == code)
        #expect(error?.status == 400)
    }

    @Test func aBodyThatIsTooLargeHasItsOwnStatus() {
        let body = [UInt8](repeating: 0x20, count: JSONLimits.request.bytes + 1)
        let error = #expect(throws: RequestError.self) { try RequestView(body: body) }
        #expect(error?.status == 413)
    }

    @Test(
        "refuses to translate",
        arguments: [
            (#""messages":[]"#, "messages", .wrongValue),
            (#""messages":[1]"#, "messages[0]", .wrongType),
            (#""messages":[{"content":"x"}]"#, "messages[0].role", .missing),
            (#""messages":[{"role":"king","content":"x"}]"#, "messages[0].role", .wrongValue),
            (#""messages":[{"role":"function","name":"f","content":"x"}]"#, "messages[0].role", .unsupported),
            (#""messages":[{"role":"user"}]"#, "messages[0].content", .missing),
            (#""messages":[{"role":"user","content":7}]"#, "messages[0].content", .wrongType),
            (
                #""messages":[{"role":"user","content":[{"type":"input_film"}]}]"#, "messages[0].content[0].type",
                .unsupported
            ),
            (
                #""messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"format":"ogg"}}]}]"#,
                "messages[0].content[0].input_audio.format", .wrongValue
            ),
            (
                #""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"ftp://x"}}]}]"#,
                "messages[0].content[0].image_url.url", .wrongValue
            ),
            (
                #""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,x"}}]}]"#,
                "messages[0].content[0].image_url.url", .wrongValue
            ),
            (#""messages":[{"role":"tool","content":"x"}]"#, "messages[0].tool_call_id", .missing),
            (#""messages":[{"role":"tool","tool_call_id":"c"}]"#, "messages[0].content", .missing),
            (#""messages":[{"role":"assistant","audio":{"id":"a"}}]"#, "messages[0].audio", .unsupported),
            (
                #""messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f"}}]}]"#,
                "messages[0].tool_calls[0].function.arguments", .missing
            ),
            (#""tools":[{"type":"custom","custom":{"name":"x"}}]"#, "tools[0].type", .unsupported),
            (#""tools":[{"type":"function"}]"#, "tools[0].function", .missing),
            (#""tools":[{"type":"function","function":{}}]"#, "tools[0].function.name", .missing),
            (
                #""tools":[{"type":"function","function":{"name":"f","parameters":1}}]"#,
                "tools[0].function.parameters", .wrongType
            ),
            (#""tool_choice":"maybe""#, "tool_choice", .wrongValue),
            (#""tool_choice":{"type":"allowed_tools"}"#, "tool_choice.type", .unsupported),
            (#""temperature":2.1"#, "temperature", .wrongValue),
            (#""temperature":"hot""#, "temperature", .wrongType),
            (#""top_p":-0.1"#, "top_p", .wrongValue),
            (#""max_tokens":0"#, "max_tokens", .wrongValue),
            (#""max_completion_tokens":1.5"#, "max_completion_tokens", .wrongValue),
            (#""stop":[1]"#, "stop[0]", .wrongType),
            (#""functions":[]"#, "functions", .unsupported),
            (#""response_format":{"type":"xml"}"#, "response_format.type", .wrongValue),
        ] as [(String, String, RequestError.Code)]
    )
    func refusesWhatCannotBeTranslated(fields: String, param: String, code: RequestError.Code) throws {
        let messages = fields.hasPrefix(#""messages""#) ? "" : #","messages":[{"role":"user","content":"x"}]"#
        let view = try RequestView(body: Array("{\"model\":\"m\",\(fields)\(messages)}".utf8))
        let error = #expect(throws: RequestError.self) { try OpenAI.chat(from: view) }
        #expect(error?.param == param)
        #expect(error?.code == code)
    }

    @Test func theNewerLimitCountsWhicheverComesFirst() throws {
        for fields in [#""max_tokens":1,"max_completion_tokens":2"#, #""max_completion_tokens":2,"max_tokens":1"#] {
            let body = "{\"model\":\"m\",\(fields),\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"
            let view = try RequestView(body: Array(body.utf8))
            #expect(view.maxTokens == 2)
            #expect(try OpenAI.chat(from: view).maxTokens == 2)
        }
    }
}
