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
        if turns.first?.isAssistant == true { writeOpening(to: &writer) }
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

    /// The user speaks first here. A conversation that the assistant opens gets the shortest word that is no empty text.
    private static func writeOpening(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("role", "user")
        writer.member("content", ".")
        writer.endObject()
    }

    private static func turns(of chat: Chat) -> [Turn] {
        var turns: [Turn] = []
        for message in chat.messages where message.role != .system {
            let parts = message.parts.filter { !$0.saysNothing }
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
        case .file(let file): try write(file, field, to: &writer)
        case .thought(let thought): write(thought, to: &writer)
        case .toolUse(let call): try write(call, field, to: &writer)
        case .toolResult(let result): write(result, to: &writer)
        }
    }

    /// The media types of the dialect's `Base64ImageSource`.
    private static let imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"]

    private static func write(_ image: Chat.Image, _ field: String, to writer: inout JSONWriter) throws(RequestError) {
        writer.beginObject()
        writer.member("type", "image")
        switch image {
        case .url(let url): writeSource(url: url, to: &writer)
        case .data(let type, let base64):
            guard imageTypes.contains(type) else {
                let known = imageTypes.joined(separator: ", ")
                throw .inexpressible("\(field).content", in: .anthropic, "images are \(known), not \(type)")
            }
            writeSource(type, base64, to: &writer)
        }
        writer.endObject()
    }

    private static func write(_ file: Chat.File, _ field: String, to writer: inout JSONWriter) throws(RequestError) {
        writer.beginObject()
        writer.member("type", "document")
        switch file {
        case .url(let url, _): writeSource(url: url, to: &writer)
        case .data(let type, let base64, _):
            guard type == "application/pdf" else {
                throw .inexpressible("\(field).content", in: .anthropic, "files are application/pdf, not \(type)")
            }
            writeSource(type, base64, to: &writer)
        }
        switch file {
        case .data(_, _, let name), .url(_, let name): if let name { writer.member("title", name) }
        }
        writer.endObject()
    }

    /// What the provider is to fetch by itself.
    private static func writeSource(url: String, to writer: inout JSONWriter) {
        writer.key("source")
        writer.beginObject()
        writer.member("type", "url")
        writer.member("url", url)
        writer.endObject()
    }

    /// What comes with the request.
    private static func writeSource(_ mediaType: String, _ base64: String, to writer: inout JSONWriter) {
        writer.key("source")
        writer.beginObject()
        writer.member("type", "base64")
        writer.member("media_type", mediaType)
        writer.member("data", base64)
        writer.endObject()
    }

    /// A thought without its proof is left out (`turns(of:)`).
    private static func write(_ thought: Chat.Thought, to writer: inout JSONWriter) {
        writer.beginObject()
        switch thought {
        case .open(let text, let signature):
            writer.member("type", "thinking")
            writer.member("thinking", text)
            writer.member("signature", signature)
        case .redacted(let data):
            writer.member("type", "redacted_thinking")
            writer.member("data", data)
        }
        writer.endObject()
    }

    /// A call that an assistant made before. Its arguments are an object here, not a text that should hold one.
    private static func write(_ call: Chat.ToolUse, _ field: String, to writer: inout JSONWriter) throws(RequestError) {
        let input = call.arguments.isEmpty ? Array("{}".utf8) : Array(call.arguments.utf8)
        guard let document = try? JSONDocument(input, limits: .request), document.root.kind == .object else {
            throw .inexpressible(
                call.field(in: field),
                in: .anthropic,
                "the arguments of call '\(call.id)' are no JSON object"
            )
        }
        writer.beginObject()
        writer.member("type", "tool_use")
        writer.member("id", callID(call.id))
        writer.member("name", call.name)
        writer.key("input")
        writer.raw(document.root.raw)
        writer.endObject()
    }

    private static func write(_ result: Chat.ToolResult, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "tool_result")
        writer.member("tool_use_id", callID(result.id))
        writer.key("content")
        writer.beginArray()
        for text in result.texts where !text.isEmpty { writeText(text, to: &writer) }
        writer.endArray()
        if result.isError { writer.member("is_error", true) }
        writer.endObject()
    }

    /// Calls' names are letters, digits, `_` and `-` here; some servers have dots and colons in theirs.
    private static func callID(_ id: String) -> String {
        let isPlain = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard !id.utf8.allSatisfy(isPlain) else { return id }
        return String(decoding: id.utf8.map { isPlain($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    }
}

extension Chat.Part {
    /// An empty text, or a thought whose proof is missing: the provider refuses both.
    fileprivate var saysNothing: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .thought(.open(_, let signature)): signature.isEmpty
        case .thought(.redacted), .image, .file, .toolUse, .toolResult: false
        }
    }
}

extension Chat.Part {
    /// A thought whose proof is missing, which the provider would refuse.
    var isUnsigned: Bool {
        if case .thought(.open(_, let signature)) = self { signature.isEmpty } else { false }
    }
}
