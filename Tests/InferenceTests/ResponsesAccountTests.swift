import Testing
import Wire

@testable import Inference

/// Is every field of the Responses API's published schema accounted for at every provider? It arrives, it is refused by its name, or it is
/// reported; nothing is dropped in silence.
struct ResponsesAccountTests {
    private static func said(_ provider: Dialect, _ body: String) throws -> (body: [UInt8], omissions: [Omission]) {
        let view = try RequestView(body: Array(body.utf8), dialect: .responses)
        return try provider.request(Responses.chat(from: view), model: "m", stream: view.stream)
    }

    private static func isAccounted(_ provider: Dialect, _ body: String, without base: String) throws -> Bool {
        do {
            let (with, omissions) = try said(provider, body)
            return try !omissions.isEmpty || with != said(provider, base).body
        } catch let error as RequestError {
            return error.param != nil
        }
    }

    @Test(
        arguments: [
            #""metadata":{"a":"b"}"#, #""top_logprobs":2"#, #""temperature":0.5"#, #""top_p":0.5"#, #""user":"u""#,
            #""safety_identifier":"s""#, #""prompt_cache_key":"k""#, #""prompt_cache_retention":"24h""#,
            #""prompt_cache_options":{}"#, #""service_tier":"flex""#, #""previous_response_id":"r""#,
            #""reasoning":{"effort":"low"}"#, #""reasoning":{"summary":"auto"}"#, #""reasoning":{"context":"auto"}"#,
            #""background":true"#, #""max_tool_calls":3"#, #""text":{"verbosity":"low"}"#,
            #""text":{"format":{"type":"json_object"}}"#, #""tool_choice":"required""#, #""prompt":{"id":"p"}"#,
            #""truncation":"auto""#, #""include":["reasoning.encrypted_content"]"#, #""parallel_tool_calls":false"#,
            #""store":true"#, #""instructions":"i""#, #""moderation":{}"#, #""stream":true"#,
            #""stream_options":{"include_obfuscation":false}"#, #""conversation":"c""#, #""context_management":[]"#,
            #""max_output_tokens":50"#, #""odd":1"#,
        ],
        [Dialect.openai, .anthropic, .ollama]
    )
    func aFieldIsAccountedFor(field: String, provider: Dialect) throws {
        // Whether an answer comes in pieces, Gemini's address says.
        let base = #"{"model":"m","input":"x","tools":[{"type":"function","name":"f"}]"#
        #expect(try Self.isAccounted(provider, "\(base),\(field)}", without: "\(base)}"))
    }

    @Test(
        arguments: [
            #"{"type":"message","role":"user","content":"y","phase":"commentary"}"#,
            #"{"type":"function_call","call_id":"c","name":"f","arguments":"{}","namespace":"n"}"#,
            #"{"type":"function_call_output","call_id":"c","output":"y","caller":{}}"#,
            #"{"type":"reasoning","id":"r","summary":[],"encrypted_content":"e"}"#,
            #"{"role":"user","content":[{"type":"input_text","text":"y","prompt_cache_breakpoint":{}}]}"#,
            #"{"role":"user","content":[{"type":"input_image","image_url":"https://a.example/b.png","detail":"high"}]}"#,
            #"{"role":"user","content":[{"type":"input_file","file_url":"https://a.example/b.pdf"}]}"#,
            #"{"type":"compaction","encrypted_content":"e"}"#, #"{"type":"mcp_call"}"#, #"{"type":"custom_tool_call"}"#,
            #"{"type":"computer_call"}"#, #"{"type":"file_search_call"}"#, #"{"type":"image_generation_call"}"#,
            #"{"type":"code_interpreter_call"}"#, #"{"type":"local_shell_call"}"#, #"{"type":"apply_patch_call"}"#,
        ],
        [Dialect.openai, .anthropic, .gemini, .ollama]
    )
    func anItemIsAccountedFor(item: String, provider: Dialect) throws {
        let body = { (more: String) in #"{"model":"m","input":[{"role":"user","content":"x"}\#(more)]}"# }
        #expect(try Self.isAccounted(provider, body("," + item), without: body("")))
    }
}
