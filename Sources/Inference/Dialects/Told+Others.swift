/// What of an answer in the dialects that are not OpenAI's is told to clients of others? Names, times and models are our own there, and how a
/// count divides is nothing that is lost with it.
extension Anthropic {
    private static let block = Told.types([
        ("text", Told.whole("type", "text")), ("thinking", Told.whole("type", "thinking")),
        ("tool_use", Told.whole("type", "id", "name", "input", "caller")),
    ])

    private static let usage = Told.members(
        Told.whole(
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "cache_creation",
            "service_tier",
            and: [("output_tokens_details", .members(Told.whole("thinking_tokens")))]
        )
    )

    /// Of a whole answer.
    static let told = Told.members(
        Told.whole("id", "type", "role", "model", "stop_reason", and: [("content", block), ("usage", usage)])
    )

    private static let delta = Told.types([
        ("text_delta", Told.whole("type", "text")),
        ("thinking_delta", Told.whole("type", "thinking", "estimated_tokens")),
        ("input_json_delta", Told.whole("type", "partial_json")),
    ])

    /// Of an event.
    static let toldEvent = Told.types([
        ("message_start", [("type", .whole), ("message", told)]),
        ("content_block_start", Told.whole("type", "index", and: [("content_block", block)])),
        ("content_block_delta", Told.whole("type", "index", and: [("delta", delta)])),
        ("content_block_stop", Told.whole("type", "index")),
        ("message_delta", [("type", .whole), ("delta", .members(Told.whole("stop_reason"))), ("usage", usage)]),
        ("message_stop", Told.whole("type")), ("ping", Told.whole("type")), ("error", Told.whole("type", "error")),
    ])
}

extension Gemini {
    private static let part = Told.members([
        ("text", .whole), ("thought", .whole), ("functionCall", .members(Told.whole("id", "name", "args"))),
        ("thoughtSignature", .beside("functionCall")),
    ])

    /// Of a whole answer and of a piece.
    static let told = Told.members([
        (
            "candidates",
            .members([
                ("content", .members([("role", .whole), ("parts", part)])), ("finishReason", .whole),
                ("tokenCount", .whole),
            ])
        ),
        ("promptFeedback", .members(Told.whole("blockReason"))),
        (
            "usageMetadata",
            .members(
                Told.whole(
                    "promptTokenCount",
                    "cachedContentTokenCount",
                    "candidatesTokenCount",
                    "toolUsePromptTokenCount",
                    "thoughtsTokenCount",
                    "totalTokenCount",
                    "promptTokensDetails",
                    "cacheTokensDetails",
                    "candidatesTokensDetails",
                    "toolUsePromptTokensDetails"
                )
            )
        ),
        ("modelVersion", .whole), ("responseId", .whole), ("createTime", .whole),
    ])

    /// What a call's proof is called, where the client's dialect has no place for it.
    static let proofField = "candidates.content.parts.thoughtSignature"
}

extension Ollama {
    private static let calls: Told.Member = (
        "tool_calls",
        .members(
            Told.whole("id", "type", and: [("function", .members(Told.whole("index", "name", "arguments")))])
        )
    )

    /// Of a whole answer and of a line. How long it took is measured by us.
    static let told = Told.members(
        Told.whole(
            "model",
            "created_at",
            "response",
            "thinking",
            "done",
            "done_reason",
            "prompt_eval_count",
            "eval_count",
            "total_duration",
            "load_duration",
            "prompt_eval_duration",
            "eval_duration",
            and: [calls, ("message", .members(Told.whole("role", "content", "thinking", and: [calls])))]
        )
    )
}
