import Testing
import Wire

@testable import Inference

/// Is every field that a dialect's published schema has accounted for at Gemini's API, and every field of that at the two others? It arrives,
/// it is refused by its name, or it is reported; nothing is dropped in silence.
struct GeminiAccountTests {
    /// What becomes of a request with a field and of the same without it.
    private static func isAccounted(
        _ client: ClientDialect,
        _ provider: Dialect,
        _ body: String,
        without base: String
    ) throws -> Bool {
        do {
            let (with, omissions) = try said(client, provider, body)
            return try !omissions.isEmpty || with != said(client, provider, base).body
        } catch let error as RequestError {
            return error.param != nil
        }
    }

    private static func said(
        _ client: ClientDialect,
        _ provider: Dialect,
        _ body: String
    ) throws -> (body: [UInt8], omissions: [Omission]) {
        let address = client == .gemini ? RequestAddress(model: "m") : nil
        let view = try RequestView(body: Array(body.utf8), dialect: client, address: address)
        return try provider.request(client.chat(from: view), model: "m", stream: view.stream)
    }

    // MARK: Of Gemini's clients

    private static let outermost = [
        #""systemInstruction":{"parts":[{"text":"s"}]}"#, #""cachedContent":"c""#, #""labels":{"a":"b"}"#,
        #""safetySettings":[{"category":"X","threshold":"BLOCK_ONLY_HIGH"}]"#, #""serviceTier":"flex""#,
        #""store":true"#, #""odd":1"#, #""toolConfig":{"functionCallingConfig":{"mode":"ANY"}}"#,
        #""toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}}"#, #""toolConfig":{"retrievalConfig":{}}"#,
        #""toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f","g"]}}"#,
    ]

