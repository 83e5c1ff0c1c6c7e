import Wire

/// How does a request to Gemini's API become the form between dialects? Only asked when the provider speaks another one. The API takes
/// each name in two spellings, `inlineData` and `inline_data`, and so does this.
extension Gemini {
    /// The whole request, typed.
    /// - Throws: what is wrong with it, or what no other dialect could say.
    package static func chat(from view: RequestView) throws(RequestError) -> Chat {
        var chat = Chat(of: view)
        // Instructions stand before the conversation, wherever the client has them.
        if let system = view.document.either("systemInstruction"), !system.isNull {
            try takeSystem(system, into: &chat)
        }
        for member in view.document.members {
            let value = view.document.value(of: member)
            if !value.isNull { try take(camel(view.document.name(of: member)), value, into: &chat) }
        }
        return chat
    }

    private static func take(_ name: String, _ value: JSONView, into chat: inout Chat) throws(RequestError) {
        switch name {
        // The model is the address's to name.
        case "model", "systemInstruction": break
        case "contents": try takeContents(value, into: &chat)
        case "tools": try takeTools(value, into: &chat)
        case "toolConfig": try takeCalling(value, into: &chat)
        case "generationConfig": try takeConfiguration(value, into: &chat)
        // No check is asked for: nobody else has one that could be set, though some have checks.
        case "safetySettings": chat.note(isWithoutChecks(value) ? .hint(name) : .wish(name))
        // What was said before stands at its provider.
        case "cachedContent": throw .untranslatable(name)
        case "labels", "serviceTier", "store": chat.note(.hint(name))
        default: chat.note(.wish(name))
        }
    }

    /// Whether no check is asked for.
    private static func isWithoutChecks(_ settings: JSONView) -> Bool {
        settings.elements.allSatisfy { ["BLOCK_NONE", "OFF"].contains($0["threshold"]?.string ?? "") }
    }

    // MARK: How it is answered

    private static func takeConfiguration(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        guard value.kind == .object else { throw .wrongType("generationConfig", wanted: "an object") }
        for member in value.members where !member.value.isNull {
            let name = camel(member.name)
            try takeSetting(name, member.value, "generationConfig.\(name)", into: &chat)
        }
        try takeForm(value, into: &chat)
    }

    /// What other dialects have by another name.
    private static let others = [
        "frequencyPenalty": "frequency_penalty", "presencePenalty": "presence_penalty", "seed": "seed",
        "topK": "top_k",
    ]

    private static func takeSetting(
        _ name: String,
        _ value: JSONView,
        _ field: String,
        into chat: inout Chat
    ) throws(RequestError) {
        switch name {
        case "responseMimeType", "responseSchema", "responseJsonSchema": break
        // The API's other word for the same.
        case "_responseJsonSchema": break
        case "maxOutputTokens": chat.maxTokens = try Field.tokens(value, field)
        case "temperature": chat.temperature = try Field.number(value, field, in: 0...2)
        case "topP": chat.topP = try Field.number(value, field, in: 0...1)
        case "stopSequences": chat.stop = try Field.texts(value, field)
        case "thinkingConfig": try takeThinking(value, field, into: &chat)
        case "candidateCount": if value.unsigned != 1 { throw .untranslatable(field) }
        case "responseModalities":
            let words = try Field.texts(value, field)
            if !words.allSatisfy({ $0.uppercased() == "TEXT" }) { throw .untranslatable(field) }
        case "responseLogprobs": if try Field.flag(value, field) == true { throw .untranslatable(field) }
        case "logprobs", "speechConfig", "imageConfig": throw .untranslatable(field)
        default:
            guard let other = others[name] else { return chat.note(.wish(field)) }
            chat.extras.append(Chat.Extra(name: other, value: JSONValue(value), field: field))
        }
    }

    private static func takeThinking(
        _ value: JSONView,
        _ field: String,
        into chat: inout Chat
    ) throws(RequestError) {
        guard value.kind == .object else { throw .wrongType(field, wanted: "an object") }
        note(value, beyond: ["includeThoughts", "thinkingBudget", "thinkingLevel"], at: field, in: &chat)
        if let level = try Field.text(value.either("thinkingLevel"), "\(field).thinkingLevel"),
            !level.hasSuffix("_UNSPECIFIED")
        {
            chat.effort = level.lowercased()
        }
        chat.showsThoughts = try Field.flag(value.either("includeThoughts"), "\(field).includeThoughts") ?? false
        guard let budget = value.either("thinkingBudget"), !budget.isNull else { return }
        // As the model likes.
        if budget.number == "-1" {
            chat.thinking = .on(budget: nil)
            return
        }
        guard let tokens = budget.unsigned else {
            throw .wrongValue("\(field).thinkingBudget", wanted: "a whole number, or -1")
        }
        chat.thinking = tokens == 0 ? .off : .on(budget: tokens)
        if chat.effort == nil { chat.effort = effort(of: tokens) }
    }

    /// The reverse of what the provider's gate for OpenAI's clients does.
    private static func effort(of budget: UInt64) -> String {
        switch budget {
        case 0: "none"
        case ...1024: "low"
        case ...8192: "medium"
        default: "high"
        }
    }

