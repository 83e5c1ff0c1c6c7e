/// What of an answer in OpenAI's two dialects is told to clients of others? Names, times and models are our own there; what repeats the
/// request, and how a count divides, is nothing that is lost with it.
extension OpenAI {
    private static let call: [Told.Member] = [
        ("id", .whole), ("type", .whole), ("index", .whole),
        ("function", .members(Told.whole("name", "arguments"))),
    ]

    private static let message: [Told.Member] =
        Told.whole("role", "content", "refusal", reasoningField, "reasoning", and: [("tool_calls", .members(call))])

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
        ("message", Told.whole("type", "id", "status", "role", "phase", and: [("content", part)])),
        ("reasoning", Told.whole("type", "id", "status", and: [("content", part), ("summary", part)])),
        ("function_call", Told.whole("type", "id", "status", "call_id", "name", "arguments")),
    ])

    private static let usage = Told.members([
        ("input_tokens", .whole), ("output_tokens", .whole), ("total_tokens", .whole),
        ("input_tokens_details", .members(Told.whole("cached_tokens", "cache_write_tokens"))),
        ("output_tokens_details", .members(Told.whole("reasoning_tokens"))),
    ])

    /// Of a whole answer: its own, and what repeats the request.
    static let told = Told.members(own + repeated)

    private static let own: [Told.Member] = Told.whole(
        "id",
        "object",
        "status",
        "created_at",
        "completed_at",
        "model",
        "error",
        "output_text",
        and: [("incomplete_details", .members(Told.whole("reason"))), ("output", item), ("usage", usage)]
    )

    private static let repeated: [Told.Member] = Told.whole(
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

    /// Where an event belongs, and what it brings.
    private static func event(_ members: Told.Member...) -> [Told.Member] {
        Told.whole(
            "type",
            "sequence_number",
            "item_id",
            "output_index",
            "content_index",
            "summary_index",
            and: members
        )
    }

    private static let words = event(
        ("delta", .whole),
        ("text", .whole),
        ("refusal", .whole),
        ("status", .whole),
        ("obfuscation", .whole)
    )
    private static let call = event(
        ("delta", .whole),
        ("arguments", .whole),
        ("name", .whole),
        ("obfuscation", .whole)
    )
    private static let state = event(("response", .whole))
    private static let end = event(("response", told))
    private static let itemEvent = event(("item", item))
    private static let partEvent = event(("part", part), ("status", .whole))
    private static let failure = event(("error", .whole), ("code", .whole), ("message", .whole), ("param", .whole))

    /// Of an event: the end repeats the whole.
    static let toldEvent = Told.types([
        ("response.created", state), ("response.queued", state), ("response.in_progress", state),
        ("response.completed", end), ("response.incomplete", end), ("response.failed", state),
        ("response.output_item.added", itemEvent), ("response.output_item.done", itemEvent),
        ("response.content_part.added", partEvent), ("response.content_part.done", partEvent),
        ("response.output_text.delta", words), ("response.output_text.done", words),
        ("response.refusal.delta", words), ("response.refusal.done", words),
        ("response.reasoning_text.delta", words), ("response.reasoning_text.done", words),
        ("response.reasoning_summary_part.added", partEvent), ("response.reasoning_summary_part.done", partEvent),
        ("response.reasoning_summary_text.delta", words), ("response.reasoning_summary_text.done", words),
        ("response.function_call_arguments.delta", call), ("response.function_call_arguments.done", call),
        ("error", failure),
    ])
}
