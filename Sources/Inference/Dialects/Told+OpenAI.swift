/// What of an answer in OpenAI's two dialects is told to clients of others? Names, times and models are our own there; what repeats the
/// request, and how a count divides, is nothing that is lost with it.
extension OpenAI {
    private static let call: [Told.Member] = [
        ("id", .whole), ("type", .whole), ("index", .whole),
        ("function", .members(Told.whole("name", "arguments"))),
    ]

    private static let message: [Told.Member] =
        Told.whole("role", "content", "refusal", reasoningField, "reasoning") + [("tool_calls", .members(call))]

    /// Of a whole answer and of a chunk.
    static let told = Told.members([
        ("id", .whole), ("object", .whole), ("created", .whole), ("model", .whole),
        (
            "choices",
            .members([
                ("finish_reason", .whole), ("delta", .members(message)), ("message", .members(message)),
            ])
        ),
        (
            "usage",
            .members([
                ("prompt_tokens", .whole), ("completion_tokens", .whole), ("total_tokens", .whole),
                ("prompt_tokens_details", .members(Told.whole("cached_tokens", "cache_write_tokens", "text_tokens"))),
                ("completion_tokens_details", .members(Told.whole("reasoning_tokens", "text_tokens"))),
            ])
        ),
        // What it was paid for is in its price; the build that answered is the provider's affair.
        ("service_tier", .whole), ("system_fingerprint", .whole),
    ])
}

extension Responses {
    private static let part = Told.types([
        ("output_text", Told.whole("type", "text")), ("refusal", Told.whole("type", "refusal")),
        ("reasoning_text", Told.whole("type", "text")), ("summary_text", Told.whole("type", "text")),
    ])

    private static let item = Told.types([
        ("message", Told.whole("type", "id", "status", "role", "phase") + [("content", part)]),
        ("reasoning", Told.whole("type", "id", "status") + [("content", part), ("summary", part)]),
        ("function_call", Told.whole("type", "id", "status", "call_id", "name", "arguments")),
    ])

    private static let response: [Told.Member] =
        Told.whole("id", "object", "status", "created_at", "completed_at", "model", "error", "output_text") + [
            ("incomplete_details", .members(Told.whole("reason"))), ("output", item),
            (
                "usage",
                .members([
                    ("input_tokens", .whole), ("output_tokens", .whole), ("total_tokens", .whole),
                    ("input_tokens_details", .members(Told.whole("cached_tokens", "cache_write_tokens"))),
                    ("output_tokens_details", .members(Told.whole("reasoning_tokens"))),
                ])
            ),
        ]
        + Told.whole(
            "background",
            "conversation",
            "frequency_penalty",
            "instructions",
            "max_output_tokens",
            "max_tool_calls",
            "metadata",
            "parallel_tool_calls",
            "presence_penalty",
            "previous_response_id",
            "prompt",
            "prompt_cache_key",
            "prompt_cache_options",
            "prompt_cache_retention",
            "reasoning",
            "safety_identifier",
            "service_tier",
            "store",
            "temperature",
            "text",
            "tool_choice",
            "tools",
            "top_logprobs",
            "top_p",
            "truncation",
            "user"
        )

    /// Of a whole answer.
    static let told = Told.members(response)

    private static let place = Told.whole(
        "type",
        "sequence_number",
        "item_id",
        "output_index",
        "content_index",
        "summary_index"
    )
    private static let words = place + Told.whole("delta", "text", "refusal", "obfuscation")
    private static let call = place + Told.whole("delta", "arguments", "name", "obfuscation")
    private static let state = place + [("response", Told.whole)]
    private static let end = place + [("response", told)]

    /// Of an event: the end repeats the whole.
    static let toldEvent = Told.types([
        ("response.created", state), ("response.queued", state), ("response.in_progress", state),
        ("response.completed", end), ("response.incomplete", end), ("response.failed", state),
        ("response.output_item.added", place + [("item", item)]),
        ("response.output_item.done", place + [("item", item)]),
        ("response.content_part.added", place + [("part", part)]),
        ("response.content_part.done", place + [("part", part)]),
        ("response.output_text.delta", words), ("response.output_text.done", words),
        ("response.refusal.delta", words), ("response.refusal.done", words),
        ("response.reasoning_text.delta", words), ("response.reasoning_text.done", words),
        ("response.reasoning_summary_part.added", place + [("part", part)]),
        ("response.reasoning_summary_part.done", place + [("part", part), ("status", .whole)]),
        ("response.reasoning_summary_text.delta", words),
        ("response.reasoning_summary_text.done", words + [("status", .whole)]),
        ("response.function_call_arguments.delta", call), ("response.function_call_arguments.done", call),
        ("error", place + Told.whole("error", "code", "message", "param")),
    ])
}
