import Wire

/// How do events of an answer become Chat Completions chunks? Here a provider's tool call becomes an OpenAI delta.
extension OpenAI {
    /// Writes a stream for one client: the role first, one name throughout, `[DONE]` last; after an error nothing more.
    package struct StreamEncoder: Sendable {
        private enum Phase: Equatable {
            case beforeRole, open, over
        }

        /// The members that are the same in every chunk, from `{` up to `choices`.
        private let opening: [UInt8]
        private let includeUsage: Bool
        private var phase = Phase.beforeRole
        private var usage = Usage()
        /// Whether the model said no in words of their own: that is how it ends here, and its reason is `stop`.
        private var hasRefused = false

        /// A stream that has not begun.
        /// - Parameters:
        ///   - id: the answer's name as the client shall know it.
        ///   - model: the model's name as the client shall know it.
        ///   - created: seconds since 1970.
        ///   - includeUsage: whether the client asked for the usage.
        package init(id: String, model: String, created: UInt64, includeUsage: Bool) {
            var writer = JSONWriter(capacity: 160)
            writer.beginObject()
            writer.member("id", id)
            writer.member("object", "chat.completion.chunk")
            writer.member("created", created)
            writer.member("model", model)
            opening = writer.bytes
            self.includeUsage = includeUsage
        }

        /// The bytes for the client: no, one or several events.
        package mutating func encode(_ event: ChatEvent) -> [UInt8] {
            guard phase != .over else { return [] }
            var bytes: [UInt8] = []
            if phase == .beforeRole, event.needsRole { appendRole(to: &bytes) }
            append(event, to: &bytes)
            return bytes
        }

        /// A call that is told in one piece.
        mutating func encode(wholeCall index: Int, id: String, name: String, arguments: String) -> [UInt8] {
            guard phase != .over else { return [] }
            var bytes: [UInt8] = []
            if phase == .beforeRole { appendRole(to: &bytes) }
            append(to: &bytes) { OpenAI.write(toolCall: index, start: (id, name), arguments: arguments, to: &$0) }
            return bytes
        }

        private mutating func appendRole(to bytes: inout [UInt8]) {
            phase = .open
            append(to: &bytes) {
                $0.member("role", "assistant")
                $0.member("content", "")
            }
        }

        private mutating func append(_ event: ChatEvent, to bytes: inout [UInt8]) {
            switch event {
            case .start: break
            case .text(let text): append(to: &bytes) { $0.member("content", text) }
            case .refusal(let text):
                hasRefused = true
                append(to: &bytes) { $0.member("refusal", text) }
            case .reasoning(let text): append(to: &bytes) { $0.member(OpenAI.reasoningField, text) }
            case .toolCallStart(let index, let id, let name):
                append(to: &bytes) { OpenAI.write(toolCall: index, start: (id, name), arguments: "", to: &$0) }
            case .toolCallSignature(let index, let signature):
                append(to: &bytes) { OpenAI.write(signature: signature, ofCall: index, to: &$0) }
            case .toolCallArguments(let index, let json):
                append(to: &bytes) { OpenAI.write(toolCall: index, start: nil, arguments: json, to: &$0) }
            case .finish(let reason): append(finish: hasRefused ? .stop : reason, to: &bytes) { _ in }
            case .usage(let report): usage.update(with: report)
            // What the client is told of it is the exchange's to say.
            case .error: phase = .over
            case .done:
                phase = .over
                if includeUsage { appendUsage(to: &bytes) }
                EventStreamWriter.append(data: OpenAI.doneMark, to: &bytes)
            }
        }

        /// One chunk with one choice. Its `finish_reason` is null until the last.
        private func append(
            finish: FinishReason? = nil,
            to bytes: inout [UInt8],
            delta: (inout JSONWriter) -> Void
        ) {
            var writer = JSONWriter(continuing: opening)
            writer.key("choices")
            writer.beginArray()
            writer.beginObject()
            writer.member("index", 0 as UInt64)
            writer.key("delta")
            writer.beginObject()
            delta(&writer)
            writer.endObject()
            writer.key("finish_reason")
            if let finish { writer.string(OpenAI.word(for: finish)) } else { writer.null() }
            writer.endObject()
            writer.endArray()
            if includeUsage {
                writer.key("usage")
                writer.null()
            }
            writer.endObject()
            EventStreamWriter.append(data: writer.bytes, to: &bytes)
        }

        /// The chunk without choices that ends a stream whose client asked for it. Left out if the provider reported nothing.
        private func appendUsage(to bytes: inout [UInt8]) {
            var writer = JSONWriter(continuing: opening)
            writer.key("choices")
            writer.beginArray()
            writer.endArray()
            guard OpenAI.write(usage, to: &writer) else { return }
            writer.endObject()
            EventStreamWriter.append(data: writer.bytes, to: &bytes)
        }
    }

    /// What stands in the last event of a stream that came to its proper end.
    static let doneMark = Array("[DONE]".utf8)

    private static func write(signature: String, ofCall index: Int, to writer: inout JSONWriter) {
        writer.key("tool_calls")
        writer.beginArray()
        writer.beginObject()
        writer.member("index", UInt64(max(index, 0)))
        // Clients look into the function of every piece.
        writer.key("function")
        writer.beginObject()
        writer.member("arguments", "")
        writer.endObject()
        write(signature: signature, to: &writer)
        writer.endObject()
        writer.endArray()
    }

    private static func write(
        toolCall index: Int,
        start: (id: String, name: String)?,
        arguments: String,
        to writer: inout JSONWriter
    ) {
        writer.key("tool_calls")
        writer.beginArray()
        writer.beginObject()
        writer.member("index", UInt64(max(index, 0)))
        if let start {
            writer.member("id", start.id)
            writer.member("type", "function")
        }
        writer.key("function")
        writer.beginObject()
        if let start { writer.member("name", start.name) }
        writer.member("arguments", arguments)
        writer.endObject()
        writer.endObject()
        writer.endArray()
    }
}

extension ChatEvent {
    /// Whether a client must have been told who speaks before it sees this.
    fileprivate var needsRole: Bool {
        switch self {
        case .start, .text, .refusal, .reasoning, .toolCallStart, .toolCallArguments, .finish: true
        case .toolCallSignature, .usage, .error, .done: false
        }
    }
}
