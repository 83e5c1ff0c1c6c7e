import Wire

/// How does a conversation look in the Messages API: two speakers who take turns, the tools' results among the user's words?
extension Anthropic {
    /// One turn: messages of one speaker that follow each other.
    private struct Turn {
        let isAssistant: Bool
        var parts: [(part: Chat.Part, field: String)]
    }

    static func writeMessages(_ chat: Chat, to writer: inout JSONWriter) throws(RequestError) {
        let turns = turns(of: chat)
        guard !turns.isEmpty else {
            throw .inexpressible("messages", in: .anthropic, "it needs a user or assistant message that is not empty")
        }
        writer.key("messages")
        writer.beginArray()
        for turn in turns {
            writer.beginObject()
            writer.member("role", turn.isAssistant ? "assistant" : "user")
            writer.key("content")
            writer.beginArray()
            for (part, field) in turn.parts { try write(part, field, to: &writer) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
    }

    private static func turns(of chat: Chat) -> [Turn] {
        var turns: [Turn] = []
        for message in chat.messages where message.role != .system {
            let parts = message.parts.filter { !$0.isEmptyText }
                .map { (part: $0, field: "messages[\(message.position)]") }
            guard !parts.isEmpty else { continue }
            let isAssistant = message.role == .assistant
            if turns.last?.isAssistant == isAssistant {
                turns[turns.count - 1].parts += parts
            } else {
                turns.append(Turn(isAssistant: isAssistant, parts: parts))
            }
        }
        return turns
    }

    // MARK: Blocks

    private static func write(_ part: Chat.Part, _ field: String, to writer: inout JSONWriter) throws(RequestError) {
        switch part {
        case .text(let text): writeText(text, to: &writer)
        case .image(let image): try write(image, field, to: &writer)
        case .toolUse(let call): try write(call, field, to: &writer)
        case .toolResult(let result): write(result, to: &writer)
        }
    }

    /// The media types of the dialect's `Base64ImageSource`.
    private static let imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"]

    private static func write(_ image: Chat.Image, _ field: String, to writer: inout JSONWriter) throws(RequestError) {
        writer.beginObject()
        writer.member("type", "image")
        writer.key("source")
        writer.beginObject()
        switch image {
        case .url(let url):
            writer.member("type", "url")
            writer.member("url", url)
        case .data(let type, let base64):
            guard imageTypes.contains(type) else {
                let known = imageTypes.joined(separator: ", ")
                throw .inexpressible("\(field).content", in: .anthropic, "images are \(known), not \(type)")
            }
            writer.member("type", "base64")
            writer.member("media_type", type)
            writer.member("data", base64)
        }
        writer.endObject()
        writer.endObject()
    }

    /// A call that an assistant made before. Its arguments are an object here, not a text that should hold one.
    private static func write(_ call: Chat.ToolUse, _ field: String, to writer: inout JSONWriter) throws(RequestError) {
        let input = call.arguments.isEmpty ? Array("{}".utf8) : Array(call.arguments.utf8)
        guard let document = try? JSONDocument(input, limits: .request), document.root.kind == .object else {
            throw .inexpressible(
                "\(field).tool_calls",
                in: .anthropic,
                "the arguments of call '\(call.id)' are no JSON object"
            )
        }
        writer.beginObject()
        writer.member("type", "tool_use")
        writer.member("id", call.id)
        writer.member("name", call.name)
        writer.key("input")
        writer.raw(document.root.raw)
        writer.endObject()
    }

    private static func write(_ result: Chat.ToolResult, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "tool_result")
        writer.member("tool_use_id", result.id)
        writer.key("content")
        writer.beginArray()
        for text in result.texts where !text.isEmpty { writeText(text, to: &writer) }
        writer.endArray()
        writer.endObject()
    }
}

extension Chat.Part {
    fileprivate var isEmptyText: Bool { self == .text("") }
}
