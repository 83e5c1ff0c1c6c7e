import LabText

/// Which fields does OpenAI's Responses API take? From `CreateResponse`, `TokenCountsBody` and the items of openai/openai-openapi
/// f85dbe223d40 (MIT).
enum ResponsesShape {
    /// What both the asking and the counting have.
    private static let common: [String: Shape.Kind] = [
        "model": .string, "input": .text, "instructions": .orNull(.string), "previous_response_id": .orNull(.string),
        "conversation": .either([.string, .map, .null]), "parallel_tool_calls": .orNull(.bool),
        "reasoning": .orNull(.object(reasoning)), "text": .orNull(.object(text)), "tools": .array(of: tool),
        "tool_choice": .either([.word(["none", "auto", "required"]), .object(choice)]),
        "truncation": .orNull(.word(["auto", "disabled"])),
    ]

    static let request = Shape(
        fields: common.merging(
            [
                "background": .orNull(.bool), "include": .orNull(.array(of: .word(includable))),
                "max_output_tokens": .orNull(.integer), "max_tool_calls": .orNull(.integer), "metadata": .orNull(.map),
                "moderation": .orNull(.map), "prompt": .orNull(.map), "prompt_cache_key": .string,
                "prompt_cache_options": .map, "prompt_cache_retention": .orNull(.string),
                "safety_identifier": .string, "service_tier": .orNull(.string), "store": .orNull(.bool),
                "stream": .orNull(.bool), "stream_options": .orNull(.map), "temperature": .orNull(.number),
                "top_logprobs": .orNull(.integer), "top_p": .orNull(.number), "user": .string,
                "context_management": .orNull(.list),
            ]
        ) { old, _ in old },
        required: ["model"]
    )

    static let counting = Shape(
        fields: common.merging(["personality": .string]) { old, _ in old },
        required: ["model"]
    )

    private static let includable = [
        "reasoning.encrypted_content", "message.output_text.logprobs", "message.input_image.image_url",
    ]

    private static let reasoning = Shape(fields: [
        "effort": .orNull(.word(OpenAIShape.efforts)), "summary": .orNull(.word(["auto", "concise", "detailed"])),
        "generate_summary": .orNull(.string),
    ])

    private static let text = Shape(fields: [
        "verbosity": .orNull(.word(["low", "medium", "high"])),
        "format": .variant(
            by: "type",
            [
                "text": Shape(fields: ["type": .string]), "json_object": Shape(fields: ["type": .string]),
                "json_schema": Shape(
                    fields: [
                        "type": .string, "name": .string, "schema": .map, "strict": .orNull(.bool),
                        "description": .string,
                    ],
                    required: ["name", "schema"]
                ),
            ]
        ),
    ])

    private static let choice = Shape(
        fields: ["type": .word(["function"]), "name": .string],
        required: ["type", "name"]
    )

    private static let tool: Shape.Kind = .variant(
        by: "type",
        [
            "function": Shape(
                fields: [
                    "type": .string, "name": .string, "description": .orNull(.string), "parameters": .orNull(.map),
                    "strict": .orNull(.bool),
                ],
                required: ["name", "parameters"]
            )
        ]
    )

    // MARK: Items

    /// A message without a type, as most clients write them.
    static let message = Shape(
        fields: [
            "type": .word(["message"]), "role": .word(["user", "assistant", "system", "developer"]), "id": .string,
            "status": .orNull(.word(["in_progress", "completed", "incomplete"])), "phase": .orNull(.string),
            "content": .either([.string, .array(of: part)]),
        ],
        required: ["role", "content"]
    )

    static let item: Shape.Kind = .variant(
        by: "type",
        [
            "message": message,
            "function_call": Shape(
                fields: [
                    "type": .string, "id": .string, "call_id": .string, "name": .string, "arguments": .string,
                    "status": .orNull(.string),
                ],
                required: ["call_id", "name", "arguments"]
            ),
            "function_call_output": Shape(
                fields: [
                    "type": .string, "id": .orNull(.string), "call_id": .string, "output": .text,
                    "status": .orNull(.string),
                ],
                required: ["call_id", "output"]
            ),
            "reasoning": Shape(
                fields: [
                    "type": .string, "id": .string, "summary": .list, "content": .orNull(.list),
                    "encrypted_content": .orNull(.string), "status": .orNull(.string),
                ],
                required: ["id", "summary"]
            ),
            "item_reference": Shape(fields: ["type": .string, "id": .string], required: ["id"]),
        ]
    )

    private static let part: Shape.Kind = .variant(
        by: "type",
        [
            "input_text": Shape(fields: ["type": .string, "text": .string], required: ["text"]),
            "input_image": Shape(
                fields: [
                    "type": .string, "image_url": .orNull(.string), "file_id": .orNull(.string),
                    "detail": .word(["low", "high", "auto", "original"]),
                ]
            ),
            "input_file": Shape(
                fields: [
                    "type": .string, "file_id": .orNull(.string), "file_data": .string, "file_url": .string,
                    "filename": .string,
                ]
            ),
            "output_text": Shape(
                fields: ["type": .string, "text": .string, "annotations": .list, "logprobs": .list],
                required: ["text"]
            ),
            "refusal": Shape(fields: ["type": .string, "refusal": .string], required: ["refusal"]),
        ]
    )
}
