import Wire

/// How does a whole answer look in the Messages API?
extension Anthropic {
    /// An answer of a provider with another dialect, for a client of this one.
    /// - Parameters:
    ///   - id: the answer's name as the client shall know it.
    ///   - model: the model's name as the client shall know it.
    package static func answer(_ answer: ChatAnswer, id: String, model: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 + (answer.words?.utf8.count ?? 0))
        writeMessage(id, model, stop: answer.finish ?? .stop, answer.usage, to: &writer) { writer in
            if let text = answer.reasoning, !text.isEmpty { write(thinking: text, to: &writer) }
            if let text = answer.words, !text.isEmpty { writeText(text, to: &writer) }
            for call in answer.toolCalls { write(call, to: &writer) }
        }
        return writer.bytes
    }

    /// A Message, whole or as a stream begins with it.
    static func writeMessage(
        _ id: String,
        _ model: String,
        stop: FinishReason?,
        _ usage: Usage,
        to writer: inout JSONWriter,
        content: (inout JSONWriter) -> Void
    ) {
        writer.beginObject()
        writer.member("id", id)
        writer.member("type", "message")
        writer.member("role", "assistant")
        writer.member("model", model)
        writer.key("content")
        writer.beginArray()
        content(&writer)
        writer.endArray()
        writeStop(stop, to: &writer)
        write(usage, to: &writer)
        writer.endObject()
    }

    /// Which of the client's texts ended the answer, no other dialect tells.
    static func writeStop(_ reason: FinishReason?, to writer: inout JSONWriter) {
        writer.key("stop_reason")
        if let reason { writer.string(word(for: reason)) } else { writer.null() }
        writer.key("stop_sequence")
        writer.null()
    }

    static func word(for reason: FinishReason) -> String {
        switch reason {
        case .stop: "end_turn"
        case .length: "max_tokens"
        case .toolCalls: "tool_use"
        case .contentFilter: "refusal"
        }
    }

    /// Writes the member `usage`. The dialect wants both counts, so that what was not reported is 0 here, as nowhere else of
    /// ours. Cached tokens are counted beside `input_tokens`, in our form within it.
    static func write(_ usage: Usage, to writer: inout JSONWriter) {
        let cached = [usage.cachedRead ?? 0, usage.cacheWrite ?? 0]
        let input = cached.reduce(usage.input ?? 0) { $0 - min($0, $1) }
        writer.key("usage")
        writer.beginObject()
        writer.member("input_tokens", input)
        if let count = usage.cacheWrite { writer.member("cache_creation_input_tokens", count) }
        if let count = usage.cachedRead { writer.member("cache_read_input_tokens", count) }
        writer.member("output_tokens", usage.output ?? 0)
        if let count = usage.reasoning {
            writer.key("output_tokens_details")
            writer.beginObject()
            writer.member("thinking_tokens", count)
            writer.endObject()
        }
        writer.endObject()
    }

    // MARK: Blocks

    private static func write(thinking text: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "thinking")
        writer.member("thinking", text)
        writer.member("signature", "")
        writer.endObject()
    }

    private static func write(_ call: Chat.ToolUse, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "tool_use")
        writer.member("id", call.id)
        writer.member("name", call.name)
        writer.key("input")
        writer.object(ofArguments: call)
        writer.endObject()
    }
}
