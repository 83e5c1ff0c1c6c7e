import Wire

/// How do the messages of the Messages API become messages of the form between dialects? Results of tools, which stand among the
/// user's words here, become messages of their own.
extension Anthropic {
    static func takeSystem(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        let parts = try systemParts(value, "system", &chat)
        if !parts.isEmpty { chat.messages.append(Chat.Message(role: .system, parts: parts, position: 0)) }
    }

    private static func systemParts(
        _ value: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> [Chat.Part] {
        if let text = value.string { return text.isEmpty ? [] : [.text(text)] }
        guard value.kind == .array else { throw .wrongType(field, wanted: "a string or an array") }
        var parts: [Chat.Part] = []
        for block in value.elements {
            let place = "\(field)[\(parts.count)]"
            guard try Field.requiredText(block["type"], "\(place).type") == "text" else {
                throw .wrongValue("\(place).type", wanted: "'text'")
            }
            parts.append(try text(block, place, &chat, at: field == "system" ? field : "messages.content"))
        }
        return parts
    }

    static func takeMessages(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        var position = 0
        for element in value.elements {
            try takeMessage(element, at: position, into: &chat)
            position += 1
        }
        guard position > 0 else { throw .wrongValue("messages", wanted: "at least one message") }
    }

    private static func takeMessage(
        _ value: JSONView,
        at position: Int,
        into chat: inout Chat
    ) throws(RequestError) {
        let field = "messages[\(position)]"
        guard value.kind == .object else { throw .wrongType(field, wanted: "an object") }
        let role = try Field.requiredText(value["role"], "\(field).role")
        guard let content = value["content"], !content.isNull else { throw .missing("\(field).content") }
        chat.note(value, beyond: ["role", "content"], at: "messages")
        switch role {
        case "system": append(.system, try systemParts(content, "\(field).content", &chat), position, &chat)
        case "assistant":
            let parts = try blocks(content, "\(field).content", &chat)
            guard !parts.contains(where: \.isToolResult) else {
                throw .wrongValue("\(field).content", wanted: "results of tools in what the user says only")
            }
            append(.assistant, parts, position, &chat)
        case "user":
            let parts = try blocks(content, "\(field).content", &chat)
            guard !parts.contains(where: { $0.toolUse != nil || $0.isThought }) else {
                throw .wrongValue("\(field).content", wanted: "calls and thoughts in what the assistant says only")
            }
            // The results answer the message before, and so stand before what the user says besides.
            for part in parts where part.isToolResult { append(.tool, [part], position, &chat) }
            append(.user, parts.filter { !$0.isToolResult }, position, &chat)
        default: throw .wrongValue("\(field).role", wanted: "'user', 'assistant' or 'system'")
        }
    }

    private static func append(_ role: Chat.Role, _ parts: [Chat.Part], _ position: Int, _ chat: inout Chat) {
        if !parts.isEmpty { chat.messages.append(Chat.Message(role: role, parts: parts, position: position)) }
    }

    // MARK: Blocks

    private static func blocks(
        _ value: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> [Chat.Part] {
        if let text = value.string { return [.text(text)] }
        guard value.kind == .array else { throw .wrongType(field, wanted: "a string or an array") }
        var parts: [Chat.Part] = []
        for block in value.elements { parts.append(try part(block, "\(field)[\(parts.count)]", &chat)) }
        return parts
    }

    private static func part(_ block: JSONView, _ field: String, _ chat: inout Chat) throws(RequestError) -> Chat.Part {
        switch try Field.requiredText(block["type"], "\(field).type") {
        case "text": return try text(block, field, &chat)
        case "image":
            chat.note(block, beyond: ["type", "source"], hints: blockHints, at: "messages.content")
            if let source = block["source"] { noteSource(source, &chat) }
            return .image(try image(block["source"], "\(field).source"))
        case "document": return try document(block, field, &chat)
        case "tool_use": return try toolUse(block, field, &chat)
        case "tool_result": return try toolResult(block, field, &chat)
        case "thinking":
            chat.noteHints(block, beyond: ["type", "thinking", "signature"], at: "messages.content")
            let words = try Field.requiredText(block["thinking"], "\(field).thinking")
            return .thought(.open(words, signature: try Field.text(block["signature"], "\(field).signature") ?? ""))
        case "redacted_thinking":
            chat.noteHints(block, beyond: ["type", "data"], at: "messages.content")
            return .thought(.redacted(try Field.requiredText(block["data"], "\(field).data")))
        // Blocks of tools that run at the provider, of search results and of files it keeps.
        default: throw .untranslatable("\(field).type")
        }
    }

    /// What a block is called and where it stood, and where a cache may end.
    private static let blockHints = ["cache_control", "id", "index"]
    /// Citations of an answer before, sent back with it.
    private static let textHints = blockHints + ["citations"]

    private static func text(
        _ block: JSONView,
        _ field: String,
        _ chat: inout Chat,
        at path: String = "messages.content"
    ) throws(RequestError) -> Chat.Part {
        chat.note(block, beyond: ["type", "text"], hints: textHints, at: path)
        return .text(try Field.requiredText(block["text"], "\(field).text"))
    }

    private static func noteSource(_ source: JSONView, _ chat: inout Chat) {
        let isAddress = source["type"]?.string == "url"
        let read = isAddress ? ["type", "url"] : ["type", "media_type", "data"]
        chat.note(source, beyond: read, at: "messages.content.source")
    }

    private static func image(_ source: JSONView?, _ field: String) throws(RequestError) -> Chat.Image {
        guard let source else { throw .missing(field) }
        switch try Field.requiredText(source["type"], "\(field).type") {
        case "url": return .url(try Field.webAddress(source["url"], "\(field).url"))
        case "base64":
            let type = try Field.mediaType(source["media_type"], "\(field).media_type")
            guard type.hasPrefix("image/") else { throw .wrongValue("\(field).media_type", wanted: "an image's type") }
            return .data(
                mediaType: type,
                base64: try Field.requiredText(source["data"], "\(field).data")
            )
        default: throw .untranslatable("\(field).type")
        }
    }

    private static func document(
        _ block: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Part {
        chat.note(block, beyond: ["type", "source", "title"], hints: blockHints, at: "messages.content")
        let title = try Field.text(block["title"], "\(field).title")
        guard let source = block["source"] else { throw .missing("\(field).source") }
        noteSource(source, &chat)
        switch try Field.requiredText(source["type"], "\(field).source.type") {
        case "url": return .file(.url(try Field.webAddress(source["url"], "\(field).source.url"), name: title))
        case "base64":
            let type = try Field.mediaType(source["media_type"], "\(field).source.media_type")
            let data = try Field.requiredText(source["data"], "\(field).source.data")
            return .file(.data(mediaType: type, base64: data, name: title))
        // A document that is text is text, under its title.
        case "text":
            if let type = try Field.text(source["media_type"], "\(field).source.media_type"), type != "text/plain" {
                throw .wrongValue("\(field).source.media_type", wanted: "'text/plain'")
            }
            let words = try Field.requiredText(source["data"], "\(field).source.data")
            return .text(title.map { "\($0)\n\n\(words)" } ?? words)
        default: throw .untranslatable("\(field).source.type")
        }
    }

    private static func toolUse(
        _ block: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Part {
        chat.note(
            block,
            beyond: ["type", "id", "name", "input"],
            hints: ["cache_control", "caller"],
            at: "messages.content"
        )
        guard let input = try Field.object(block["input"], "\(field).input") else { throw .missing("\(field).input") }
        return .toolUse(
            Chat.ToolUse(
                id: try Field.requiredText(block["id"], "\(field).id"),
                name: try Field.requiredText(block["name"], "\(field).name"),
                arguments: String(decoding: input.raw, as: UTF8.self)
            )
        )
    }

    private static func toolResult(
        _ block: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Part {
        let read = ["type", "tool_use_id", "content", "is_error"]
        chat.note(block, beyond: read, hints: blockHints, at: "messages.content")
        return .toolResult(
            Chat.ToolResult(
                id: try Field.requiredText(block["tool_use_id"], "\(field).tool_use_id"),
                texts: try resultTexts(block["content"], "\(field).content", &chat),
                isError: try Field.flag(block["is_error"], "\(field).is_error") ?? false
            )
        )
    }

    /// A tool that says nothing has answered all the same.
    private static func resultTexts(
        _ value: JSONView?,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> [String] {
        guard let value, !value.isNull else { return [] }
        if let text = value.string { return [text] }
        guard value.kind == .array else { throw .wrongType(field, wanted: "a string or an array") }
        var texts: [String] = []
        for block in value.elements {
            let place = "\(field)[\(texts.count)]"
            guard try Field.requiredText(block["type"], "\(place).type") == "text" else {
                throw .untranslatable("\(place).type")
            }
            chat.note(block, beyond: ["type", "text"], hints: textHints, at: "messages.content.content")
            texts.append(try Field.requiredText(block["text"], "\(place).text"))
        }
        return texts
    }
}

extension Chat.Part {
    fileprivate var isToolResult: Bool {
        if case .toolResult = self { true } else { false }
    }
}
