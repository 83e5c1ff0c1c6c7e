/// Which fields does OpenAI's chat/completions take? From `CreateChatCompletionRequest` of openai/openai-openapi f85dbe223d40 (MIT).
enum OpenAIShape {
    static let request = Shape(
        fields: [
            "messages": .array(of: message), "model": .string, "metadata": .orNull(.map),
            "top_logprobs": .orNull(.integer), "temperature": .orNull(.number), "top_p": .orNull(.number),
            "user": .string, "safety_identifier": .orNull(.string), "prompt_cache_key": .orNull(.string),
            "prompt_cache_retention": .orNull(.string), "prompt_cache_options": .map,
            "service_tier": .orNull(.string), "modalities": .orNull(.list), "verbosity": .orNull(.string),
            "reasoning_effort": .orNull(.string), "max_completion_tokens": .orNull(.integer),
            "frequency_penalty": .orNull(.number), "presence_penalty": .orNull(.number),
            "web_search_options": .map, "response_format": responseFormat, "audio": .orNull(.map),
            "store": .orNull(.bool),
            "moderation": .orNull(.map), "stream": .orNull(.bool), "stop": .either([.string, .list, .null]),
            "logit_bias": .orNull(.map), "logprobs": .orNull(.bool), "max_tokens": .orNull(.integer),
            "n": .orNull(.integer), "prediction": .orNull(.map), "seed": .orNull(.integer),
            "stream_options": .orNull(.object(streamOptions)), "tools": .array(of: tool),
            "tool_choice": .either([.word(["none", "auto", "required"]), .map]), "parallel_tool_calls": .bool,
            "function_call": .either([.string, .map]), "functions": .list,
        ],
        required: ["model", "messages"]
    )

    static let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]

    private static let responseFormat: Shape.Kind = .variant(
        by: "type",
        [
            "text": Shape(fields: ["type": .string]),
            "json_object": Shape(fields: ["type": .string]),
            "json_schema": Shape(
                fields: [
                    "type": .string,
                    "json_schema": .object(
                        Shape(
                            fields: [
                                "name": .string, "description": .string, "schema": .map, "strict": .orNull(.bool),
                            ],
                            required: ["name"]
                        )
                    ),
                ],
                required: ["json_schema"]
            ),
        ]
    )

    private static let image = Shape(
        fields: ["url": .string, "detail": .word(["auto", "low", "high"])],
        required: ["url"]
    )

    private static let file = Shape(fields: ["filename": .string, "file_data": .string, "file_id": .string])

    private static let streamOptions = Shape(fields: ["include_usage": .bool, "include_obfuscation": .bool])

    private static let message: Shape.Kind = .variant(
        by: "role",
        [
            "developer": said(as: "developer"), "system": said(as: "system"), "user": said(as: "user"),
            "assistant": assistant,
            "tool": Shape(
                fields: ["role": .string, "content": content(["text"]), "tool_call_id": .string],
                required: ["content", "tool_call_id"]
            ),
            "function": Shape(
                fields: ["role": .string, "content": .orNull(.string), "name": .string],
                required: ["content", "name"]
            ),
        ]
    )

    private static func said(as role: String) -> Shape {
        let parts = role == "user" ? ["text", "image_url", "input_audio", "file"] : ["text"]
        return Shape(fields: ["role": .string, "content": content(parts), "name": .string], required: ["content"])
    }

    private static let assistant = Shape(
        fields: [
            "role": .string, "content": .either([content(["text", "refusal"]), .null]), "refusal": .orNull(.string),
            "name": .string, "audio": .orNull(.map), "tool_calls": .array(of: toolCall),
            "function_call": .orNull(.map),
            // Not in the schema, but clients send an answer's message back as it came, and the provider takes it.
            "annotations": .orNull(.list),
        ]
    )

    private static func content(_ types: [String]) -> Shape.Kind {
        .either([.string, .array(of: .variant(by: "type", parts.filter { types.contains($0.key) }))])
    }

    private static let parts: [String: Shape] = [
        "text": Shape(
            fields: ["type": .string, "text": .string, "prompt_cache_breakpoint": .map],
            required: ["text"]
        ),
        "refusal": Shape(fields: ["type": .string, "refusal": .string], required: ["refusal"]),
        "image_url": Shape(
            fields: ["type": .string, "image_url": .object(image), "prompt_cache_breakpoint": .map],
            required: ["image_url"]
        ),
        "input_audio": Shape(
            fields: ["type": .string, "input_audio": .map, "prompt_cache_breakpoint": .map],
            required: ["input_audio"]
        ),
        "file": Shape(
            fields: ["type": .string, "file": .object(file), "prompt_cache_breakpoint": .map],
            required: ["file"]
        ),
    ]

    private static let toolCall: Shape.Kind = .variant(
        by: "type",
        [
            "function": Shape(
                fields: ["id": .string, "type": .string, "function": .object(called)],
                required: ["id", "function"]
            ),
            "custom": Shape(fields: ["id": .string, "type": .string, "custom": .map], required: ["id", "custom"]),
        ]
    )

    private static let called = Shape(
        fields: ["name": .string, "arguments": .string],
        required: ["name", "arguments"]
    )

    private static let tool: Shape.Kind = .variant(
        by: "type",
        [
            "function": Shape(fields: ["type": .string, "function": .object(function)], required: ["function"]),
            "custom": Shape(fields: ["type": .string, "custom": .map], required: ["custom"]),
        ]
    )

    private static let function = Shape(
        fields: ["name": .string, "description": .string, "parameters": .map, "strict": .orNull(.bool)],
        required: ["name"]
    )
}
