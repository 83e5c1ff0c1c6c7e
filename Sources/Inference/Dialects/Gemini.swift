import Wire

/// How does a request look in Gemini's API? It names the model, and whether the answer shall come in pieces, in its address.
package enum Gemini {
    /// The request of a client of another dialect.
    /// - Throws: the field that cannot be expressed. What merely loses effect is named by `omissions(in:)` instead.
    package static func requestBody(_ chat: Chat) throws(RequestError) -> [UInt8] {
        try refuseInexpressible(chat)
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writeSystem(chat, to: &writer)
        try writeContents(chat, to: &writer)
        try writeTools(chat, to: &writer)
        writeConfiguration(chat, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// System messages stand before the conversation, wherever the client had them.
    private static func writeSystem(_ chat: Chat, to writer: inout JSONWriter) {
        let texts = chat.messages.filter { $0.role == .system }.flatMap(\.parts).compactMap(\.nonEmptyText)
        guard !texts.isEmpty else { return }
        writer.key("systemInstruction")
        writer.beginObject()
        writer.key("parts")
        writer.beginArray()
        for text in texts { write(text: text, to: &writer) }
        writer.endArray()
        writer.endObject()
    }

    static func write(text: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("text", text)
        writer.endObject()
    }
}
