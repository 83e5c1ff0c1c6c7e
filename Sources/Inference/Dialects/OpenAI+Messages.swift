import Wire

/// How do Chat Completions messages become messages of the form between dialects?
extension OpenAI {
    static func takeMessages(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        for element in value.elements {
            let message = try message(element, at: chat.messages.count, &chat)
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
        note(value, beyond: read(of: role), at: "messages", in: &chat)
        var parts: [Chat.Part]
        switch role {
        case .tool:
            let id = try requiredText(value["tool_call_id"], "\(field).tool_call_id")
            parts = [.toolResult(.init(id: id, texts: try texts(value["content"], "\(field).content")))]
        case .assistant:
            parts = try content(value["content"], "\(field).content", &chat)
            if let refusal = try text(value["refusal"], "\(field).refusal") { parts.append(.text(refusal)) }
            parts += try toolCalls(value["tool_calls"], "\(field).tool_calls")
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
        switch try requiredText(value["role"], "\(field).role") {
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
        case .assistant: ["role", "content", "refusal", "tool_calls", "audio", "function_call"]
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

    private static func part(_ value: JSONView, _ field: String, _ chat: inout Chat) throws(RequestError) -> Chat.Part {
        let type = try requiredText(value["type"], "\(field).type")
        note(value, beyond: ["type", type], at: "messages.content", in: &chat)
        switch type {
        case "text", "refusal": return .text(try requiredText(value[type], "\(field).\(type)"))
        case "image_url":
            guard let image = value["image_url"] else { throw .missing("\(field).image_url") }
            // "auto" is what a model does that was told nothing.
            let read = image["detail"]?.string == "auto" ? ["url", "detail"] : ["url"]
            note(image, beyond: read, at: "messages.content.image_url", in: &chat)
            return .image(
                try Self.image(try requiredText(image["url"], "\(field).image_url.url"), "\(field).image_url.url")
            )
        default: throw .untranslatable("\(field).type")
        }
    }

    /// An address of the web, or the image itself as `data:TYPE;base64,…` (RFC 2397).
    private static func image(_ url: String, _ field: String) throws(RequestError) -> Chat.Image {
        if url.hasPrefix("https://") || url.hasPrefix("http://") { return .url(url) }
        let mark = ";base64,"
        let head = url.utf8.prefix { $0 != UInt8(ascii: ",") }
        guard url.hasPrefix("data:"), let type = Substring(head).split(separator: ";").first?.dropFirst("data:".count),
            Substring(head).hasSuffix(mark.dropLast()), head.endIndex < url.endIndex
        else { throw .wrongValue(field, wanted: "an http or https address, or 'data:TYPE;base64,...'") }
        return .data(mediaType: String(type), base64: String(url[url.utf8.index(after: head.endIndex)...]))
    }

    private static func texts(_ value: JSONView?, _ field: String) throws(RequestError) -> [String] {
        guard let value, !value.isNull else { throw .missing(field) }
        if let text = value.string { return [text] }
        guard value.kind == .array else { throw .wrongType(field, wanted: "a string or an array") }
        var texts: [String] = []
        for element in value.elements {
            let field = "\(field)[\(texts.count)]"
            guard try requiredText(element["type"], "\(field).type") == "text" else {
                throw .untranslatable("\(field).type")
            }
            texts.append(try requiredText(element["text"], "\(field).text"))
        }
        return texts
    }

    private static func toolCalls(_ value: JSONView?, _ field: String) throws(RequestError) -> [Chat.Part] {
        guard let value, !value.isNull else { return [] }
        guard value.kind == .array else { throw .wrongType(field, wanted: "an array") }
        var calls: [Chat.Part] = []
        for element in value.elements {
            let field = "\(field)[\(calls.count)]"
            guard try text(element["type"], "\(field).type") ?? "function" == "function" else {
                throw .untranslatable("\(field).type")
            }
            let call = Chat.ToolUse(
                id: try requiredText(element["id"], "\(field).id"),
                name: try requiredText(element["function"]?["name"], "\(field).function.name"),
                arguments: try requiredText(element["function"]?["arguments"], "\(field).function.arguments")
            )
            calls.append(.toolUse(call))
        }
        return calls
    }
}
