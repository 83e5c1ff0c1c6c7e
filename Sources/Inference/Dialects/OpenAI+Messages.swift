import Wire

/// How do Chat Completions messages become messages of the form between dialects?
extension OpenAI {
    static func takeMessages(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        // What the assistant has begun to say, and is to go on with: so it is wherever it stands last, and nowhere else.
        var hasPrefix = false
        for element in value.elements {
            if hasPrefix { chat.note(.wish("messages.prefix")) }
            let message = try message(element, at: chat.messages.count, &chat)
            hasPrefix = message.role == .assistant && element["prefix"]?.bool == true
            chat.messages.append(message)
        }
        guard !chat.messages.isEmpty else { throw .wrongValue("messages", wanted: "at least one message") }
    }

    private static func message(
        _ value: JSONView,
        at position: Int,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Message {
        let field = "messages[\(position)]"
        guard value.kind == .object else { throw .wrongType(field, wanted: "an object") }
        let role = try role(value, field)
        chat.note(value, beyond: read(of: role), hints: ["annotations"] + thoughts, at: "messages")
        var parts: [Chat.Part]
        switch role {
        case .tool:
            let id = try Field.requiredText(value["tool_call_id"], "\(field).tool_call_id")
            parts = [.toolResult(.init(id: id, texts: try texts(value["content"], "\(field).content", &chat)))]
        case .assistant:
            parts = try content(value["content"], "\(field).content", &chat)
            if let refusal = try Field.text(value["refusal"], "\(field).refusal") { parts.append(.text(refusal)) }
            parts += try toolCalls(value["tool_calls"], "\(field).tool_calls", &chat)
            for name in ["audio", "function_call"] where value[name].map({ !$0.isNull }) ?? false {
                throw .untranslatable("\(field).\(name)")
            }
        case .system, .user:
            guard value["content"].map({ !$0.isNull }) ?? false else { throw .missing("\(field).content") }
            parts = try content(value["content"], "\(field).content", &chat)
        }
        return Chat.Message(role: role, parts: parts, position: position)
    }

    private static func role(_ value: JSONView, _ field: String) throws(RequestError) -> Chat.Role {
        switch try Field.requiredText(value["role"], "\(field).role") {
        case "system", "developer": return .system
        case "user": return .user
        case "assistant": return .assistant
        case "tool": return .tool
        case "function": throw .untranslatable("\(field).role")
        default:
            throw .wrongValue("\(field).role", wanted: "'system', 'developer', 'user', 'assistant' or 'tool'")
        }
    }

    private static func read(of role: Chat.Role) -> [String] {
        switch role {
        case .system, .user: ["role", "content"]
        case .assistant: ["role", "content", "refusal", "tool_calls", "audio", "function_call", "prefix"]
        case .tool: ["role", "content", "tool_call_id"]
        }
    }

    // MARK: Content

    private static func content(_ value: JSONView?, _ field: String, _ chat: inout Chat) throws(RequestError) -> [Chat
        .Part]
    {
        guard let value, !value.isNull else { return [] }
        if let text = value.string { return [.text(text)] }
        guard value.kind == .array else { throw .wrongType(field, wanted: "a string or an array") }
        var parts: [Chat.Part] = []
        for element in value.elements { parts.append(try part(element, "\(field)[\(parts.count)]", &chat)) }
        return parts
    }

    /// What a part is called and where it stood, and where a cache may end; in the Responses API too.
    static let partHints = ["id", "index", "prompt_cache_breakpoint"]
    /// How servers call what a model thought in an answer before.
    private static let thoughts = [reasoningField, "reasoning", "reasoning_details"]

    private static func part(_ value: JSONView, _ field: String, _ chat: inout Chat) throws(RequestError) -> Chat.Part {
        let type = try Field.requiredText(value["type"], "\(field).type")
        chat.note(value, beyond: ["type", type], hints: partHints, at: "messages.content")
        switch type {
        case "text", "refusal": return .text(try Field.requiredText(value[type], "\(field).\(type)"))
        case "image_url":
            guard let image = value["image_url"] else { throw .missing("\(field).image_url") }
            // "auto" is what a model does that was told nothing.
            let read = image["detail"]?.string == "auto" ? ["url", "detail"] : ["url"]
            chat.note(image, beyond: read, at: "messages.content.image_url")
            return .image(
                try Self.image(try Field.requiredText(image["url"], "\(field).image_url.url"), "\(field).image_url.url")
            )
        case "input_audio": return .file(try audio(value["input_audio"], "\(field).input_audio", &chat))
        case "file": return .file(try file(value["file"], "\(field).file", &chat))
        default: throw .untranslatable("\(field).type")
        }
    }

    private static func audio(
        _ value: JSONView?,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.File {
        guard let value = try Field.object(value, field) else { throw .missing(field) }
        chat.note(value, beyond: ["data", "format"], at: "messages.content.input_audio")
        let format = try Field.requiredText(value["format"], "\(field).format")
        guard let type = audioTypes.first(where: { $0.format == format })?.type else {
            throw .wrongValue("\(field).format", wanted: "'wav' or 'mp3'")
        }
        return .data(mediaType: type, base64: try Field.requiredText(value["data"], "\(field).data"), name: nil)
    }

    /// The dialect's word for a kind of sound, and the types of media that are one; the first is told elsewhere.
    static let audioTypes: [(format: String, type: String)] = [
        ("wav", "audio/wav"), ("mp3", "audio/mp3"), ("mp3", "audio/mpeg"), ("wav", "audio/x-wav"),
    ]

    /// A file itself; one that was uploaded before is known to its provider only.
    private static func file(_ value: JSONView?, _ field: String, _ chat: inout Chat) throws(RequestError) -> Chat.File
    {
        guard let value = try Field.object(value, field) else { throw .missing(field) }
        if value["file_id"].map({ !$0.isNull }) ?? false { throw .untranslatable("\(field).file_id") }
        let data = try Field.requiredText(value["file_data"], "\(field).file_data")
        let name = try Field.text(value["filename"], "\(field).filename")
        chat.note(value, beyond: ["file_data", "filename"], at: "messages.content.file")
        return try file(data, name: name, "\(field).file_data")
    }

    /// A file in base64, alone or as `data:TYPE;base64,…`.
    static func file(_ data: String, name: String?, _ field: String) throws(RequestError) -> Chat.File {
        guard data.hasPrefix("data:") else { return .data(mediaType: pdf, base64: data, name: name) }
        guard case .data(let type, let base64) = try image(data, field) else {
            throw .wrongValue(field, wanted: "'data:TYPE;base64,...'")
        }
        return .data(mediaType: type, base64: base64, name: name)
    }

    /// What a file is whose type is not told: the one kind that the dialect takes.
    private static let pdf = "application/pdf"

    /// An address of the web, or the image itself as `data:TYPE;base64,…` (RFC 2397).
    static func image(_ url: String, _ field: String) throws(RequestError) -> Chat.Image {
        if url.hasPrefix("https://") || url.hasPrefix("http://") { return .url(url) }
        let mark = ";base64,"
        let head = url.utf8.prefix { $0 != UInt8(ascii: ",") }
        guard url.hasPrefix("data:"), let type = Substring(head).split(separator: ";").first?.dropFirst("data:".count),
            Substring(head).hasSuffix(mark.dropLast()), head.endIndex < url.endIndex
        else { throw .wrongValue(field, wanted: "an http or https address, or 'data:TYPE;base64,...'") }
        return .data(mediaType: String(type), base64: String(url[url.utf8.index(after: head.endIndex)...]))
    }

    private static func texts(
        _ value: JSONView?,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> [String] {
        guard let value, !value.isNull else { throw .missing(field) }
        if let text = value.string { return [text] }
        guard value.kind == .array else { throw .wrongType(field, wanted: "a string or an array") }
        var texts: [String] = []
        for element in value.elements {
            let field = "\(field)[\(texts.count)]"
            guard try Field.requiredText(element["type"], "\(field).type") == "text" else {
                throw .untranslatable("\(field).type")
            }
            chat.note(element, beyond: ["type", "text"], hints: partHints, at: "messages.content")
            texts.append(try Field.requiredText(element["text"], "\(field).text"))
        }
        return texts
    }

    /// What else stands in a call is about an answer that was given.
    private static func toolCalls(
        _ value: JSONView?,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> [Chat.Part] {
        guard let value, !value.isNull else { return [] }
        guard value.kind == .array else { throw .wrongType(field, wanted: "an array") }
        var calls: [Chat.Part] = []
        for element in value.elements {
            let field = "\(field)[\(calls.count)]"
            guard try Field.text(element["type"], "\(field).type") ?? "function" == "function" else {
                throw .untranslatable("\(field).type")
            }
            let call = Chat.ToolUse(
                id: try Field.requiredText(element["id"], "\(field).id"),
                name: try Field.requiredText(element["function"]?["name"], "\(field).function.name"),
                arguments: try Field.requiredText(element["function"]?["arguments"], "\(field).function.arguments"),
                signature: element["extra_content"]?["google"]?["thought_signature"]?.string
            )
            calls.append(.toolUse(call))
            chat.noteHints(
                element,
                beyond: ["id", "type", "function", "index", foreignField],
                at: "messages.tool_calls"
            )
            if let function = element["function"] {
                chat.noteHints(function, beyond: ["name", "arguments"], at: "messages.tool_calls.function")
            }
        }
        return calls
    }
}