    private static let settings = [
        #""candidateCount":2"#, #""stopSequences":["x"]"#, #""maxOutputTokens":5"#, #""temperature":0.5"#,
        #""topP":0.5"#, #""topK":4"#, #""seed":7"#, #""responseMimeType":"application/json""#,
        #""responseMimeType":"text/x.enum""#, #""presencePenalty":0.5"#, #""frequencyPenalty":0.5"#,
        #""responseMimeType":"application/json","responseSchema":{"type":"OBJECT"}"#,
        #""responseMimeType":"application/json","responseJsonSchema":{"type":"object"}"#, #""responseLogprobs":true"#,
        #""logprobs":2"#, #""enableEnhancedCivicAnswers":true"#, #""responseModalities":["IMAGE"]"#,
        #""speechConfig":{}"#, #""imageConfig":{}"#, #""mediaResolution":"MEDIA_RESOLUTION_LOW""#,
        #""thinkingConfig":{"thinkingBudget":2048}"#, #""thinkingConfig":{"thinkingLevel":"high"}"#,
        #""thinkingConfig":{"includeThoughts":true}"#, #""odd":1"#,
    ].map { #""generationConfig":{\#($0)}"# }

    @Test(arguments: outermost + settings, [Dialect.openai, .anthropic])
    func aGeminiClientsFieldIsAccountedFor(field: String, provider: Dialect) throws {
        let tools =
            #""tools":[{"functionDeclarations":[{"name":"f","description":"d"},{"name":"g","description":"d"}]}]"#
        let base = #"{"contents":[{"role":"user","parts":[{"text":"x"}]}],\#(tools)"#
        #expect(try Self.isAccounted(.gemini, provider, "\(base),\(field)}", without: "\(base)}"))
    }

    @Test(
        arguments: [
            #"{"inlineData":{"mimeType":"image/png","data":"AAAA"}}"#, #"{"executableCode":{"code":"x"}}"#,
            #"{"fileData":{"mimeType":"application/pdf","fileUri":"https://a.example/b.pdf"}}"#,
            #"{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/a"}}"#,
            #"{"codeExecutionResult":{"outcome":"OUTCOME_OK"}}"#, #"{"text":"a","partMetadata":{"b":1}}"#,
            #"{"inlineData":{"mimeType":"image/png","data":"AAAA"},"videoMetadata":{"fps":1}}"#,
            #"{"text":"a","mediaResolution":{}}"#, #"{"text":"a","odd":1}"#, #"{"functionCall":{"name":"f"}}"#,
        ],
        [Dialect.openai, .anthropic]
    )
    func aGeminiClientsPartIsAccountedFor(part: String, provider: Dialect) throws {
        let body = { (more: String) in #"{"contents":[{"role":"user","parts":[{"text":"x"}\#(more)]}]}"# }
        #expect(try Self.isAccounted(.gemini, provider, body("," + part), without: body(#",{"text":"a"}"#)))
    }

    @Test(
        arguments: [
            #""response":{"type":"STRING"}"#, #""responseJsonSchema":{}"#, #""behavior":"NON_BLOCKING""#,
            #""parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}"#, #""odd":1"#,
            #""parametersJsonSchema":{"type":"object","properties":{"a":{"type":"string"}}}"#,
        ],
        [Dialect.openai, .anthropic]
    )
    func aGeminiClientsToolIsAccountedFor(field: String, provider: Dialect) throws {
        let body = { (more: String) in
            #"{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"f"\#(more)}]}]}"#
        }
        #expect(try Self.isAccounted(.gemini, provider, body("," + field), without: body("")))
    }

    @Test(
        arguments: [
            "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext", "fileSearch", "googleMaps",
            "computerUse",
        ],
        [Dialect.openai, .anthropic]
    )
    func aToolOfTheProvidersOwnIsRefused(name: String, provider: Dialect) throws {
        let body = #"{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"\#(name)":{}}]}"#
        let error = #expect(throws: RequestError.self) { _ = try Self.said(.gemini, provider, body) }
        #expect(error?.param == "tools[0].\(name)")
    }

    // MARK: Of the others' clients

    @Test(arguments: [
        #""metadata":{"a":"b"}"#, #""top_logprobs":2"#, #""temperature":0.5"#, #""top_p":0.5"#, #""user":"u""#,
        #""safety_identifier":"s""#, #""prompt_cache_key":"k""#, #""prompt_cache_retention":"24h""#,
        #""prompt_cache_options":{}"#, #""service_tier":"flex""#, #""modalities":["audio"]"#, #""verbosity":"low""#,
        #""reasoning_effort":"low""#, #""max_completion_tokens":5"#, #""frequency_penalty":0.5"#,
        #""presence_penalty":0.5"#, #""web_search_options":{}"#, #""response_format":{"type":"json_object"}"#,
        #""audio":{}"#, #""store":true"#, #""moderation":{}"#, #""stop":"x""#, #""logit_bias":{"1":1}"#,
        #""logprobs":true"#, #""max_tokens":5"#, #""n":2"#, #""prediction":{}"#, #""seed":7"#, #""odd":1"#,
        #""tool_choice":"required""#, #""parallel_tool_calls":false"#, #""function_call":"auto""#, #""functions":[]"#,
    ])
    func anOpenAIClientsFieldIsAccountedFor(field: String) throws {
        let tools = #""tools":[{"type":"function","function":{"name":"f"}}]"#
        let base = #"{"model":"m","messages":[{"role":"user","content":"x"}],\#(tools)"#
        #expect(try Self.isAccounted(.openai, .gemini, "\(base),\(field)}", without: "\(base)}"))
    }

    @Test(arguments: [
        #""cache_control":{}"#, #""container":"c""#, #""diagnostics":{}"#, #""inference_geo":"us""#,
        #""metadata":{"user_id":"u"}"#, #""output_config":{"effort":"low"}"#, #""service_tier":"standard_only""#,
        #""speed":"fast""#, #""stop_sequences":["x"]"#, #""system":"s""#, #""temperature":0.5"#, #""top_k":3"#,
        #""thinking":{"type":"enabled","budget_tokens":2048}"#, #""thinking":{"type":"disabled"}"#,
        #""thinking":{"type":"adaptive","display":"omitted"}"#, #""tool_choice":{"type":"any"}"#,
        #""tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#, #""user_profile_id":"u""#,
        #""workspace_id":"w""#, #""mcp_servers":[]"#, #""odd":1"#,
    ])
    func anAnthropicClientsFieldIsAccountedFor(field: String) throws {
        let tools = #""tools":[{"name":"f","input_schema":{"type":"object"}}]"#
        let base = #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],\#(tools)"#
        #expect(try Self.isAccounted(.anthropic, .gemini, "\(base),\(field)}", without: "\(base)}"))
    }
}