    private static func takeForm(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        let place = "generationConfig"
        let type = try Field.text(value.either("responseMimeType"), "\(place).responseMimeType")
        let typed = try Field.object(value.either("responseSchema"), "\(place).responseSchema")
        let other = value["_responseJsonSchema"] ?? value["_response_json_schema"]
        let plain = try Field.object(value.either("responseJsonSchema") ?? other, "\(place).responseJsonSchema")
        switch type {
        case "text/plain", nil:
            let name = value.either("responseJsonSchema") == nil ? "_responseJsonSchema" : "responseJsonSchema"
            for (name, schema) in [("responseSchema", typed), (name, plain)] where schema != nil {
                throw .wrongValue("\(place).\(name)", wanted: "'application/json' in 'responseMimeType' beside it")
            }
            return
        case "application/json": break
        default: throw .untranslatable("\(place).responseMimeType")
        }
        if let schema = plain {
            chat.responseFormat = .jsonSchema(name: nil, schema: Array(schema.raw))
        } else if let schema = typed {
            noteExamples(in: schema, at: "\(place).responseSchema", &chat)
            chat.responseFormat = .jsonSchema(name: nil, schema: jsonSchema(schema))
        } else {
            chat.responseFormat = .jsonObject
        }
    }

    // MARK: Tools

    private static func takeTools(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        var place = 0
        for element in try Field.array(value, "tools") {
            let field = "tools[\(place)]"
            place += 1
            for member in element.members where !member.value.isNull {
                // Others run at the provider.
                guard camel(member.name) == "functionDeclarations" else {
                    throw .untranslatable("\(field).\(camel(member.name))")
                }
                for declaration in try Field.array(member.value, "\(field).functionDeclarations") {
                    chat.tools.append(try tool(declaration, "\(field).functionDeclarations", &chat))
                }
            }
        }
    }

    private static func tool(_ value: JSONView, _ field: String, _ chat: inout Chat) throws(RequestError) -> Chat.Tool {
        let read = ["name", "description", "parameters", "parametersJsonSchema", "behavior"]
        note(
            value,
            beyond: read,
            hints: ["response", "responseJsonSchema"],
            at: "tools.functionDeclarations",
            in: &chat
        )
        if let behaviour = value["behavior"]?.string, behaviour != "BLOCKING", behaviour != "UNSPECIFIED" {
            throw .untranslatable("\(field).behavior")
        }
        let typed = try Field.object(value["parameters"], "\(field).parameters")
        let plain = try Field.object(value.either("parametersJsonSchema"), "\(field).parametersJsonSchema")
        if let typed, plain == nil { noteExamples(in: typed, at: "tools.functionDeclarations.parameters", &chat) }
        return Chat.Tool(
            name: try Field.requiredText(value["name"], "\(field).name"),
            description: try Field.text(value["description"], "\(field).description"),
            parameters: plain.map { Array($0.raw) } ?? typed.map(jsonSchema)
        )
    }

    private static func takeCalling(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        let field = "toolConfig.functionCallingConfig"
        note(value, beyond: ["functionCallingConfig"], at: "toolConfig", in: &chat)
        guard let calling = try Field.object(value.either("functionCallingConfig"), field) else { return }
        note(calling, beyond: ["mode", "allowedFunctionNames"], at: field, in: &chat)
        let names = try calling.either("allowedFunctionNames").map { view throws(RequestError) in
            try Field.texts(view, "\(field).allowedFunctionNames")
        }
        let mode = try Field.text(calling["mode"], "\(field).mode") ?? "AUTO"
        switch mode.uppercased() {
        case "AUTO", "MODE_UNSPECIFIED": chat.toolChoice = .auto
        case "VALIDATED":
            chat.toolChoice = .auto
            chat.note(.wish("\(field).mode"))
        case "NONE": chat.toolChoice = Chat.ToolChoice.none
        case "ANY": chat.toolChoice = names?.count == 1 ? .tool(names?.first ?? "") : .required
        default: throw .wrongValue("\(field).mode", wanted: "'AUTO', 'ANY', 'VALIDATED' or 'NONE'")
        }
        let isSaid = names.map { names in names.isEmpty || chat.toolChoice == .tool(names[0]) } ?? true
        if !isSaid { chat.note(.wish("\(field).allowedFunctionNames")) }
    }

    // MARK: Names

    /// Notes the members of an object that are not read, so that nothing is dropped in silence.
    static func note(
        _ object: JSONView,
        beyond read: [String],
        hints: [String] = [],
        at path: String,
        in chat: inout Chat
    ) {
        for member in object.members where !member.value.isNull {
            let name = camel(member.name)
            guard !read.contains(name) else { continue }
            chat.note(hints.contains(name) ? .hint("\(path).\(name)") : .wish("\(path).\(name)"))
        }
    }

    /// `inline_data` is `inlineData`.
    static func camel(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "_")), name.utf8.first != UInt8(ascii: "_") else { return name }
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(words.first.map(String.init) ?? "") {
            $0 + $1.prefix(1).uppercased() + $1.dropFirst()
        }
    }
}
