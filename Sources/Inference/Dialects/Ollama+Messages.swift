import Wire

/// How does a conversation look in Ollama's API: one text a message, images beside it, and calls that have no name but their tool's?
extension Ollama {
    static func writeMessages(_ chat: Chat, to writer: inout JSONWriter) throws(RequestError) {
        var called: [Chat.ToolUse] = []
        var answered: [(call: Int, result: Chat.ToolResult)] = []
        writer.key("messages")
        writer.beginArray()
        for message in chat.messages {
            guard message.role != .tool else {
                for case .toolResult(let result) in message.parts {
                    answered.append((try place(of: result, in: called, message), result))
                }
                continue
            }
            write(&answered, of: called, to: &writer)
            for case .toolUse(let call) in message.parts { called.append(call) }
            try write(message, to: &writer)
        }
        write(&answered, of: called, to: &writer)
        writer.endArray()
    }

    private static func place(
        of result: Chat.ToolResult,
        in called: [Chat.ToolUse],
        _ message: Chat.Message
    ) throws(RequestError) -> Int {
        guard let place = called.lastIndex(where: { $0.id == result.id }) else {
            throw .wrongValue("messages[\(message.position)]", wanted: "the result of a tool that was called before")
        }
        return place
    }

    private static func write(_ message: Chat.Message, to writer: inout JSONWriter) throws(RequestError) {
        let field = "messages[\(message.position)]"
        writer.beginObject()
        writer.member("role", message.role.rawValue)
        writer.member("content", text(of: message.parts))
        let thought = message.parts.compactMap(\.ownThought).joined()
        if !thought.isEmpty { writer.member("thinking", thought) }
        try writeImages(message.parts, field, to: &writer)
        try writeCalls(message.parts, field, to: &writer)
        writer.endObject()
    }

    /// The texts, each a paragraph: where they stood among images is lost, as this dialect has it.
    private static func text(of parts: [Chat.Part]) -> String {
        parts.compactMap(\.nonEmptyText).joined(separator: "\n\n")
    }

    private static func writeImages(
        _ parts: [Chat.Part],
        _ field: String,
        to writer: inout JSONWriter
    ) throws(RequestError) {
        var images: [String] = []
        for part in parts {
            switch part {
            case .image(.data(_, let base64)): images.append(base64)
            case .image(.url):
                throw .inexpressible("\(field).content", in: .ollama, "it takes images themselves, not their addresses")
            case .file: throw .inexpressible("\(field).content", in: .ollama, "it takes no files")
            case .text, .thought, .toolUse, .toolResult: break
            }
        }
        guard !images.isEmpty else { return }
        writer.key("images")
        writer.beginArray()
        for image in images { writer.string(image) }
        writer.endArray()
    }

    // MARK: Tools

    /// A call's arguments are an object here, not a text that should hold one.
    private static func writeCalls(
        _ parts: [Chat.Part],
        _ field: String,
        to writer: inout JSONWriter
    ) throws(RequestError) {
        let calls = parts.compactMap(\.call)
        guard !calls.isEmpty else { return }
        writer.key("tool_calls")
        writer.beginArray()
        for call in calls {
            guard let arguments = object(call.arguments, limits: .request) else {
                throw .inexpressible(
                    call.field(in: field),
                    in: .ollama,
                    "the arguments of call '\(call.id)' are no JSON object"
                )
            }
            write(call: call.name, id: nil, arguments, to: &writer)
        }
        writer.endArray()
    }

    /// - Parameter id: told to clients, who may give it back; no server knows it.
    static func write(call name: String, id: String?, _ arguments: [UInt8], to writer: inout JSONWriter) {
        writer.beginObject()
        if let id { writer.member("id", id) }
        writer.key("function")
        writer.beginObject()
        writer.member("name", name)
        writer.member("arguments", raw: arguments)
        writer.endObject()
        writer.endObject()
    }

    /// The arguments as an object; nil if they are none. What was called without any gets an empty one.
    static func object(_ arguments: String, limits: JSONLimits) -> [UInt8]? {
        guard !arguments.isEmpty else { return Array("{}".utf8) }
        guard let document = try? JSONDocument(Array(arguments.utf8), limits: limits), document.root.kind == .object
        else { return nil }
        return Array(document.root.raw)
    }

    /// A result is known by its tool's name, and of several calls of one tool by its place: results stand in the order of their calls.
    private static func write(
        _ answered: inout [(call: Int, result: Chat.ToolResult)],
        of called: [Chat.ToolUse],
        to writer: inout JSONWriter
    ) {
        for (call, result) in answered.sorted(by: { $0.call < $1.call }) {
            writer.beginObject()
            writer.member("role", "tool")
            writer.member("content", result.texts.joined(separator: "\n\n"))
            writer.member("tool_name", called[call].name)
            writer.endObject()
        }
        answered = []
    }
}

extension Chat.Part {
    /// What a model thought that did not sign it: models of this dialect never do, others always.
    fileprivate var ownThought: String? {
        if case .thought(.open(let text, let signature)) = self, signature.isEmpty { text } else { nil }
    }

    fileprivate var call: Chat.ToolUse? {
        if case .toolUse(let call) = self { call } else { nil }
    }
}
