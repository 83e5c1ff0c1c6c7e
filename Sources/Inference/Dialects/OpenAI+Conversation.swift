import Wire

/// How does a conversation look in the OpenAI dialect? One message for each of the form's, results of tools among them.
extension OpenAI {
    static func writeMessages(_ chat: Chat, to writer: inout JSONWriter) throws(RequestError) {
        if chat.messages.last?.role == .assistant {
            let field = "messages[\(chat.messages.last?.position ?? 0)]"
            throw .inexpressible(field, in: .openai, "it cannot go on with what the assistant has begun to say")
        }
        writer.key("messages")
        writer.beginArray()
        for message in chat.messages { try write(message, to: &writer) }
        writer.endArray()
    }

    private static func write(_ message: Chat.Message, to writer: inout JSONWriter) throws(RequestError) {
        let parts = message.parts.filter { !$0.isThought }
        guard !parts.isEmpty else { return }
        writer.beginObject()
        writer.member("role", message.role.rawValue)
        switch message.role {
        case .system, .user: try write(content: parts, of: message, to: &writer)
        case .assistant:
            let words = parts.filter { !$0.isToolUse }
            if words.isEmpty {
                writer.key("content")
                writer.null()
            } else {
                try write(content: words, of: message, to: &writer)
            }
            write(calls: parts, to: &writer)
        case .tool: write(result: parts, to: &writer)
        }
        writer.endObject()
    }

    // MARK: Content

    /// A single text stands bare, as every server takes it.
    private static func write(
        content parts: [Chat.Part],
        of message: Chat.Message,
        to writer: inout JSONWriter
    ) throws(RequestError) {
        writer.key("content")
        if parts.count == 1, case .text(let text) = parts[0] { return writer.string(text) }
        writer.beginArray()
        for part in parts { try write(part, "messages[\(message.position)].content", to: &writer) }
        writer.endArray()
    }

    private static func write(_ part: Chat.Part, _ field: String, to writer: inout JSONWriter) throws(RequestError) {
        switch part {
        case .text(let text): write(text, to: &writer)
        case .image(let image):
            writer.beginObject()
            writer.member("type", "image_url")
            writer.key("image_url")
            writer.beginObject()
            writer.member("url", address(of: image))
            writer.endObject()
            writer.endObject()
        case .file(let file): try write(file, field, to: &writer)
        case .thought, .toolUse, .toolResult: break
        }
    }

    private static func write(_ text: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "text")
        writer.member("text", text)
        writer.endObject()
    }

    private static func address(of image: Chat.Image) -> String {
        switch image {
        case .url(let url): url
        case .data(let type, let base64): "data:\(type);base64,\(base64)"
        }
    }

    /// A name is wanted of every file.
    private static let fileName = "document.pdf"

    private static func write(_ file: Chat.File, _ field: String, to writer: inout JSONWriter) throws(RequestError) {
        guard case .data(let type, let base64, let name) = file else {
            throw .inexpressible(field, in: .openai, "it takes documents themselves, not their addresses")
        }
        if type.hasPrefix("audio/") { return try write(audio: base64, type, field, to: &writer) }
        if type.hasPrefix("video/") { throw .inexpressible(field, in: .openai, "it takes no films") }
        writer.beginObject()
        writer.member("type", "file")
        writer.key("file")
        writer.beginObject()
        writer.member("filename", name ?? fileName)
        writer.member("file_data", "data:\(type);base64,\(base64)")
        writer.endObject()
        writer.endObject()
    }

    private static func write(
        audio base64: String,
        _ type: String,
        _ field: String,
        to writer: inout JSONWriter
    ) throws(RequestError) {
        guard let format = audioTypes.first(where: { $0.type == type })?.format else {
            throw .inexpressible(field, in: .openai, "sound is wav or mp3, not \(type)")
        }
        writer.beginObject()
        writer.member("type", "input_audio")
        writer.key("input_audio")
        writer.beginObject()
        writer.member("data", base64)
        writer.member("format", format)
        writer.endObject()
        writer.endObject()
    }

    // MARK: Tools

    private static func write(calls parts: [Chat.Part], to writer: inout JSONWriter) {
        guard parts.contains(where: \.isToolUse) else { return }
        writer.key("tool_calls")
        writer.beginArray()
        for part in parts {
            guard case .toolUse(var call) = part else { continue }
            // Its proof is another provider's.
            call.signature = nil
            write(call, to: &writer)
        }
        writer.endArray()
    }

    private static func write(result parts: [Chat.Part], to writer: inout JSONWriter) {
        for part in parts {
            guard case .toolResult(let result) = part else { continue }
            writer.member("tool_call_id", result.id)
            writer.key("content")
            if result.texts.count == 1 || result.texts.isEmpty {
                writer.string(result.texts.first ?? "")
            } else {
                writer.beginArray()
                for text in result.texts { write(text, to: &writer) }
                writer.endArray()
            }
        }
    }
}

extension Chat.Part {
    var isThought: Bool {
        if case .thought = self { true } else { false }
    }

    fileprivate var isToolUse: Bool {
        if case .toolUse = self { true } else { false }
    }
}
