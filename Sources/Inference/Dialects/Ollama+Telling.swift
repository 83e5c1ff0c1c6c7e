import Wire

/// How does a whole answer look in Ollama's API?
extension Ollama {
    /// An answer of a provider with another dialect, for a client of this one.
    /// - Parameters:
    ///   - operation: a chat, or the answer to one prompt.
    ///   - model: the model's name as the client shall know it.
    ///   - created: seconds since 1970.
    ///   - times: how long it took.
    package static func answer(
        _ answer: ChatAnswer,
        to operation: ModelOperation,
        model: String,
        created: UInt64,
        times: AnswerTimes = AnswerTimes()
    ) -> [UInt8] {
        var writer = JSONWriter(continuing: opening(model: model, created: created))
        writeSaid(answer.words ?? "", answer.reasoning, answer.toolCalls, to: operation, &writer)
        writeEnd(answer.finish ?? .stop, answer.usage, times, to: &writer)
        return writer.bytes
    }

    /// What every line and every answer begins with.
    static func opening(model: String, created: UInt64) -> [UInt8] {
        var writer = JSONWriter(capacity: 96 + model.utf8.count)
        writer.beginObject()
        writer.member("model", model)
        writer.member("created_at", ResetText.moment(unixSeconds: created))
        return writer.bytes
    }

    /// In a message for a chat, beside it for a prompt's answer.
    static func writeSaid(
        _ text: String,
        _ thought: String?,
        _ calls: [Chat.ToolUse],
        to operation: ModelOperation,
        _ writer: inout JSONWriter
    ) {
        let isChat = operation != .generate
        if isChat {
            writer.key("message")
            writer.beginObject()
            writer.member("role", "assistant")
        }
        writer.member(isChat ? "content" : "response", text)
        if let thought, !thought.isEmpty { writer.member("thinking", thought) }
        if !calls.isEmpty {
            writer.key("tool_calls")
            writer.beginArray()
            for call in calls { write(call: call.name, id: call.id, objectOrBroken(call.arguments), to: &writer) }
            writer.endArray()
        }
        if isChat { writer.endObject() }
    }

    /// Arguments that are no object, which models write at times, stand in one: clients of this dialect get nothing else.
    private static func objectOrBroken(_ arguments: String) -> [UInt8] {
        if let object = object(arguments, limits: .answer) { return object }
        var writer = JSONWriter(capacity: arguments.utf8.count + 32)
        writer.beginObject()
        writer.member("INVALID_JSON", arguments)
        writer.endObject()
        return writer.bytes
    }

    /// The end of an answer. Counts that nobody reported are left out; times that nobody took are 0.
    static func writeEnd(_ finish: FinishReason, _ usage: Usage, _ times: AnswerTimes, to writer: inout JSONWriter) {
        writer.member("done", true)
        writer.member("done_reason", word(for: finish))
        writer.member("total_duration", times.total)
        writer.member("load_duration", 0 as UInt64)
        if let count = usage.input { writer.member("prompt_eval_count", count) }
        writer.member("prompt_eval_duration", 0 as UInt64)
        if let count = usage.output { writer.member("eval_count", count) }
        writer.member("eval_duration", times.sinceFirst)
        writer.endObject()
    }

    /// Calls end an answer as any other end does here.
    private static func word(for reason: FinishReason) -> String {
        switch reason {
        case .stop, .toolCalls: "stop"
        case .length: "length"
        case .contentFilter: "content_filter"
        }
    }

    /// A line that says nothing, for a silent stream: the dialect has no comments.
    static func heartbeat(_ operation: ModelOperation, model: String, created: UInt64) -> [UInt8] {
        var writer = JSONWriter(continuing: opening(model: model, created: created))
        writeSaid("", nil, [], to: operation, &writer)
        writer.member("done", false)
        writer.endObject()
        return writer.bytes + [0x0A]
    }
}

/// How long an answer took, in nanoseconds.
package struct AnswerTimes: Equatable, Sendable {
    /// Since the request came.
    package var total: UInt64 = 0
    /// Since the answer's first word.
    package var sinceFirst: UInt64 = 0

    /// None taken.
    package init() {}
}
