import Testing
import Wire

@testable import Inference

/// What can be said in the Messages API, what is refused, and what is reported as left out?
struct AnthropicRequestTests {
    private static func chat(_ fields: String, messages: String = #"[{"role":"user","content":"x"}]"#) throws -> Chat {
        let body = "{\"model\":\"m\",\"messages\":\(messages)\(fields.isEmpty ? "" : ",")\(fields)}"
        return try OpenAI.chat(from: RequestView(body: Array(body.utf8)))
    }

    @Test(
        "refuses",
        arguments: [
            (#""n":2"#, "n"),
            (#""logprobs":true"#, "logprobs"),
            (#""top_logprobs":3"#, "top_logprobs"),
            (#""logit_bias":{"5":1}"#, "logit_bias"),
            (#""modalities":["text","audio"]"#, "modalities"),
            (#""audio":{"voice":"a","format":"mp3"}"#, "audio"),
            (#""web_search_options":{}"#, "web_search_options"),
            (#""response_format":{"type":"json_object"}"#, "response_format"),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"x"}}"#,
                "response_format.json_schema.schema"
            ),
            (#""tool_choice":"required""#, "tool_choice"),
        ]
    )
    func refusesWhatDefinesTheAnswer(fields: String, param: String) throws {
        let chat = try Self.chat(fields)
        let error = #expect(throws: RequestError.self) { try Anthropic.requestBody(chat, model: "c", stream: false) }
        #expect(error?.param == param)
    }

    @Test(
        "refuses messages",
        arguments: [
            (#"[{"role":"system","content":"x"}]"#, "messages"),
            (#"[{"role":"user","content":""}]"#, "messages"),
            (
                #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AA=="}}]}]"#,
                "messages[0].content"
            ),
            (
                #"""
                [{"role":"user","content":"x"},
                 {"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\"a\":"}}]}]
                """#, "messages[1].tool_calls"
            ),
        ]
    )
    func refusesMessagesItHasNoFormFor(messages: String, param: String) throws {
        let chat = try Self.chat("", messages: messages)
        let error = #expect(throws: RequestError.self) { try Anthropic.requestBody(chat, model: "c", stream: false) }
        #expect(error?.param == param)
        #expect(error?.code == .unsupported)
    }

    @Test(
        "reports",
        arguments: [
            (#""temperature":0.7"#, ["temperature"], "the current API has no sampling parameters"),
            (#""temperature":1,"top_p":1.0"#, ["temperature", "top_p"], "named, though these are what happens anyway"),
            (#""top_p":0.5"#, ["top_p"], "a sampling parameter"),
            (#""reasoning_effort":"minimal""#, ["reasoning_effort"], "no such effort there"),
            (#""reasoning_effort":"max""#, [], "carried"),
            (#""seed":7,"verbosity":"low""#, ["seed", "verbosity"], "in the request's order"),
            (
                #""n":1,"store":false,"logprobs":false,"presence_penalty":0.0,"service_tier":"auto""#, [],
                "they ask for nothing"
            ),
            (#""presence_penalty":0.5"#, ["presence_penalty"], "it asks for something"),
            (#""service_tier":"flex""#, ["service_tier"], "it asks for something"),
            (#""safety_identifier":"u""#, [], "carried as the user"),
            (#""safety_identifier":"u","user":"v""#, ["safety_identifier"], "only one name has room"),
            (#""seed":null"#, [], "null is not given"),
            (#""x_new":{"a":1}"#, ["x_new"], "fields we do not know too"),
            (
                #""stream":true,"stream_options":{"include_obfuscation":true}"#, ["stream_options.include_obfuscation"],
                "an inner field"
            ),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"a","odd":"b","schema":{}}}"#,
                ["response_format.json_schema.name", "response_format.json_schema.odd"], "inner fields"
            ),
        ] as [(String, [String], String)]
    )
    func reportsWhatGoesWithoutEffect(fields: String, omissions: [String], why: String) throws {
        let chat = try Self.chat(fields)
        #expect(Anthropic.omissions(in: chat).map(\.field) == omissions, "\(why)")
        _ = try JSONDocument(Anthropic.requestBody(chat, model: "c", stream: false))
    }

    @Test func reportsInnerFieldsOfMessagesOnce() throws {
        let chat = try OpenAI.chat(from: RequestView(body: Fixture.bytes("openai.image.request.json")))
        #expect(Anthropic.omissions(in: chat).map(\.field) == ["messages.content.image_url.detail"])
        let named = try Self.chat(
            "",
            messages: """
                [{"role":"user","name":"a","content":"x"},{"role":"user","name":"b","content":"y"},
                 {"role":"system","content":"late"}]
                """
        )
        #expect(Anthropic.omissions(in: named).map(\.field) == ["messages.role", "messages.name"])
    }

    @Test func theAnswerIsBoundedEvenWhenTheClientDidNotSay() throws {
        let body = try JSONDocument(Anthropic.requestBody(Self.chat(""), model: "c", stream: false))
        #expect(body["max_tokens"]?.unsigned == Anthropic.defaultMaxTokens)
        #expect(body["stream"] == nil)
    }

    @Test(
        arguments: [
            (#""tool_choice":"none""#, #"{"type":"none"}"#),
            (#""tool_choice":"none","parallel_tool_calls":false"#, #"{"type":"none"}"#),
            (#""parallel_tool_calls":false"#, #"{"type":"auto","disable_parallel_tool_use":true}"#),
            (
                #""tool_choice":"required","parallel_tool_calls":false"#,
                #"{"type":"any","disable_parallel_tool_use":true}"#
            ),
            (#""parallel_tool_calls":true"#, nil),
        ] as [(String, String?)]
    )
    func oneToolAtATimeIsPartOfTheChoice(fields: String, choice: String?) throws {
        let chat = try Self.chat(#""tools":[{"type":"function","function":{"name":"f"}}],"# + fields)
        let body = try JSONDocument(Anthropic.requestBody(chat, model: "c", stream: false))
        #expect(body["tool_choice"].map { String(decoding: $0.raw, as: UTF8.self) } == choice)
    }
}
