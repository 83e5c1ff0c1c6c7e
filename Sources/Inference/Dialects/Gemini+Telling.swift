import Wire

/// How does an answer of a provider with another dialect look in Gemini's API?
extension Gemini {
    /// The whole answer.
    /// - Parameters:
    ///   - id: the answer's name as the client shall know it.
    ///   - model: the model's name as the client shall know it.
    package static func answer(_ answer: ChatAnswer, id: String, model: String) -> [UInt8] {
        response(id, model, finish: answer.finish ?? .stop, answer.usage) { writer in
            if let text = answer.reasoning, !text.isEmpty { write(thought: text, to: &writer) }
            if let text = answer.words, !text.isEmpty { write(text: text, to: &writer) }
            for call in answer.toolCalls { write(call, to: &writer) }
        }
    }

    /// One `GenerateContentResponse`, be it the whole answer or a piece of it.
    static func response(
        _ id: String,
        _ model: String,
        finish: FinishReason?,
        _ usage: Usage,
        parts: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("candidates")
        writer.beginArray()
        writer.beginObject()
        writer.key("content")
        writer.beginObject()
        writer.key("parts")
        writer.beginArray()
        parts(&writer)
        writer.endArray()
        writer.member("role", "model")
        writer.endObject()
        if let finish { writer.member("finishReason", word(for: finish)) }
        writer.member("index", 0 as UInt64)
        writer.endObject()
        writer.endArray()
        if !usage.isUnreported { write(usage, to: &writer) }
        writer.member("modelVersion", model)
        writer.member("responseId", id)
        writer.endObject()
        return writer.bytes
    }

    /// Who calls functions has stopped here.
    private static func word(for reason: FinishReason) -> String {
        switch reason {
        case .stop, .toolCalls: "STOP"
        case .length: "MAX_TOKENS"
        case .contentFilter: "SAFETY"
        }
    }

    /// Thoughts are counted beside the answer's tokens here, in our form within them. What was not reported is left out.
    private static func write(_ usage: Usage, to writer: inout JSONWriter) {
        writer.key("usageMetadata")
        writer.beginObject()
        let rows = [
            ("promptTokenCount", usage.input), ("cachedContentTokenCount", usage.cachedRead),
            ("candidatesTokenCount", usage.output.map { $0 - min($0, usage.reasoning ?? 0) }),
            ("thoughtsTokenCount", usage.reasoning), ("totalTokenCount", usage.total),
        ]
        for (name, count) in rows {
            if let count { writer.member(name, count) }
        }
        writer.endObject()
    }

    // MARK: Parts

    static func write(thought text: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("text", text)
        writer.member("thought", true)
        writer.endObject()
    }

    static func write(_ call: Chat.ToolUse, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("functionCall")
        writer.beginObject()
        writer.member("id", call.id)
        writer.member("name", call.name)
        writer.key("args")
        writer.object(ofArguments: call)
        writer.endObject()
        writer.endObject()
    }

    // MARK: Errors

    /// The body of an error answer. The reason is for programs, the field names what is wrong with the request.
    static func errorBody(_ error: ClientError) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + error.message.utf8.count)
        writer.beginObject()
        writer.key("error")
        writer.beginObject()
        writer.member("code", UInt64(error.status))
        writer.member("message", error.message)
        writer.member("status", word(ofStatus: error.status))
        writer.key("details")
        writer.beginArray()
        writer.beginObject()
        writer.member("@type", "type.googleapis.com/google.rpc.ErrorInfo")
        writer.member("reason", error.code)
        writer.member("domain", "martlet")
        if let param = error.param {
            writer.key("metadata")
            writer.beginObject()
            writer.member("field", param)
            writer.endObject()
        }
        writer.endObject()
        writer.endArray()
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// The codes of google.rpc.Code by the statuses they come with.
    private static func word(ofStatus status: Int) -> String {
        switch status {
        case 401: "UNAUTHENTICATED"
        case 402, 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 408, 504: "DEADLINE_EXCEEDED"
        case 429: "RESOURCE_EXHAUSTED"
        case 503: "UNAVAILABLE"
        case 400..<500: "INVALID_ARGUMENT"
        default: "INTERNAL"
        }
    }
}
