import Wire

/// How does a request of the Responses API become the form between dialects?
extension Responses {
    /// The whole request, typed.
    /// - Throws: what is wrong with it, or what no other dialect could say.
    package static func chat(from view: RequestView) throws(RequestError) -> Chat {
        var chat = Chat(of: view)
        if let text = try Field.text(view.document["instructions"], "instructions"), !text.isEmpty {
            chat.messages.append(Chat.Message(role: .system, parts: [.text(text)], position: 0))
        }
        for member in view.document.members {
            let value = view.document.value(of: member)
            if !value.isNull { try take(view.document.name(of: member), value, into: &chat) }
        }
        return chat
    }

    private static func take(_ name: String, _ value: JSONView, into chat: inout Chat) throws(RequestError) {
        switch name {
        case "model", "stream", "instructions": break
        case "input": try takeInput(value, into: &chat)
        case "previous_response_id", "conversation", "prompt": throw .stateful(name)
        case "store", "background": if try Field.flag(value, name) == true { throw .stateful(name) }
        case "tools": chat.tools = try tools(value, &chat)
        case "tool_choice": chat.toolChoice = try toolChoice(value, &chat)
        case "parallel_tool_calls": chat.allowsParallelTools = try Field.flag(value, name)
        case "max_output_tokens": chat.maxTokens = try Field.tokens(value, name)
        case "temperature": chat.temperature = try Field.number(value, name, in: 0...2)
        case "top_p": chat.topP = try Field.number(value, name, in: 0...1)
        case "text": try takeForm(value, into: &chat)
        case "reasoning": try takeReasoning(value, into: &chat)
        case "user": chat.user = try Field.text(value, name)
        case "include": try takeInclude(value, into: &chat)
        case "stream_options": chat.note(value, beyond: [], hints: ["include_obfuscation"], at: name)
        // Without it a conversation that is too long is refused, as everywhere.
        case "truncation": if value.string != "disabled" { chat.note(.wish(name)) }
        // It bounds calls of the provider's own tools, of which there are none.
        case "max_tool_calls": chat.note(.hint(name))
        case "top_logprobs": if value.unsigned != 0 { throw .untranslatable(name) }
        default: chat.extras.append(Chat.Extra(name: name, value: JSONValue(value), isOpenAIs: true))
        }
    }

    // MARK: Tools

    private static func tools(_ value: JSONView, _ chat: inout Chat) throws(RequestError) -> [Chat.Tool] {
        var tools: [Chat.Tool] = []
        for element in try Field.array(value, "tools") {
            let field = "tools[\(tools.count)]"
            let type = try Field.requiredText(element["type"], "\(field).type")
            // Others run at the provider.
            guard type == "function" else { throw .unknownType(type, field) }
            let parameters = try Field.object(element["parameters"], "\(field).parameters")
            tools.append(
                Chat.Tool(
                    name: try Field.requiredText(element["name"], "\(field).name"),
                    description: try Field.text(element["description"], "\(field).description"),
                    parameters: parameters.map { Array($0.raw) },
                    strict: try Field.flag(element["strict"], "\(field).strict")
                )
            )
            chat.note(element, beyond: ["type", "name", "description", "parameters", "strict"], at: "tools")
        }
        return tools
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
        let type = try Field.requiredText(value["type"], "\(field).type")
        guard type == "function" else { throw .unknownType(type, field) }
        chat.note(value, beyond: ["type", "name"], at: field)
        return .tool(try Field.requiredText(value["name"], "\(field).name"))
    }

    // MARK: Form, effort and what else is told

    private static func takeForm(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        guard value.kind == .object else { throw .wrongType("text", wanted: "an object") }
        chat.note(value, beyond: ["format", "verbosity"], at: "text")
        if let word = try Field.text(value["verbosity"], "text.verbosity") {
            let verbosity = Chat.Extra(
                name: "verbosity",
                value: .string(word),
                field: "text.verbosity",
                isOpenAIs: true
            )
            chat.extras.append(verbosity)
        }
        let field = "text.format"
        guard let format = try Field.object(value["format"], field) else { return }
        chat.note(format, beyond: ["type", "name", "schema", "strict", "description"], at: field)
        switch try Field.requiredText(format["type"], "\(field).type") {
        case "text": chat.responseFormat = .text
        case "json_object": chat.responseFormat = .jsonObject
        case "json_schema":
            chat.isFormStrict = try Field.flag(format["strict"], "\(field).strict")
            guard let schema = try Field.object(format["schema"], "\(field).schema") else {
                throw .missing("\(field).schema")
            }
            let name = try Field.requiredText(format["name"], "\(field).name")
            chat.responseFormat = .jsonSchema(
                name: name,
                schema: chat.schema(Array(schema.raw), described: format["description"], at: field)
            )
        default: throw .wrongValue("\(field).type", wanted: "'text', 'json_object' or 'json_schema'")
        }
    }

    private static func takeReasoning(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        guard value.kind == .object else { throw .wrongType("reasoning", wanted: "an object") }
        chat.effort = try Field.text(value["effort"], "reasoning.effort")
        // Thoughts are told as far as their provider tells them, and in its words.
        chat.note(value, beyond: ["effort"], hints: ["summary", "generate_summary"], at: "reasoning")
    }

    /// What shall stand in the answer besides.
    private static func takeInclude(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        for word in try Field.texts(value, "include") {
            // No other provider seals what its models think; there is nothing to be brought back.
            guard word == "reasoning.encrypted_content" else { throw .unknownType(word, "include") }
            chat.note(.hint("include"))
        }
    }
}
