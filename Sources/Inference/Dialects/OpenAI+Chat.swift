import Wire

/// How does a Chat Completions request become the form between dialects? Only asked when the provider speaks another one.
extension OpenAI {
    /// The whole request, typed.
    /// - Throws: what is wrong with it, or what no other dialect could say.
    package static func chat(from view: RequestView) throws(RequestError) -> Chat {
        var chat = Chat(model: view.model, messages: [])
        chat.stream = view.stream
        chat.includeUsage = view.includeUsage
        for member in view.document.members {
            let value = view.document.value(of: member)
            if !value.isNull { try take(view.document.name(of: member), value, into: &chat) }
        }
        return chat
    }

    private static func take(_ name: String, _ value: JSONView, into chat: inout Chat) throws(RequestError) {
        switch name {
        case "model", "stream": break
        case "stream_options": note(value, beyond: ["include_usage"], at: name, in: &chat)
        case "messages": try takeMessages(value, into: &chat)
        case "tools": chat.tools = try tools(value, &chat)
        case "tool_choice": chat.toolChoice = try toolChoice(value)
        case "parallel_tool_calls": chat.allowsParallelTools = try flag(value, name)
        case "max_completion_tokens": chat.maxTokens = try tokens(value, name)
        case "max_tokens": if chat.maxTokens == nil { chat.maxTokens = try tokens(value, name) }
        case "temperature": chat.temperature = try number(value, name, in: 0...2)
        case "top_p": chat.topP = try number(value, name, in: 0...1)
        case "stop": chat.stop = try stop(value)
        case "response_format": chat.responseFormat = try responseFormat(value, &chat)
        case "reasoning_effort": chat.effort = try text(value, name)
        case "user": chat.user = try text(value, name)
        case "functions", "function_call": throw .untranslatable(name)
        default: chat.extras.append(Chat.Extra(name: name, value: JSONValue(value)))
        }
    }

    /// Notes the members of an object that are not read, so that nothing is dropped in silence.
    static func note(_ object: JSONView, beyond read: [String], at path: String, in chat: inout Chat) {
        for member in object.members where !member.value.isNull {
            let name = member.name
            guard !read.contains(name) else { continue }
            let field = "\(path).\(name)"
            if !chat.uncarried.contains(field) { chat.uncarried.append(field) }
        }
    }

    // MARK: Tools

    private static func tools(_ value: JSONView, _ chat: inout Chat) throws(RequestError) -> [Chat.Tool] {
        guard value.kind == .array else { throw .wrongType("tools", wanted: "an array") }
        var tools: [Chat.Tool] = []
        for element in value.elements {
            let field = "tools[\(tools.count)]"
            guard try requiredText(element["type"], "\(field).type") == "function" else {
                throw .untranslatable("\(field).type")
            }
            guard let function = element["function"] else { throw .missing("\(field).function") }
            tools.append(try tool(function, "\(field).function"))
            note(element, beyond: ["type", "function"], at: "tools", in: &chat)
            note(function, beyond: ["name", "description", "parameters", "strict"], at: "tools.function", in: &chat)
        }
        return tools
    }

    private static func tool(_ function: JSONView, _ field: String) throws(RequestError) -> Chat.Tool {
        let parameters = function["parameters"].flatMap { $0.isNull ? nil : $0 }
        if let parameters, parameters.kind != .object { throw .wrongType("\(field).parameters", wanted: "an object") }
        return Chat.Tool(
            name: try requiredText(function["name"], "\(field).name"),
            description: try text(function["description"], "\(field).description"),
            parameters: parameters.map { Array($0.raw) },
            strict: try flag(function["strict"], "\(field).strict")
        )
    }

    private static func toolChoice(_ value: JSONView) throws(RequestError) -> Chat.ToolChoice {
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
        guard try requiredText(value["type"], "\(field).type") == "function" else {
            throw .untranslatable("\(field).type")
        }
        return .tool(try requiredText(value["function"]?["name"], "\(field).function.name"))
    }

    // MARK: Limits and form

    private static func tokens(_ value: JSONView, _ field: String) throws(RequestError) -> UInt64 {
        guard let count = value.unsigned, count > 0 else { throw .wrongValue(field, wanted: "a whole number above 0") }
        return count
    }

    private static func number(
        _ value: JSONView,
        _ field: String,
        in range: ClosedRange<Double>
    ) throws(RequestError) -> String {
        guard let text = value.number, let number = value.double else { throw .wrongType(field, wanted: "a number") }
        guard range.contains(number) else {
            throw .wrongValue(field, wanted: "a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
        }
        return text
    }

    private static func stop(_ value: JSONView) throws(RequestError) -> [String] {
        if let text = value.string { return [text] }
        guard value.kind == .array else { throw .wrongType("stop", wanted: "a string or an array of strings") }
        var stop: [String] = []
        for element in value.elements { stop.append(try requiredText(element, "stop[\(stop.count)]")) }
        return stop
    }

    private static func responseFormat(_ value: JSONView, _ chat: inout Chat) throws(RequestError)
        -> Chat.ResponseFormat
    {
        let field = "response_format"
        switch try requiredText(value["type"], "\(field).type") {
        case "text": return .text
        case "json_object": return .jsonObject
        case "json_schema":
            guard let format = value["json_schema"] else { throw .missing("\(field).json_schema") }
            // `strict` is what every provider with schemas does anyway.
            note(format, beyond: ["name", "schema", "strict"], at: "\(field).json_schema", in: &chat)
            return .jsonSchema(
                name: try requiredText(format["name"], "\(field).json_schema.name"),
                schema: format["schema"].flatMap { $0.kind == .object ? Array($0.raw) : nil }
            )
        default: throw .wrongValue("\(field).type", wanted: "'text', 'json_object' or 'json_schema'")
        }
    }
}
