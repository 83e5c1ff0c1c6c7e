/// Which fields does Ollama's server take? From `ChatRequest`, `GenerateRequest`, `EmbedRequest` and `Message` of its `docs/openapi.yaml` and
/// `docs/api.md` (ollama/ollama, MIT). The server itself passes over what it does not know; a gateway that sends it such a thing has lost
/// something on the way, and is found out here.
enum OllamaShape {
    static let chat = Shape(
        fields: shared.merging([
            "messages": .array(of: .variant(by: "role", messages)), "tools": .array(of: .object(tool)),
        ]) { $1 },
        required: ["model", "messages"]
    )

    static let generate = Shape(
        fields: shared.merging([
            "prompt": .string, "suffix": .string, "images": .array(of: .string), "system": .string,
            "template": .string, "raw": .bool, "context": .array(of: .integer),
        ]) { $1 },
        required: ["model", "prompt"]
    )

    static let embed = Shape(
        fields: [
            "model": .string, "input": .either([.string, .array(of: .string)]), "truncate": .bool,
            "dimensions": .integer, "keep_alive": .either([.string, .number]), "options": .object(options),
        ],
        required: ["model", "input"]
    )

    private static let shared: [String: Shape.Kind] = [
        "model": .string, "format": .either([.word(["json", ""]), .map]), "options": .object(options), "stream": .bool,
        "think": .either([.bool, .word(["low", "medium", "high"])]), "keep_alive": .either([.string, .number]),
        "logprobs": .bool, "top_logprobs": .integer,
    ]

    /// The server warns of an option that it does not know, and refuses one of the wrong type.
    static let options = Shape(fields: [
        "seed": .integer, "temperature": .number, "top_k": .integer, "top_p": .number, "min_p": .number,
        "typical_p": .number, "stop": .array(of: .string), "num_ctx": .integer, "num_predict": .integer,
        "num_keep": .integer, "num_batch": .integer, "num_gpu": .integer, "main_gpu": .integer, "use_mmap": .bool,
        "num_thread": .integer, "repeat_last_n": .integer, "repeat_penalty": .number, "presence_penalty": .number,
        "frequency_penalty": .number,
    ])

    private static let messages: [String: Shape] = [
        "system": Shape(fields: ["role": .string, "content": .string], required: ["content"]),
        "user": Shape(
            fields: ["role": .string, "content": .string, "images": .array(of: .string)],
            required: ["content"]
        ),
        // Its own client leaves an empty content out.
        "assistant": Shape(
            fields: [
                "role": .string, "content": .string, "thinking": .string, "images": .array(of: .string),
                "tool_calls": .array(of: .object(call)),
            ]
        ),
        "tool": Shape(
            fields: ["role": .string, "content": .string, "tool_name": .string, "tool_call_id": .string],
            required: ["content"]
        ),
    ]

    private static let call = Shape(
        fields: [
            "id": .string, "type": .string,
            "function": .object(
                Shape(
                    fields: ["name": .string, "arguments": .map, "description": .string, "index": .integer],
                    required: ["name", "arguments"]
                )
            ),
        ],
        required: ["function"]
    )

    private static let tool = Shape(
        fields: [
            "type": .word(["function"]),
            "function": .object(
                Shape(
                    fields: ["name": .string, "description": .string, "parameters": .map],
                    required: ["name", "parameters"]
                )
            ),
        ],
        required: ["type", "function"]
    )
}
