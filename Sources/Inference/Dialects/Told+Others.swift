/// What of an answer in the dialects that are not OpenAI's is told to clients of others? Names, times and models are our own there, and how a
/// count divides is nothing that is lost with it.
extension Anthropic {
    private static let block = Told.types([
        Told.Kind("text", ["text"]), Told.Kind("thinking", ["thinking"]),
        Told.Kind("tool_use", ["id", "name", "input", "caller"]),
    ])

    private static let usage = Told.object(
        [
            "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation",
            "inference_geo", "service_tier",
        ],
        [Told.Member("output_tokens_details", .object(["thinking_tokens"]))]
    )

    private static let stopWords = Told.words([
        "end_turn", "stop_sequence", "max_tokens", "model_context_window_exceeded", "tool_use", "refusal",
    ])

    /// Of a whole answer.
    static let told = Told.object(
        ["id", "type", "role", "model"],
        [Told.Member("stop_reason", stopWords), Told.Member("content", block), Told.Member("usage", usage)]
    )

    private static let delta = Told.types([
        Told.Kind("text_delta", ["text"]), Told.Kind("thinking_delta", ["thinking", "estimated_tokens"]),
        Told.Kind("input_json_delta", ["partial_json"]),
    ])

    private static let end = Told.object([], [Told.Member("stop_reason", stopWords)])

    /// Of an event, the most frequent first.
    static let toldEvent = Told.types([
        Told.Kind("content_block_delta", ["index"], [Told.Member("delta", delta)]),
        Told.Kind("content_block_start", ["index"], [Told.Member("content_block", block)]),
        Told.Kind("content_block_stop", ["index"]), Told.Kind("message_start", [], [Told.Member("message", told)]),
        Told.Kind("message_delta", [], [Told.Member("delta", end), Told.Member("usage", usage)]),
        Told.Kind("message_stop", []), Told.Kind("ping", []), Told.Kind("error", ["error"]),
    ])
}

extension Gemini {
    private static let part = Told.object(
        ["text", "thought"],
        [
            Told.Member("functionCall", .object(["id", "name", "args"])),
            Told.Member("thoughtSignature", .beside("functionCall")),
        ]
    )

    private static let finishWords = Told.words(["STOP", "MAX_TOKENS", "FINISH_REASON_UNSPECIFIED"] + filterWords)

    private static let content = Told.object(["role"], [Told.Member("parts", part)])

    private static let candidate = Told.object(
        ["tokenCount"],
        [Told.Member("content", content), Told.Member("finishReason", finishWords)]
    )

    private static let usage = Told.object([
        "serviceTier", "promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount", "toolUsePromptTokenCount",
        "thoughtsTokenCount", "totalTokenCount", "promptTokensDetails", "cacheTokensDetails",
        "candidatesTokensDetails", "toolUsePromptTokensDetails",
    ])

    /// Of a whole answer and of a piece.
    static let told = Told.object(
        ["modelVersion", "responseId", "createTime"],
        [
            Told.Member("candidates", candidate), Told.Member("promptFeedback", .object(["blockReason"])),
            Told.Member("usageMetadata", usage),
        ]
    )

    private static let vector = Told.object(["values"], [Told.Member("statistics", .object(["tokenCount"]))])

    /// Of vectors.
    static let toldOfVectors = Told.object(
        [],
        [
            Told.Member("embeddings", vector),
            Told.Member("usageMetadata", .object(["promptTokenCount", "promptTokenDetails", "totalTokenCount"])),
        ]
    )

    /// What a call's proof is called, where the client's dialect has no place for it.
    static let proofField = "candidates.content.parts.thoughtSignature"
}

extension Ollama {
    private static let function = Told.object(["index", "name", "arguments"])
    private static let calls = Told.Member("tool_calls", .object(["id", "type"], [Told.Member("function", function)]))
    private static let message = Told.object(["role", "content", "thinking"], [calls])
    private static let endWords = Told.words(["stop", "length", "content_filter"])

    /// Of a whole answer and of a line. How long it took is measured by us.
    static let told = Told.object(
        [
            "model", "created_at", "response", "thinking", "done", "prompt_eval_count", "eval_count", "total_duration",
            "load_duration", "prompt_eval_duration", "eval_duration",
        ],
        [calls, Told.Member("message", message), Told.Member("done_reason", endWords)]
    )

    /// Of vectors.
    static let toldOfVectors = Told.object([
        "model", "embeddings", "prompt_eval_count", "total_duration", "load_duration",
    ])
}
