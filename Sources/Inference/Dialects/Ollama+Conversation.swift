import Wire

/// How do messages of Ollama's API become messages of the form between dialects? Calls get names here, of their place in the
/// conversation, so that they have the same ones whenever it is sent again.
extension Ollama {
    static func takeMessages(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        var open: [Chat.ToolUse] = []
        var position = 0
        for element in try Field.array(value, "messages") {
            try take(element, at: position, &open, into: &chat)
            position += 1
        }
    }

    /// - Parameter open: calls whose results have not come yet.
    private static func take(
        _ value: JSONView,
        at position: Int,
        _ open: inout [Chat.ToolUse],
        into chat: inout Chat
    ) throws(RequestError) {
        let field = "messages[\(position)]"
        guard value.kind == .object else { throw .wrongType(field, wanted: "an object") }
        let role = try Field.requiredText(value["role"], "\(field).role")
        let text = try Field.text(value["content"], "\(field).content") ?? ""
        var parts: [Chat.Part] = text.isEmpty ? [] : [.text(text)]
        switch role {
        case "system":
            chat.note(value, beyond: ["role", "content"], at: "messages")
            append(.system, parts, position, &chat)
        case "user":
            chat.note(value, beyond: ["role", "content", "images"], at: "messages")
            parts += try images(value["images"], "\(field).images")
            append(.user, parts.isEmpty ? [.text("")] : parts, position, &chat)
        case "assistant":
            chat.note(value, beyond: ["role", "content", "thinking", "tool_calls", "images"], at: "messages")
            if let thought = try Field.text(value["thinking"], "\(field).thinking"), !thought.isEmpty {
                parts.insert(.thought(.open(thought, signature: "")), at: 0)
            }
            parts += try images(value["images"], "\(field).images")
            open = try calls(value["tool_calls"], "\(field).tool_calls", position, &chat)
            guard open.count <= Chat.mostCalls else {
                throw .wrongValue("\(field).tool_calls", wanted: "at most \(Chat.mostCalls) calls")
            }
            append(.assistant, parts + open.map { .toolUse($0) }, position, &chat)
        case "tool":
            chat.note(value, beyond: ["role", "content", "tool_name", "tool_call_id", "name"], at: "messages")
            let call = try takeCall(value, field, &open)
            append(.tool, [.toolResult(Chat.ToolResult(id: call.id, texts: [text]))], position, &chat)
        default: throw .wrongValue("\(field).role", wanted: "'system', 'user', 'assistant' or 'tool'")
        }
    }

    private static func append(_ role: Chat.Role, _ parts: [Chat.Part], _ position: Int, _ chat: inout Chat) {
        if !parts.isEmpty { chat.messages.append(Chat.Message(role: role, parts: parts, position: position)) }
    }

    // MARK: Tools

    private static func calls(
        _ value: JSONView?,
        _ field: String,
        _ position: Int,
        _ chat: inout Chat
    ) throws(RequestError) -> [Chat.ToolUse] {
        guard let value, !value.isNull else { return [] }
        var calls: [Chat.ToolUse] = []
        for element in try Field.array(value, field) {
            let place = "\(field)[\(calls.count)]"
            let arguments = try Field.object(element["function"]?["arguments"], "\(place).function.arguments")
            chat.noteHints(element, beyond: ["id", "type", "function"], at: "messages.tool_calls")
            if let function = element["function"] {
                chat.noteHints(function, beyond: ["name", "arguments"], at: "messages.tool_calls.function")
            }
            let id = try Field.text(element["id"], "\(place).id") ?? ""
            calls.append(
                Chat.ToolUse(
                    id: id.isEmpty ? "call_\(position)_\(calls.count)" : id,
                    name: try Field.requiredText(element["function"]?["name"], "\(place).function.name"),
                    arguments: arguments.map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}"
                )
            )
        }
        return calls
    }

    /// The call that a result answers: by its id where the client kept that, else the first of its tool's name that waits, else the
    /// first that waits.
    private static func takeCall(
        _ value: JSONView,
        _ field: String,
        _ open: inout [Chat.ToolUse]
    ) throws(RequestError) -> Chat.ToolUse {
        let id = try Field.text(value["tool_call_id"], "\(field).tool_call_id") ?? ""
        let name = try Field.text(value["tool_name"] ?? value["name"], "\(field).tool_name") ?? ""
        let place =
            id.isEmpty
            ? open.firstIndex { name.isEmpty || $0.name == name } : open.firstIndex { $0.id == id }
        guard let place else {
            throw .wrongValue(
                id.isEmpty ? "\(field).tool_name" : "\(field).tool_call_id",
                wanted: "a tool that was called just before and has not answered yet"
            )
        }
        return open.remove(at: place)
    }

    // MARK: Images

    static func images(_ value: JSONView?, _ field: String) throws(RequestError) -> [Chat.Part] {
        guard let value, !value.isNull else { return [] }
        var images: [Chat.Part] = []
        for element in try Field.array(value, field) {
            let place = "\(field)[\(images.count)]"
            let base64 = try Field.requiredText(element, place)
            guard let type = mediaTypes.first(where: { base64.hasPrefix($0.start) })?.type else {
                throw .wrongValue(place, wanted: "a PNG, JPEG, GIF or WebP image in base64")
            }
            images.append(.image(.data(mediaType: type, base64: base64)))
        }
        return images
    }

    /// How images begin, in base64: their type is told by nothing else here.
    private static let mediaTypes = [
        (start: "iVBORw0KGgo", type: "image/png"), (start: "/9j/", type: "image/jpeg"),
        (start: "R0lGOD", type: "image/gif"), (start: "UklGR", type: "image/webp"),
    ]
}
