import Testing
import Wire

@testable import Inference

/// What does a client read of a field for which a provider has no word, or less than the client has? Rows beyond what published schemas show:
/// fields that are told otherwise beside others.
struct LeftOutTests {
    typealias Row = (client: ClientDialect, fields: String, provider: Dialect, names: [String])

    private static let schema = #"{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}"#

    private static let thinking: [Row] = [
        (.anthropic, #""thinking":{"type":"disabled"},"output_config":{"effort":"high"}"#, .openai, ["thinking"]),
        (.anthropic, #""thinking":{"type":"disabled"},"output_config":{"effort":"high"}"#, .responses, ["thinking"]),
        (
            .anthropic, #""thinking":{"type":"disabled"},"output_config":{"effort":"high"}"#, .gemini,
            ["output_config.effort"]
        ),
        (
            .anthropic, #""thinking":{"type":"disabled"},"output_config":{"effort":"high"}"#, .ollama,
            ["output_config.effort"]
        ),
        // No word asks for it, so that it is more than its length that is lost.
        (.anthropic, #""thinking":{"type":"enabled","budget_tokens":2048}"#, .openai, ["thinking"]),
        (
            .anthropic, #""thinking":{"type":"enabled","budget_tokens":2048},"output_config":{"effort":"low"}"#,
            .openai,
            ["thinking.budget_tokens"]
        ),
        (
            .anthropic, #""thinking":{"type":"enabled","budget_tokens":2048},"output_config":{"effort":"low"}"#,
            .gemini,
            ["output_config.effort"]
        ),
        (.anthropic, #""thinking":{"type":"adaptive"},"output_config":{"effort":"low"}"#, .openai, []),
        (.anthropic, #""thinking":{"type":"between_tools"}"#, .ollama, ["thinking.type"]),
        (.openai, #""reasoning_effort":"xhigh""#, .gemini, ["reasoning_effort"]),
        (.openai, #""reasoning_effort":"minimal""#, .gemini, ["reasoning_effort"]),
        (.openai, #""reasoning_effort":"high""#, .gemini, []),
        (.gemini, thoughts(#""thinkingBudget":2048"#), .anthropic, [budget]),
        (.gemini, thoughts(#""thinkingBudget":-1"#), .openai, [budget]),
        (.gemini, thoughts(#""thinkingBudget":-1"#), .anthropic, []),
        (.gemini, thoughts(#""thinkingBudget":2048,"includeThoughts":true"#), .openai, [budget, shown]),
        (.gemini, thoughts(#""thinkingLevel":"HIGH","includeThoughts":true"#), .responses, [shown]),
        (.gemini, thoughts(#""thinkingLevel":"THINKING_LEVEL_UNSPECIFIED""#), .openai, []),
    ]

    private static let budget = "generationConfig.thinkingConfig.thinkingBudget"
    private static let shown = "generationConfig.thinkingConfig.includeThoughts"

    private static func thoughts(_ fields: String) -> String {
        #""generationConfig":{"thinkingConfig":{\#(fields)}}"#
    }

    private static func document(_ fields: String) -> String {
        #""messages":[{"role":"user","content":[{"type":"document",\#(fields)}]}]"#
    }

    private static func file(_ fields: String) -> String {
        #""input":[{"role":"user","content":[{"type":"input_file",\#(fields)}]}]"#
    }

    private static func part(_ fields: String) -> String { #""contents":[{"parts":[{\#(fields)}]}]"# }

    private static let media: [Row] = [
        (
            .anthropic, document(#""title":"t","source":{"type":"url","url":"https://a.example/b.pdf"}"#), .responses,
            ["messages.content.title"]
        ),
        (
            .anthropic, document(#""title":"t","source":{"type":"url","url":"https://a.example/b.pdf"}"#), .gemini,
            ["messages.content.title"]
        ),
        (.responses, file(#""filename":"t","file_url":"https://a.example/b.pdf""#), .anthropic, []),
        (
            .responses, file(#""filename":"t","file_url":"https://a.example/b.pdf""#), .gemini,
            ["input.content.filename"]
        ),
        (
            .gemini, part(#""fileData":{"fileUri":"https://a.example/b","mimeType":"text/plain"}"#), .anthropic,
            ["contents.parts.fileData.mimeType"]
        ),
        (
            .gemini, part(#""file_data":{"file_uri":"https://a.example/b.pdf","mime_type":"application/pdf"}"#),
            .anthropic, []
        ),
        (
            .gemini, part(#""inlineData":{"mimeType":"image/png","data":"AA==","displayName":"t"}"#), .ollama,
            ["contents.parts.inlineData.displayName"]
        ),
        (
            .gemini, part(#""inlineData":{"mimeType":"audio/wav","data":"AA==","displayName":"t"}"#), .openai,
            ["contents.parts.inlineData.displayName"]
        ),
        (
            .responses,
            #""input":[{"role":"user","content":"x"},{"type":"reasoning","summary":[{"type":"summary_text","text":"s"}],"content":[{"type":"reasoning_text","text":"c"}]},{"role":"user","content":"y"}]"#,
            .ollama, ["input.summary"]
        ),
    ]

    private static let others: [Row] = [
        (.openai, #""response_format":\#(schema)"#, .anthropic, ["response_format.json_schema.name"]),
        (.openai, #""response_format":\#(schema)"#, .ollama, ["response_format.json_schema.name"]),
        (.openai, #""response_format":\#(schema)"#, .responses, []),
        (
            .responses, #""text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}}}"#, .gemini,
            ["text.format.name"]
        ),
        (.ollama, #""format":{"type":"object"}"#, .anthropic, []),
        (
            .openai, #""tool_choice":"none","parallel_tool_calls":false"#, .gemini,
            ["tool_choice", "parallel_tool_calls"]
        ),
        (.anthropic, #""tool_choice":{"type":"none"}"#, .openai, ["tool_choice"]),
        (.openai, #""temperature":1"#, .anthropic, ["temperature"]),
        (.openai, #""max_tokens":9,"max_completion_tokens":8"#, .anthropic, ["max_tokens"]),
        (.ollama, #""options":{"num_predict":-1}"#, .anthropic, ["options.num_predict"]),
        (.ollama, #""options":{"num_predict":-1}"#, .openai, []), (.ollama, #""logprobs":false"#, .openai, []),
        (
            .anthropic,
            #""messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"redacted_thinking","data":"d"},{"type":"text","text":"t"}]},{"role":"user","content":"y"}]"#,
            .openai, ["messages.content.data"]
        ),
        (
            .anthropic, #""tool_choice":{"type":"auto","odd":1},"tools":[{"name":"f","input_schema":{}}]"#, .openai,
            ["tool_choice.odd"]
        ),
        (
            .anthropic, #""output_config":{"format":{"type":"json_schema","schema":{},"odd":1}}"#, .openai,
            ["output_config.format.odd"]
        ),
        (
            .anthropic, document(#""source":{"type":"url","url":"https://a.example/b.pdf","odd":1}"#), .responses,
            ["messages.content.source.odd"]
        ),
        (.openai, #""response_format":{"type":"text","odd":1}"#, .anthropic, ["response_format.odd"]),
    ]

    @Test(arguments: thinking + media + others)
    func itIsNamed(_ row: Row) throws {
        let names = row.fields.hasPrefix(#""messages""#) || row.fields.hasPrefix(#""input""#)
        let said =
            switch row.client {
            case .openai, .ollama, .mistral: #""model":"m","messages":[{"role":"user","content":"x"}],"#
            case .anthropic:
                #""model":"m","max_tokens":99,"# + (names ? "" : #""messages":[{"role":"user","content":"x"}],"#)
            case .responses: #""model":"m","# + (names ? "" : #""input":"x","#)
            case .gemini: row.fields.hasPrefix(#""contents""#) ? "" : #""contents":[{"parts":[{"text":"x"}]}],"#
            }
        let view = try RequestView(
            body: Array("{\(said)\(row.fields)}".utf8),
            dialect: row.client,
            operation: .chat,
            address: row.client == .gemini ? RequestAddress(model: "m", form: .whole) : nil
        )
        let (_, omissions) = try row.provider.request(row.client.chat(from: view), model: "m", stream: false)
        #expect(omissions.map(\.field) == row.names)
    }

    /// What clients send back of an answer before, and what they call its parts: it asks for nothing, and no member is passed over for it.
    @Test(
        arguments: [
            (
                ClientDialect.openai,
                #"{"role":"assistant","content":"a","reasoning":"r","reasoning_details":[{"text":"r"}]}"#
            ),
            (.openai, #"{"role":"user","content":[{"type":"text","text":"a","id":"lc_1","index":0}]}"#),
            (.openai, #"{"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"a","id":"lc_1"}]}"#),
            (
                .anthropic,
                #"{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"","odd":1},{"type":"text","text":"a","id":"b"}]}"#
            ),
            (
                .anthropic,
                #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"a","id":"b"}]}]}"#
            ),
            (
                .responses,
                #"{"type":"reasoning","summary":[{"type":"summary_text","text":"s","odd":1}],"encrypted_content":"e","odd":1}"#
            ),
            (
                .responses,
                #"{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"a","id":"b"}]}"#
            ),
        ] as [(ClientDialect, String)]
    )
    func whatAnAnswerBeforeBringsIsNoWish(client: ClientDialect, item: String) throws {
        let list = client == .responses ? "input" : "messages"
        let call =
            switch client {
            case .responses: #"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#
            case .anthropic:
                #"{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]}"#
            default:
                #"{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}"#
            }
        let before = item.contains("call_id") || item.contains("tool_use_id") ? "," + call : ""
        let body =
            #"{"model":"m","max_tokens":9,"\#(list)":[{"role":"user","content":"x"}\#(before),\#(item),{"role":"user","content":"y"}]}"#
        let said = client == .responses ? body.replacing(#""max_tokens":9,"#, with: "") : body
        let chat = try client.chat(from: RequestView(body: Array(said.utf8), dialect: client))
        for provider in Dialect.allCases where provider != client.provider {
            let (_, omissions) = try provider.request(chat, model: "m", stream: false)
            let wishes = omissions.filter(\.isWish).map(\.field)
            #expect(wishes == [], "\(provider)")
        }
    }

    @Test func aFileIsHereOrElsewhere() throws {
        let body = "{\"model\":\"m\",\(Self.file(#""file_data":"AA==","file_url":"https://a.example/b.pdf""#))}"
        let view = try RequestView(body: Array(body.utf8), dialect: .responses)
        let error = #expect(throws: RequestError.self) { try Responses.chat(from: view) }
        #expect(error?.param == "input[0].content[0]")
    }
}
