import Wire

/// How does a whole answer look in the OpenAI dialect, and what does one that passes through tell?
extension OpenAI {
    /// An answer of a provider with another dialect, for a client of this one.
    /// - Parameters:
    ///   - id: the answer's name as the client shall know it.
    ///   - model: the model's name as the client shall know it.
    ///   - created: seconds since 1970.
    package static func answer(_ answer: ChatAnswer, id: String, model: String, created: UInt64) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 + (answer.text?.utf8.count ?? 0))
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
        writer.member("finish_reason", word(for: answer.finish ?? .stop))
        writer.endObject()
        writer.endArray()
        write(answer.usage, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func write(message answer: ChatAnswer, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("role", "assistant")
        writer.key("content")
        if let text = answer.text { writer.string(text) } else { writer.null() }
        writer.key("refusal")
        writer.null()
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
        case "length": .length
        case "tool_calls", "function_call": .toolCalls
        case "content_filter": .contentFilter
        default: .stop
        }
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
