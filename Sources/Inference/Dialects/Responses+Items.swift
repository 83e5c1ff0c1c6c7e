import Wire

/// How do items of the Responses API become messages of the form between dialects? What the assistant said, thought and called in one
/// turn are several items, and one message.
extension Responses {
    static func takeInput(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        if let text = value.string {
            return chat.messages.append(Chat.Message(role: .user, parts: [.text(text)], position: 0))
        }
        var position = 0
        for item in try Field.array(value, "input") {
            try take(item, at: position, into: &chat)
            position += 1
        }
        guard position > 0 else { throw .wrongValue("input", wanted: "at least one item") }
    }

    private static func take(_ item: JSONView, at position: Int, into chat: inout Chat) throws(RequestError) {
        let field = "input[\(position)]"
        guard item.kind == .object else { throw .wrongType(field, wanted: "an object") }
        let type = try Field.text(item["type"], "\(field).type") ?? "message"
        switch type {
        case "message": try takeMessage(item, field, at: position, into: &chat)
        case "function_call": append(.assistant, [try call(item, at: position, &chat)], position, &chat)
        case "function_call_output": append(.tool, [try result(item, field, &chat)], position, &chat)
        case "reasoning": append(.assistant, try thought(item, field, &chat), position, &chat)
        default: throw .unknownType(type, field)
        }
    }

    /// A turn of the assistant is one message; each result of a tool is one of its own.
    private static func append(_ role: Chat.Role, _ parts: [Chat.Part], _ position: Int, _ chat: inout Chat) {
        guard !parts.isEmpty else { return }
        if role == .assistant, chat.messages.last?.role == .assistant {
            chat.messages[chat.messages.count - 1].parts += parts
        } else {
            chat.messages.append(Chat.Message(role: role, parts: parts, position: position))
        }
    }

    /// What names an item at a server that keeps it, and says how far it has come, tells nobody else anything.
    private static let bookkeeping = ["type", "id", "status"]

    // MARK: Messages

    private static func takeMessage(
        _ item: JSONView,
        _ field: String,
        at position: Int,
        into chat: inout Chat
    ) throws(RequestError) {
        chat.note(item, beyond: bookkeeping + ["role", "content"], hints: ["phase"], at: "input")
        let role = try role(item, field)
        guard let content = item["content"], !content.isNull else { throw .missing("\(field).content") }
        append(role, try parts(content, "\(field).content", &chat), position, &chat)
    }

    private static func role(_ item: JSONView, _ field: String) throws(RequestError) -> Chat.Role {
        switch try Field.requiredText(item["role"], "\(field).role") {
        case "system", "developer": return .system
        case "user": return .user
        case "assistant": return .assistant
        default: throw .wrongValue("\(field).role", wanted: "'system', 'developer', 'user' or 'assistant'")
        }
    }

