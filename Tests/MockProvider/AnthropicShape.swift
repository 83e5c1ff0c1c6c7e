/// Which fields does Anthropic's messages take? From `MessageCreateParams` of the PyPI package anthropic 2.12.0, and `stream`, which its
/// streamed variant adds.
enum AnthropicShape {
    static let request = Shape(
        fields: [
            "max_tokens": .integer, "messages": .array(of: message), "model": .string,
            "cache_control": .orNull(.map), "container": .either([.map, .string, .null]),
            "diagnostics": .orNull(.map), "inference_geo": .orNull(.string), "metadata": .object(metadata),
            "output_config": .object(outputConfig), "service_tier": .word(["auto", "standard_only"]),
            "speed": .orNull(.word(["fast", "standard"])), "stop_sequences": .array(of: .string), "stream": .bool,
            "system": .either([.string, .array(of: .variant(by: "type", ["text": text]))]), "thinking": thinking,
            "tool_choice": toolChoice, "tools": .array(of: .map), "user_profile_id": .string,
            "workspace_id": .string,
        ],
        required: ["max_tokens", "messages", "model"]
    )

    /// A tool of the client's own. Those of ``providerTools`` are not looked into.
    static let tool = Shape(
        fields: [
            "input_schema": .map, "name": .string, "allowed_callers": .list, "cache_control": .orNull(.map),
            "defer_loading": .bool, "description": .string, "eager_input_streaming": .orNull(.bool),
            "input_examples": .list, "strict": .bool, "type": .orNull(.word(["custom"])),
        ],
        required: ["input_schema", "name"]
    )

    /// The types of the provider's own tools, `custom` apart.
    static let providerTools: Set<String> = [
        "bash_20250124", "browser_toolset_20260801", "code_execution_20250522", "code_execution_20250825",
        "code_execution_20260120", "code_execution_20260521", "computer_toolset_20260801", "memory_20250818",
        "text_editor_20250124", "text_editor_20250429", "text_editor_20250728", "tool_search_tool_bm25",
        "tool_search_tool_bm25_20251119", "tool_search_tool_regex", "tool_search_tool_regex_20251119",
        "web_fetch_20250910", "web_fetch_20260209", "web_fetch_20260309", "web_fetch_20260318",
        "web_search_20250305", "web_search_20260209", "web_search_20260318",
    ]

    private static let outputConfig = Shape(fields: [
        "effort": .orNull(.word(["low", "medium", "high", "xhigh", "max"])),
        "format": .orNull(
            .object(
                Shape(
                    fields: ["type": .word(["json_schema"]), "schema": .map],
                    required: ["type", "schema"]
                )
            )
        ),
    ])

    private static let thinking: Shape.Kind = .variant(
        by: "type",
        [
            "enabled": Shape(
                fields: ["type": .string, "budget_tokens": .integer, "display": .orNull(.string)],
                required: ["budget_tokens"]
            ),
            "adaptive": Shape(fields: ["type": .string, "display": .orNull(.string)]),
            "between_tools": Shape(fields: ["type": .string]),
            "disabled": Shape(fields: ["type": .string]),
        ]
    )

    private static let metadata = Shape(fields: ["user_id": .orNull(.string)])

    private static let toolChoice: Shape.Kind = .variant(
        by: "type",
        [
            "auto": Shape(fields: ["type": .string, "disable_parallel_tool_use": .bool]),
            "any": Shape(fields: ["type": .string, "disable_parallel_tool_use": .bool]),
            "none": Shape(fields: ["type": .string]),
            "tool": Shape(
                fields: ["type": .string, "name": .string, "disable_parallel_tool_use": .bool],
                required: ["name"]
            ),
        ]
    )

    private static let message: Shape.Kind = .variant(
        by: "role",
        [
            "user": said(["text", "image", "document", "tool_result"]),
            "assistant": said(["text", "image", "document", "tool_use", "thinking", "redacted_thinking"]),
            "system": said(["text"]),
        ]
    )

    private static func said(_ types: [String]) -> Shape {
        let blocks = blocks.filter { types.contains($0.key) }
        return Shape(
            fields: ["role": .string, "content": .either([.string, .array(of: .variant(by: "type", blocks))])],
            required: ["content"]
        )
    }

    private static let text = Shape(
        fields: ["type": .string, "text": .string, "cache_control": .orNull(.map), "citations": .orNull(.list)],
        required: ["text"]
    )

    private static let blocks: [String: Shape] = [
        "text": text,
        "image": Shape(
            fields: [
                "type": .string, "source": .map, "cache_control": .orNull(.map), "transformations": .orNull(.map),
            ],
            required: ["source"]
        ),
        "document": Shape(
            fields: [
                "type": .string, "source": .map, "cache_control": .orNull(.map), "citations": .orNull(.map),
                "context": .orNull(.string), "title": .orNull(.string),
            ],
            required: ["source"]
        ),
        "tool_use": Shape(
            fields: [
                "type": .string, "id": .string, "name": .string, "input": .map, "cache_control": .orNull(.map),
                "caller": .map, "toolset_name": .orNull(.string),
            ],
            required: ["id", "name", "input"]
        ),
        "tool_result": Shape(
            fields: [
                "type": .string, "tool_use_id": .string, "content": .text, "is_error": .bool,
                "cache_control": .orNull(.map), "toolset_name": .orNull(.string),
            ],
            required: ["tool_use_id"]
        ),
        "thinking": Shape(
            fields: ["type": .string, "signature": .string, "thinking": .string],
            required: ["signature", "thinking"]
        ),
        "redacted_thinking": Shape(fields: ["type": .string, "data": .string], required: ["data"]),
    ]
}
