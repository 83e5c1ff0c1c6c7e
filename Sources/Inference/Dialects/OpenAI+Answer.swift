import Wire

/// How does a whole answer look in the OpenAI dialect, and what does one that passes through tell?
extension OpenAI {
    /// An answer of a provider with another dialect, for a client of this one.
    /// - Parameters:
    ///   - id: the answer's name as the client shall know it.
    ///   - model: the model's name as the client shall know it.
    ///   - created: seconds since 1970.
    ///   - mustHaveUsage: whether the client takes no answer without usage, be it an empty one.
    package static func answer(
        _ answer: ChatAnswer,
        id: String,
        model: String,
        created: UInt64,
        mustHaveUsage: Bool = false
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 + (answer.words?.utf8.count ?? 0))
        writer.beginObject()
        writer.member("id", id)
        writer.member("object", "chat.completion")
        writer.member("created", created)
        writer.member("model", model)
        writer.key("choices")
        writer.beginArray()
        writer.beginObject()
        writer.member("index", 0 as UInt64)
        writer.key("message")
        write(message: answer, to: &writer)
        writer.key("logprobs")
        writer.null()
        writer.member("finish_reason", word(for: ending(answer)))
        writer.endObject()
        writer.endArray()
        if !write(answer.usage, to: &writer), mustHaveUsage { writer.member("usage", raw: Array("{}".utf8)) }
        writer.endObject()
        return writer.bytes
    }

    /// A refusal in words of its own is an answer that came to its end.
    private static func ending(_ answer: ChatAnswer) -> FinishReason {
        answer.refusal == nil ? answer.finish ?? .stop : .stop
    }

    private static func write(message answer: ChatAnswer, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("role", "assistant")
        writer.key("content")
        if let text = answer.text { writer.string(text) } else { writer.null() }
        writer.key("refusal")
        if let refusal = answer.refusal { writer.string(refusal) } else { writer.null() }
        if let reasoning = answer.reasoning { writer.member(reasoningField, reasoning) }
        if !answer.toolCalls.isEmpty {
            writer.key("tool_calls")
            writer.beginArray()
            for call in answer.toolCalls { write(call, to: &writer) }
            writer.endArray()
        }
        writer.endObject()
    }

    static func write(_ call: Chat.ToolUse, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", call.id)
        writer.member("type", "function")
        writer.key("function")
        writer.beginObject()
        writer.member("name", call.name)
        writer.member("arguments", call.arguments)
        writer.endObject()
        if let signature = call.signature { write(signature: signature, to: &writer) }
        writer.endObject()
    }

    /// Where Google's own servers of this dialect have the proof of a call. Clients that send calls back as they got them bring it back.
    static func write(signature: String, to writer: inout JSONWriter) {
        writer.key("extra_content")
        writer.beginObject()
        writer.key("google")
        writer.beginObject()
        writer.member("thought_signature", signature)
        writer.endObject()
        writer.endObject()
    }

    /// The API itself has no field for what a model thinks; servers that tell (vLLM, DeepSeek) use this one, and clients that
    /// do not know it pass over it.
    static let reasoningField = "reasoning_content"

    static func word(for reason: FinishReason) -> String {
        switch reason {
        case .stop: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        }
    }

    static func finishReason(_ word: String) -> FinishReason {
        switch word {
        case "length", "model_length": .length
        case "tool_calls", "function_call": .toolCalls
        case "content_filter": .contentFilter
        default: .stop
        }
    }

    /// An end by which servers say that the answer broke off (Mistral, OpenRouter; vLLM and SGLang); another try may bring a whole one.
    static func failure(ofEnd word: String) -> UpstreamError? {
        guard word == "error" || word == "abort" else { return nil }
        return UpstreamError(.server, status: 502, message: "The provider broke its answer off.", code: word)
    }

    /// What an answer in one piece tells while it passes through: usage, finish, or the error that a 200 hides. The bytes go
    /// on as they are.
    package static func observed(answer body: [UInt8]) -> Observed {
        var observed = Observed(raw: body[...])
        guard let document = try? JSONDocument(body, limits: .answer) else {
            observed.error = .malformed("The provider's answer is no JSON.")
            return observed
        }
        observed.look(at: document)
        observed.isDone = observed.error == nil
        return observed
    }
}
