import Wire

/// How does a request look in Anthropic's Messages API?
package enum Anthropic {
    /// The dialect wants a bound on the answer and most clients give none. Every current model can write this much, and an
    /// answer longer than it is rare.
    package static let defaultMaxTokens: UInt64 = 4096

    /// The status for whatever passes by waiting; no other dialect has it.
    static let overloadedStatus = 529

    /// The request of a client of this dialect: another model name. Every other byte is the client's.
    /// - Parameter amongOthers: whether providers of other dialects may have spoken in the conversation before.
    package static func upstreamBody(_ view: RequestView, model: String, amongOthers: Bool = false) -> [UInt8] {
        let signed = amongOthers ? signedMessages(view.messages) : nil
        return view.body(model: model, signed.map { [.set("messages", $0)] } ?? [])
    }

    /// The request of a client of another dialect.
    /// - Parameters:
    ///   - model: the provider's name for the model.
    ///   - stream: whether the answer shall come in pieces.
    /// - Throws: the field that cannot be expressed. What merely loses effect is named by `omissions(in:)` instead.
    package static func requestBody(_ chat: Chat, model: String, stream: Bool) throws(RequestError) -> [UInt8] {
        try refuseInexpressible(chat)
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.member("model", model)
        writer.member("max_tokens", chat.maxTokens ?? defaultMaxTokens)
        writeSystem(chat, to: &writer)
        try writeMessages(chat, to: &writer)
        try writeTools(chat, to: &writer)
        if !chat.stop.isEmpty { writeStop(chat.stop, to: &writer) }
        if stream { writer.member("stream", true) }
        if let user = endUser(chat) {
            writer.key("metadata")
            writer.beginObject()
            writer.member("user_id", user)
            writer.endObject()
        }
        try writeOutput(chat, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// System messages stand before the conversation, wherever the client had them.
    private static func writeSystem(_ chat: Chat, to writer: inout JSONWriter) {
        let texts = chat.messages.filter { $0.role == .system }.flatMap(\.parts).compactMap(\.nonEmptyText)
        guard !texts.isEmpty else { return }
        writer.key("system")
        writer.beginArray()
        for text in texts { writeText(text, to: &writer) }
        writer.endArray()
    }

    static func writeText(_ text: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "text")
        writer.member("text", text)
        writer.endObject()
    }

    private static func writeStop(_ stop: [String], to writer: inout JSONWriter) {
        writer.key("stop_sequences")
        writer.beginArray()
        for text in stop { writer.string(text) }
        writer.endArray()
    }

    /// The person behind the request; of two names the one meant for abuse checks gives way.
    private static func endUser(_ chat: Chat) -> String? {
        if let user = chat.user { return user }
        guard case .string(let text) = chat.extras.first(where: { $0.name == "safety_identifier" })?.value else {
            return nil
        }
        return text
    }
}

extension Chat.Part {
    /// The text, if this is one and says anything: the dialect refuses empty blocks.
    var nonEmptyText: String? {
        guard case .text(let text) = self, !text.isEmpty else { return nil }
        return text
    }
}
