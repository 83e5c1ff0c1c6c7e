import Wire

/// How does a request to the Messages API become the form between dialects? Only asked when the provider speaks another one.
extension Anthropic {
    /// The whole request, typed.
    /// - Throws: what is wrong with it, or what no other dialect could say.
    package static func chat(from view: RequestView) throws(RequestError) -> Chat {
        var chat = Chat(of: view)
        if let system = view.document["system"], !system.isNull { try takeSystem(system, into: &chat) }
        for member in view.document.members {
            let value = view.document.value(of: member)
            if !value.isNull { try take(view.document.name(of: member), value, into: &chat) }
        }
        return chat
    }

    private static func take(_ name: String, _ value: JSONView, into chat: inout Chat) throws(RequestError) {
        switch name {
        case "model", "stream", "system": break
        case "messages": try takeMessages(value, into: &chat)
        case "max_tokens": chat.maxTokens = try Field.tokens(value, name)
        case "tools": chat.tools = try tools(value, &chat)
        case "tool_choice": try takeChoice(value, into: &chat)
        case "stop_sequences": chat.stop = try Field.texts(value, name)
        case "temperature": chat.temperature = try Field.number(value, name, in: 0...1)
        case "top_p": chat.topP = try Field.number(value, name, in: 0...1)
        case "metadata":
            chat.user = try Field.text(value["user_id"], "metadata.user_id")
            chat.note(value, beyond: ["user_id"], at: name)
        case "output_config": try takeOutput(value, into: &chat)
        case "thinking": try takeThinking(value, into: &chat)
        default: chat.extras.append(Chat.Extra(name: name, value: JSONValue(value)))
        }
    }

    /// The bound on the answer, which this dialect does not do without.
    static func maxTokens(_ value: JSONView?) throws(RequestError) -> UInt64 {
        guard let value, !value.isNull else { throw .missing("max_tokens") }
        return try Field.tokens(value, "max_tokens")
    }

    // MARK: Tools

    /// What is said of a tool and not of how it is called.
    private static let toolHints = ["cache_control", "eager_input_streaming", "type"]

    private static func tools(_ value: JSONView, _ chat: inout Chat) throws(RequestError) -> [Chat.Tool] {
        var tools: [Chat.Tool] = []
        for element in try Field.array(value, "tools") {
            let field = "tools[\(tools.count)]"
            // Other types are tools that run at the provider.
            guard try Field.text(element["type"], "\(field).type") ?? "custom" == "custom" else {
                throw .untranslatable("\(field).type")
            }
            guard let schema = try Field.object(element["input_schema"], "\(field).input_schema") else {
                throw .missing("\(field).input_schema")
            }
            tools.append(
                Chat.Tool(
                    name: try Field.requiredText(element["name"], "\(field).name"),
                    description: try Field.text(element["description"], "\(field).description"),
                    parameters: Array(schema.raw),
                    strict: try Field.flag(element["strict"], "\(field).strict")
                )
            )
            let read = ["name", "description", "input_schema", "strict", "type"]
            chat.note(element, beyond: read, hints: toolHints, at: "tools")
        }
        return tools
    }

    private static func takeChoice(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        let field = "tool_choice"
        guard value.kind == .object else { throw .wrongType(field, wanted: "an object") }
        switch try Field.requiredText(value["type"], "\(field).type") {
        case "auto": chat.toolChoice = .auto
        case "any": chat.toolChoice = .required
        case "none": chat.toolChoice = Chat.ToolChoice.none
        case "tool": chat.toolChoice = .tool(try Field.requiredText(value["name"], "\(field).name"))
        default: throw .wrongValue("\(field).type", wanted: "'auto', 'any', 'none' or 'tool'")
        }
        chat.note(value, beyond: ["type", "name", "disable_parallel_tool_use"], at: field)
        let isOneAtATime = try Field.flag(value["disable_parallel_tool_use"], "\(field).disable_parallel_tool_use")
        chat.allowsParallelTools = isOneAtATime.map { !$0 }
    }

    // MARK: Form and effort

    private static func takeOutput(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        let field = "output_config"
        guard value.kind == .object else { throw .wrongType(field, wanted: "an object") }
        chat.effort = try Field.text(value["effort"], "\(field).effort")
        chat.note(value, beyond: ["effort", "format"], at: field)
        guard let format = try Field.object(value["format"], "\(field).format") else { return }
        guard try Field.requiredText(format["type"], "\(field).format.type") == "json_schema" else {
            throw .wrongValue("\(field).format.type", wanted: "'json_schema'")
        }
        chat.note(format, beyond: ["type", "schema"], at: "\(field).format")
        guard let schema = try Field.object(format["schema"], "\(field).format.schema") else {
            throw .missing("\(field).format.schema")
        }
        chat.responseFormat = .jsonSchema(name: nil, schema: Array(schema.raw))
    }

    private static func takeThinking(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        guard value.kind == .object else { throw .wrongType("thinking", wanted: "an object") }
        switch try Field.requiredText(value["type"], "thinking.type") {
        case "disabled": chat.thinking = .off
        case "enabled", "adaptive", "between_tools":
            // Others think before they say anything.
            if value["type"]?.string == "between_tools" { chat.note(.hint("thinking.type")) }
            chat.thinking = .on(budget: try Field.tokens(atMost: value["budget_tokens"], "thinking.budget_tokens"))
        default: throw .wrongValue("thinking.type", wanted: "'enabled', 'adaptive', 'between_tools' or 'disabled'")
        }
        chat.note(value, beyond: ["type", "budget_tokens"], hints: ["display"], at: "thinking")
    }
}
