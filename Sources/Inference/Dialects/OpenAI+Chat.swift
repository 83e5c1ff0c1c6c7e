import Wire

/// How does a Chat Completions request become the form between dialects? Only asked when the provider speaks another one.
extension OpenAI {
    /// The whole request, typed.
    /// - Throws: what is wrong with it, or what no other dialect could say.
    package static func chat(from view: RequestView) throws(RequestError) -> Chat {
        var chat = Chat(of: view)
        let most = ["max_completion_tokens", "max_tokens"].compactMap { view.document[$0] }
        // The newer word counts.
        if most.count == 2, !most.contains(where: \.isNull) { chat.note(.hint("max_tokens")) }
        for member in view.document.members {
            let value = view.document.value(of: member)
            if !value.isNull { try take(view.document.name(of: member), value, into: &chat) }
        }
        return chat
    }

    private static func take(_ name: String, _ value: JSONView, into chat: inout Chat) throws(RequestError) {
        switch name {
        case "model", "stream": break
        case "stream_options": chat.note(value, beyond: ["include_usage"], hints: ["include_obfuscation"], at: name)
        case "messages": try takeMessages(value, into: &chat)
        case "tools": chat.tools = try tools(value, &chat)
        case "tool_choice": chat.toolChoice = try toolChoice(value, &chat)
        case "parallel_tool_calls": chat.allowsParallelTools = try Field.flag(value, name)
        case "max_completion_tokens": chat.maxTokens = try Field.tokens(value, name)
        case "max_tokens": if chat.maxTokens == nil { chat.maxTokens = try Field.tokens(value, name) }
        case "temperature": chat.temperature = try Field.number(value, name, in: 0...2)
        case "top_p": chat.topP = try Field.number(value, name, in: 0...1)
        case "stop": chat.stop = try stop(value)
        case "response_format": chat.responseFormat = try responseFormat(value, &chat)
        case "reasoning_effort": chat.effort = try Field.text(value, name)
        case "user": chat.user = try Field.text(value, name)
        case "functions", "function_call": throw .untranslatable(name)
        default: chat.extras.append(Chat.Extra(name: name, value: JSONValue(value), isOpenAIs: true))
        }
    }

    // MARK: Tools

    private static func tools(_ value: JSONView, _ chat: inout Chat) throws(RequestError) -> [Chat.Tool] {
        guard value.kind == .array else { throw .wrongType("tools", wanted: "an array") }
        var tools: [Chat.Tool] = []
        for element in value.elements {
            let field = "tools[\(tools.count)]"
            guard try Field.requiredText(element["type"], "\(field).type") == "function" else {
                throw .untranslatable("\(field).type")
            }
            guard let function = element["function"] else { throw .missing("\(field).function") }
            tools.append(try tool(function, "\(field).function"))
            chat.note(element, beyond: ["type", "function"], at: "tools")
            chat.note(function, beyond: ["name", "description", "parameters", "strict"], at: "tools.function")
        }
        return tools
    }

    private static func tool(_ function: JSONView, _ field: String) throws(RequestError) -> Chat.Tool {
        let parameters = function["parameters"].flatMap { $0.isNull ? nil : $0 }
        if let parameters, parameters.kind != .object { throw .wrongType("\(field).parameters", wanted: "an object") }
        return Chat.Tool(
            name: try Field.requiredText(function["name"], "\(field).name"),
            description: try Field.text(function["description"], "\(field).description"),
            parameters: parameters.map { Array($0.raw) },
            strict: try Field.flag(function["strict"], "\(field).strict")
        )
    }

    private static func toolChoice(_ value: JSONView, _ chat: inout Chat) throws(RequestError) -> Chat.ToolChoice {
        let field = "tool_choice"
        if let word = value.string {
            switch word {
            case "auto": return .auto
            case "none": return .none
            case "required": return .required
            default: throw .wrongValue(field, wanted: "'none', 'auto', 'required' or an object")
            }
        }
        guard value.kind == .object else { throw .wrongType(field, wanted: "a string or an object") }
        guard try Field.requiredText(value["type"], "\(field).type") == "function" else {
            throw .untranslatable("\(field).type")
        }
        chat.note(value, beyond: ["type", "function"], at: field)
        if let function = value["function"] { chat.note(function, beyond: ["name"], at: "\(field).function") }
        return .tool(try Field.requiredText(value["function"]?["name"], "\(field).function.name"))
    }

    // MARK: Limits and form

    private static func stop(_ value: JSONView) throws(RequestError) -> [String] {
        if let text = value.string { return [text] }
        guard value.kind == .array else { throw .wrongType("stop", wanted: "a string or an array of strings") }
        return try Field.texts(value, "stop")
    }

    private static func responseFormat(_ value: JSONView, _ chat: inout Chat) throws(RequestError)
        -> Chat.ResponseFormat
    {
        let field = "response_format"
        chat.note(value, beyond: ["type", "json_schema"], at: field)
        switch try Field.requiredText(value["type"], "\(field).type") {
        case "text": return .text
        case "json_object": return .jsonObject
        case "json_schema":
            guard let format = value["json_schema"] else { throw .missing("\(field).json_schema") }
            chat.isFormStrict = try Field.flag(format["strict"], "\(field).json_schema.strict")
            let told = format["schema"]?.kind == .object ? ["description"] : []
            chat.note(format, beyond: ["name", "schema", "strict"] + told, at: "\(field).json_schema")
            return .jsonSchema(
                name: try Field.requiredText(format["name"], "\(field).json_schema.name"),
                schema: format["schema"].flatMap { $0.kind == .object ? Array($0.raw) : nil }
                    .map { chat.schema($0, described: format["description"], at: "\(field).json_schema") }
            )
        default: throw .wrongValue("\(field).type", wanted: "'text', 'json_object' or 'json_schema'")
        }
    }
}
