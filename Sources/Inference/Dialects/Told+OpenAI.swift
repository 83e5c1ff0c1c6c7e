/// What of an answer in OpenAI's two dialects is told to clients of others? Names, times and models are our own there; what repeats the
/// request, and how a count divides, is nothing that is lost with it.
extension OpenAI {
    private static let call = Told.object(
        ["id", "type", "index"],
        [Told.Member("function", .object(["name", "arguments"]))]
    )

    /// Of words that come in parts, as Mistral's do where a model thinks.
    private static let content = Told.types([
        Told.Kind("text", ["text"]),
        Told.Kind("thinking", ["closed"], [Told.Member("thinking", thought)]),
    ])
    private static let thought = Told.types([Told.Kind("text", ["text"])])

    private static let message = Told.object(
        ["role", "refusal", reasoningField, "reasoning"],
        [Told.Member("content", content), Told.Member("tool_calls", call)]
    )

    private static let finishWords = Told.words(["stop", "length", "tool_calls", "function_call", "content_filter"])

    private static let choice = Told.object(
        [],
        [
            Told.Member("finish_reason", finishWords), Told.Member("delta", message), Told.Member("message", message),
        ]
    )

    private static let usage = Told.object(
        ["prompt_tokens", "completion_tokens", "total_tokens"],
        [
            Told.Member("prompt_tokens_details", .object(["cached_tokens", "cache_write_tokens", "text_tokens"])),
            Told.Member("completion_tokens_details", .object(["reasoning_tokens", "text_tokens"])),
        ]
    )

    /// Of a whole answer and of a chunk. What it was paid for is in its price; the build that answered is the provider's affair.
    static let told = Told.object(
        ["id", "object", "created", "model", "service_tier", "system_fingerprint"],
        [Told.Member("choices", choice), Told.Member("usage", usage)]
    )

    /// Of vectors.
    static let toldOfVectors = Told.object(
        ["id", "object", "created", "model"],
        [
            Told.Member("data", .object(["object", "index", "embedding"])),
            Told.Member("usage", .object(["prompt_tokens", "completion_tokens", "total_tokens"])),
        ]
    )
}

extension Responses {
    private static let part = Told.types([
        Told.Kind("output_text", ["text"]), Told.Kind("refusal", ["refusal"]), Told.Kind("reasoning_text", ["text"]),
        Told.Kind("summary_text", ["text"]),
    ])

    /// What comes before the answer is told with it elsewhere, as if it were the answer.
    private static let phases = Told.words(["final_answer"])

    private static let item = Told.types([
        Told.Kind("message", ["id", "status", "role"], [Told.Member("phase", phases), Told.Member("content", part)]),
        Told.Kind("reasoning", ["id", "status"], [Told.Member("content", part), Told.Member("summary", part)]),
        Told.Kind("function_call", ["id", "status", "call_id", "name", "arguments"]),
    ])

    private static let usage = Told.object(
        ["input_tokens", "output_tokens", "total_tokens"],
        [
            Told.Member("input_tokens_details", .object(["cached_tokens", "cache_write_tokens"])),
            Told.Member("output_tokens_details", .object(["reasoning_tokens"])),
        ]
    )

    private static let statusWords = Told.words(["completed", "incomplete", "in_progress", "queued"])
    private static let incompleteWords = Told.words(["max_output_tokens", "content_filter"])

    /// Of a whole answer: its own, and what repeats the request.
    static let told = Told.object(
        ["id", "object", "created_at", "completed_at", "model", "error", "output_text"] + repeated,
        [
            Told.Member("status", statusWords),
            Told.Member("incomplete_details", .object([], [Told.Member("reason", incompleteWords)])),
            Told.Member("output", item), Told.Member("usage", usage),
        ]
    )

    private static let repeated: [String] = [
        "background", "conversation", "frequency_penalty", "instructions", "max_output_tokens", "max_tool_calls",
        "metadata", "parallel_tool_calls", "presence_penalty", "previous_response_id", "prompt", "prompt_cache_key",
        "prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store",
        "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user",
    ]

    /// Where an event belongs.
    private static let place: [String] = [
        "sequence_number", "item_id", "output_index", "content_index", "summary_index",
    ]
    private static let words: [String] = place + ["delta", "text", "refusal", "status", "obfuscation"]
    private static let arguments: [String] = place + ["delta", "arguments", "name", "obfuscation"]
    private static let state: [String] = place + ["response"]
    private static let failure: [String] = place + ["error", "code", "message", "param"]
    private static let end = [Told.Member("response", told)]
    private static let itemMember = [Told.Member("item", item)]
    private static let partMember = [Told.Member("part", part)]

    /// Of an event, the most frequent first: the end repeats the whole.
    static let toldEvent = Told.types([
        Told.Kind("response.output_text.delta", words), Told.Kind("response.reasoning_text.delta", words),
        Told.Kind("response.reasoning_summary_text.delta", words),
        Told.Kind("response.function_call_arguments.delta", arguments),
        Told.Kind("response.refusal.delta", words), Told.Kind("response.created", state),
        Told.Kind("response.queued", state), Told.Kind("response.in_progress", state),
        Told.Kind("response.completed", place, end), Told.Kind("response.incomplete", place, end),
        Told.Kind("response.failed", state), Told.Kind("response.output_item.added", place, itemMember),
        Told.Kind("response.output_item.done", place, itemMember),
        Told.Kind("response.content_part.added", place + ["status"], partMember),
        Told.Kind("response.content_part.done", place + ["status"], partMember),
        Told.Kind("response.output_text.done", words), Told.Kind("response.refusal.done", words),
        Told.Kind("response.reasoning_text.done", words),
        Told.Kind("response.reasoning_summary_part.added", place + ["status"], partMember),
        Told.Kind("response.reasoning_summary_part.done", place + ["status"], partMember),
        Told.Kind("response.reasoning_summary_text.done", words),
        Told.Kind("response.function_call_arguments.done", arguments), Told.Kind("error", failure),
    ])
}