    private static func parts(
        _ content: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> [Chat.Part] {
        if let text = content.string { return [.text(text)] }
        guard content.kind == .array else { throw .wrongType(field, wanted: "a string or an array") }
        var parts: [Chat.Part] = []
        for element in content.elements { parts.append(try part(element, "\(field)[\(parts.count)]", &chat)) }
        return parts
    }

    private static func part(_ value: JSONView, _ field: String, _ chat: inout Chat) throws(RequestError) -> Chat.Part {
        let type = try Field.requiredText(value["type"], "\(field).type")
        switch type {
        case "input_text", "output_text":
            let read = ["type", "text"] + marginalia.filter { isEmpty(value[$0]) }
            chat.note(value, beyond: read, hints: marginalia + OpenAI.partHints, at: "input.content")
            return .text(try Field.requiredText(value["text"], "\(field).text"))
        case "refusal":
            chat.note(value, beyond: ["type", "refusal"], at: "input.content")
            return .text(try Field.requiredText(value["refusal"], "\(field).refusal"))
        case "input_image": return .image(try image(value, field, &chat))
        case "input_file": return .file(try file(value, field, &chat))
        default: throw .unknownType(type, field)
        }
    }

    /// Lists beside the text of an answer before, empty as a rule.
    private static let marginalia = ["annotations", "logprobs"]

    private static func isEmpty(_ list: JSONView?) -> Bool {
        guard let list, list.kind == .array else { return false }
        return !list.elements.contains { _ in true }
    }

    /// An image that was uploaded before is known to its provider only.
    private static func image(
        _ value: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Image {
        if value["file_id"].map({ !$0.isNull }) ?? false { throw .stateful("\(field).file_id") }
        // "auto" is what a model does that was told nothing.
        let read = ["type", "image_url"] + (value["detail"]?.string == "auto" ? ["detail"] : [])
        chat.note(value, beyond: read, hints: OpenAI.partHints, at: "input.content")
        let url = try Field.requiredText(value["image_url"], "\(field).image_url")
        return try OpenAI.image(url, "\(field).image_url")
    }

    private static func file(_ value: JSONView, _ field: String, _ chat: inout Chat) throws(RequestError) -> Chat.File {
        if value["file_id"].map({ !$0.isNull }) ?? false { throw .stateful("\(field).file_id") }
        let read = ["type", "file_data", "file_url", "filename"]
        chat.note(value, beyond: read, hints: OpenAI.partHints, at: "input.content")
        let name = try Field.text(value["filename"], "\(field).filename")
        if let url = value["file_url"], !url.isNull {
            if let data = value["file_data"], !data.isNull {
                throw .wrongValue(field, wanted: "one of 'file_data' and 'file_url'")
            }
            return .url(try Field.webAddress(url, "\(field).file_url"), name: name)
        }
        let data = try Field.requiredText(value["file_data"], "\(field).file_data")
        return try OpenAI.file(data, name: name, "\(field).file_data")
    }

    // MARK: Calls, results and thoughts

    private static func call(
        _ item: JSONView,
        at position: Int,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Part {
        let field = "input[\(position)]"
        let read = bookkeeping + ["call_id", "name", "arguments", OpenAI.foreignField]
        chat.note(item, beyond: read, at: "input")
        var call = Chat.ToolUse(
            id: try Field.requiredText(item["call_id"], "\(field).call_id"),
            name: try Field.requiredText(item["name"], "\(field).name"),
            arguments: try Field.requiredText(item["arguments"], "\(field).arguments"),
            signature: item[OpenAI.foreignField]?["google"]?["thought_signature"]?.string
        )
        call.position = position
        return .toolUse(call)
    }

    private static func result(
        _ item: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> Chat.Part {
        chat.note(item, beyond: bookkeeping + ["call_id", "output"], at: "input")
        let id = try Field.requiredText(item["call_id"], "\(field).call_id")
        guard let output = item["output"], !output.isNull else { throw .missing("\(field).output") }
        if let text = output.string { return .toolResult(.init(id: id, texts: [text])) }
        var texts: [String] = []
        for element in try Field.array(output, "\(field).output") {
            let field = "\(field).output[\(texts.count)]"
            let type = try Field.requiredText(element["type"], "\(field).type")
            guard type == "input_text" || type == "output_text" else { throw .unknownType(type, field) }
            let read = ["type", "text"] + marginalia.filter { isEmpty(element[$0]) }
            chat.note(element, beyond: read, hints: marginalia + OpenAI.partHints, at: "input.output")
            texts.append(try Field.requiredText(element["text"], "\(field).text"))
        }
        return .toolResult(.init(id: id, texts: texts))
    }

    /// What the provider has sealed is proof of nothing elsewhere; what stands there in words goes to those who read words.
    private static func thought(
        _ item: JSONView,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> [Chat.Part] {
        let read = bookkeeping + ["summary", "content"]
        chat.noteHints(item, beyond: read, at: "input")
        let content = try words(of: item["content"], "content", field, &chat)
        let summary = try words(of: item["summary"], "summary", field, &chat)
        // It was told whole, and then in short.
        if !content.isEmpty, !summary.isEmpty, content != summary { chat.note(.hint("input.summary")) }
        let said = content.isEmpty ? summary : content
        return said.isEmpty ? [] : [.thought(.open(said.joined(separator: "\n\n"), signature: ""))]
    }

    private static func words(
        of list: JSONView?,
        _ name: String,
        _ field: String,
        _ chat: inout Chat
    ) throws(RequestError) -> [String] {
        guard let list, !list.isNull else { return [] }
        var words: [String] = []
        for element in try Field.array(list, "\(field).\(name)") {
            chat.noteHints(element, beyond: ["type", "text"], at: "input.\(name)")
            words.append(try Field.requiredText(element["text"], "\(field).\(name)[\(words.count)].text"))
        }
        return words
    }
}
