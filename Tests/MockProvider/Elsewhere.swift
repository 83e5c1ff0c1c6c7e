import LabText

/// What does a provider serve besides conversations? Embeddings and the old completions of OpenAI, the counting of Anthropic: each as strict as
/// the provider is, each answer the same to the same question.
struct Elsewhere: Sendable {
    var whole: JSON
    /// The same in server-sent events, when a stream was asked for.
    var events: [String]?
}

extension OpenAIDialect {
    func elsewhere(_ path: String, _ body: JSON, number: Int) throws(Refusal) -> Elsewhere? {
        switch path {
        case "/v1/embeddings": try Elsewhere(whole: embeddings(body))
        case "/v1/completions": try completion(body, number: number)
        default: nil
        }
    }

    func check(_ body: JSON, _ shape: Shape) throws(Refusal) -> String {
        do {
            try shape.check(body)
        } catch {
            throw Refusal(status: 400, message: "'\(error.path)': \(error.fault)", field: error.path)
        }
        let model = body["model"]?.string ?? ""
        guard models.contains(model) else {
            throw Refusal(status: 404, message: "There is no model `\(model)` for you.", code: "model_not_found")
        }
        return model
    }

    private func embeddings(_ body: JSON) throws(Refusal) -> JSON {
        let model = try check(body, OpenAIDialect.embeddingsShape)
        let texts = OpenAIDialect.texts(body["input"])
        guard !texts.isEmpty else { throw Refusal(status: 400, message: "'input' is empty.", field: "input") }
        let isBase64 = body["encoding_format"]?.string == "base64"
        let rows = texts.enumerated().map { index, text -> JSON in
            let vector = OpenAIDialect.vector(of: text, dimensions: body["dimensions"]?.integer ?? 4)
            return [
                "object": "embedding", "index": .integer(index),
                "embedding": isBase64
                    ? .string(OpenAIDialect.base64(vector)) : .array(vector.map { .number(Double($0)) }),
            ]
        }
        let tokens = OpenAIDialect.tokens(texts.reduce(0) { $0 + $1.count })
        return [
            "object": "list", "data": .array(rows), "model": .string(model),
            "usage": ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)],
        ]
    }

    private func completion(_ body: JSON, number: Int) throws(Refusal) -> Elsewhere {
        let model = try check(body, OpenAIDialect.completionsShape)
        let prompt = OpenAIDialect.texts(body["prompt"]).first ?? ""
        let words = "echo: \(prompt)".split(separator: " ")
        let pieces = words.enumerated().map { $0 == 0 ? String($1) : " \($1)" }
        let usage: JSON = [
            "prompt_tokens": .integer(OpenAIDialect.tokens(prompt.count)), "completion_tokens": .integer(pieces.count),
            "total_tokens": .integer(OpenAIDialect.tokens(prompt.count) + pieces.count),
        ]
        let made = { (choices: [JSON]) -> JSON in
            [
                "id": .string("cmpl-\(number)"), "object": "text_completion", "created": 1_700_000_000,
                "model": .string(model), "choices": .array(choices),
            ]
        }
        let choice = { (text: String, finish: JSON) -> JSON in
            ["text": .string(text), "index": 0, "logprobs": nil, "finish_reason": finish]
        }
        let whole = made([choice(pieces.joined(), "stop")]).adding("usage", usage)
        guard body["stream"]?.bool == true else { return Elsewhere(whole: whole) }
        var chunks = pieces.map { made([choice($0, nil)]) } + [made([choice("", "stop")])]
        if body["stream_options"]?["include_usage"]?.bool == true { chunks.append(made([]).adding("usage", usage)) }
        return Elsewhere(whole: whole, events: chunks.map { "data: \($0)\n\n" } + ["data: [DONE]\n\n"])
    }

    static func tokens(_ characters: Int) -> Int { (characters + 3) / 4 }

    static func texts(_ input: JSON?) -> [String] {
        input?.string.map { [$0] } ?? (input?.elements ?? []).map { $0.string ?? $0.description }
    }

    /// Numbers that are exact in 32 bits, made of the text.
    static func vector(of text: String, dimensions: Int) -> [Float] {
        let sum = text.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 1009 }
        return (0..<max(1, dimensions)).map { Float((sum + $0 * 7) % 64) / 64 - 0.5 }
    }

    /// Four bytes a number, least significant first, in base64 (RFC 4648 §4).
    private static func base64(_ vector: [Float]) -> String {
        let bytes = vector.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        return stride(from: 0, to: bytes.count, by: 3).map { start in
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
            let text = (0...group.count).map { String(digits[value >> (18 - 6 * $0) & 63]) }.joined()
            return text + String(repeating: "=", count: 3 - group.count)
        }.joined()
    }

    /// `CreateEmbeddingRequest` of openai/openai-openapi f85dbe223d40 (MIT).
    private static let embeddingsShape = Shape(
        fields: [
            "input": .either([.string, .list]), "model": .string, "encoding_format": .word(["float", "base64"]),
            "dimensions": .integer, "user": .string,
        ],
        required: ["model", "input"]
    )

    /// `CreateCompletionRequest` of the same.
    private static let completionsShape = Shape(
        fields: [
            "model": .string, "prompt": .either([.string, .list, .null]), "best_of": .orNull(.integer),
            "echo": .orNull(.bool), "frequency_penalty": .orNull(.number), "logit_bias": .orNull(.map),
            "logprobs": .orNull(.integer), "max_tokens": .orNull(.integer), "n": .orNull(.integer),
            "presence_penalty": .orNull(.number), "seed": .orNull(.integer), "stop": .either([.string, .list, .null]),
            "stream": .orNull(.bool), "stream_options": .orNull(.map), "suffix": .orNull(.string),
            "temperature": .orNull(.number), "top_p": .orNull(.number), "user": .string,
        ],
        required: ["model", "prompt"]
    )
}

extension AnthropicDialect {
    func elsewhere(_ path: String, _ body: JSON, number: Int) throws(Refusal) -> Elsewhere? {
        guard path == "/v1/messages/count_tokens" else { return nil }
        do {
            try AnthropicDialect.countShape.check(body)
        } catch {
            throw Refusal(status: 400, message: "\(error.path): \(error.fault)")
        }
        let model = body["model"]?.string ?? ""
        guard models.contains(model) else { throw Refusal(status: 404, message: "model: \(model)") }
        let characters = (body["messages"]?.elements ?? []).reduce(0) { $0 + ContentText.of($1["content"]).count }
        return Elsewhere(whole: ["input_tokens": .integer((characters + 3) / 4)])
    }

    /// `MessageCountTokensParams` of the PyPI package anthropic 2.12.0.
    private static let countShape = Shape(
        fields: [
            "messages": .list, "model": .string, "cache_control": .orNull(.map), "output_config": .map,
            "system": .either([.string, .list]), "thinking": .map, "tool_choice": .map, "tools": .list,
        ],
        required: ["messages", "model"]
    )
}
