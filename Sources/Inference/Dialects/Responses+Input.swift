import Wire

/// How does a conversation look in the Responses API? A message for what is said, an item for each call and result.
extension Responses {
    static func writeInput(_ chat: Chat, to writer: inout JSONWriter) throws(RequestError) {
        if chat.messages.last?.role == .assistant {
            let field = "messages[\(chat.messages.last?.position ?? 0)]"
            throw .inexpressible(field, in: .responses, "it cannot go on with what the assistant has begun to say")
        }
        writer.key("input")
        writer.beginArray()
        for message in chat.messages { try write(message, to: &writer) }
        writer.endArray()
    }

    private static func write(_ message: Chat.Message, to writer: inout JSONWriter) throws(RequestError) {
        var said: [Chat.Part] = []
        for part in message.parts {
            switch part {
            case .thought: break
            case .toolUse(let call): write(call, to: &writer)
            case .toolResult(let result): write(result, to: &writer)
            // The assistant's words are a message each: its parts have a form of their own, with names.
            case .text(let text) where message.role == .assistant: write(message.role, bare: text, to: &writer)
            case .text, .image, .file: said.append(part)
            }
        }
        guard !said.isEmpty else { return }
        if said.count == 1, case .text(let text) = said[0] { return write(message.role, bare: text, to: &writer) }
        writer.beginObject()
        writer.member("role", message.role.rawValue)
        writer.key("content")
        writer.beginArray()
        for part in said { try write(part, "messages[\(message.position)].content", to: &writer) }
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ role: Chat.Role, bare text: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("role", role.rawValue)
        writer.member("content", text)
        writer.endObject()
    }

    private static func write(_ part: Chat.Part, _ field: String, to writer: inout JSONWriter) throws(RequestError) {
        writer.beginObject()
        switch part {
        case .text(let text):
            writer.member("type", "input_text")
            writer.member("text", text)
        case .image(.url(let url)):
            writer.member("type", "input_image")
            writer.member("detail", "auto")
            writer.member("image_url", url)
        case .image(.data(let type, let base64)):
            writer.member("type", "input_image")
            writer.member("detail", "auto")
            writer.member("image_url", "data:\(type);base64,\(base64)")
        case .file(.url(let url, _)):
            writer.member("type", "input_file")
            writer.member("file_url", url)
        case .file(.data(let type, let base64, let name)):
            if type.hasPrefix("audio/") || type.hasPrefix("video/") {
                throw .inexpressible(field, in: .responses, "it takes neither sound nor films")
            }
            writer.member("type", "input_file")
            writer.member("filename", name ?? "document.pdf")
            writer.member("file_data", "data:\(type);base64,\(base64)")
        case .thought, .toolUse, .toolResult: break
        }
        writer.endObject()
    }

    private static func write(_ call: Chat.ToolUse, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "function_call")
        writer.member("call_id", call.id)
        writer.member("name", call.name)
        writer.member("arguments", call.arguments)
        writer.endObject()
    }

    private static func write(_ result: Chat.ToolResult, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "function_call_output")
        writer.member("call_id", result.id)
        if result.texts.count == 1 {
            writer.member("output", result.texts[0])
        } else {
            writer.key("output")
            writer.beginArray()
            for text in result.texts {
                writer.beginObject()
                writer.member("type", "input_text")
                writer.member("text", text)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }
}
