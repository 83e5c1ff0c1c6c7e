import Wire

/// How does a request to Ollama's `/api/chat` or `/api/generate` become the form between dialects? Only asked when the provider speaks
/// another one.
extension Ollama {
    /// The whole request, typed.
    /// - Throws: what is wrong with it, or what no other dialect could say.
    package static func chat(from view: RequestView) throws(RequestError) -> Chat {
        var chat = Chat(of: view)
        if view.operation == .generate { try takePrompt(view.document, into: &chat) }
        for member in view.document.members {
            let value = view.document.value(of: member)
            let name = view.document.name(of: member)
            if value.isNull || (view.operation == .generate && promptFields.contains(name)) { continue }
            try take(name, value, into: &chat)
        }
        // What asks for nothing is not asked of others.
        guard !chat.messages.isEmpty else { throw .wrongValue("messages", wanted: "at least one message") }
        return chat
    }

    /// Whether the answer shall come in pieces: it does where nothing is said.
    static func streams(_ document: JSONDocument) throws(RequestError) -> Bool {
        try Field.flag(document["stream"], "stream") ?? true
    }

    /// The bound on the answer; nil: there is none, which a negative number says too.
    static func maxTokens(_ document: JSONDocument) -> UInt64? {
        document["options"]?["num_predict"]?.unsigned.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func take(_ name: String, _ value: JSONView, into chat: inout Chat) throws(RequestError) {
        switch name {
        case "model", "stream": break
        case "messages": try takeMessages(value, into: &chat)
        case "tools": chat.tools = try tools(value, &chat)
        case "format": chat.responseFormat = try format(value)
        case "think": chat.effort = try effort(value)
        case "options": try takeOptions(value, into: &chat)
        // How long a model stays in memory is its server's affair.
        case stay: chat.note(.hint(name))
        default: chat.extras.append(Chat.Extra(name: name, value: JSONValue(value)))
        }
    }

    // MARK: One prompt

    private static let promptFields = ["prompt", "system", "images"] + onlyOfServers
    private static let onlyOfServers = ["suffix", "template", "context", "raw"]

    /// What is asked in one text is a conversation of one message.
    private static func takePrompt(_ document: JSONDocument, into chat: inout Chat) throws(RequestError) {
        for name in onlyOfServers where document[name].map(saysSomething) ?? false {
            throw .untranslatable(name)
        }
        if let system = try Field.text(document["system"], "system"), !system.isEmpty {
            chat.messages.append(Chat.Message(role: .system, parts: [.text(system)], position: 0))
        }
        var parts: [Chat.Part] = [.text(try Field.requiredText(document["prompt"], "prompt"))]
        parts += try images(document["images"], "images")
        chat.messages.append(Chat.Message(role: .user, parts: parts, position: 0))
    }

    /// Clients send empty ones for what they do not want.
    private static func saysSomething(_ value: JSONView) -> Bool {
        switch value.kind {
        case .null: false
        case .bool: value.bool == true
        case .string: value.raw.count > 2
        case .array: value.elements.contains { _ in true }
        case .number, .object: true
        }
    }

    // MARK: Tools

    private static func tools(_ value: JSONView, _ chat: inout Chat) throws(RequestError) -> [Chat.Tool] {
        var tools: [Chat.Tool] = []
        for element in try Field.array(value, "tools") {
            let field = "tools[\(tools.count)]"
            guard try Field.text(element["type"], "\(field).type") ?? "function" == "function" else {
                throw .untranslatable("\(field).type")
            }
            guard let function = element["function"] else { throw .missing("\(field).function") }
            let parameters = try Field.object(function["parameters"], "\(field).function.parameters")
            tools.append(
                Chat.Tool(
                    name: try Field.requiredText(function["name"], "\(field).function.name"),
                    description: try Field.text(function["description"], "\(field).function.description"),
                    parameters: parameters.map { Array($0.raw) }
                )
            )
            chat.note(element, beyond: ["type", "function"], at: "tools")
            chat.note(function, beyond: ["name", "description", "parameters"], at: "tools.function")
        }
        return tools
    }

    // MARK: Form and options

    private static func format(_ value: JSONView) throws(RequestError) -> Chat.ResponseFormat? {
        if value.kind == .object { return .jsonSchema(name: nil, schema: Array(value.raw)) }
        switch value.string {
        case "json": return .jsonObject
        case "": return nil
        default: throw .wrongValue("format", wanted: "'json' or a JSON schema")
        }
    }

    /// The effort of a model that is to think and is not told how hard.
    private static let usualEffort = "medium"

    private static func effort(_ value: JSONView) throws(RequestError) -> String? {
        if let flag = value.bool { return flag ? usualEffort : "none" }
        guard let word = value.string, thinkWords.contains(word) else {
            throw .wrongValue("think", wanted: "true, false, 'low', 'medium' or 'high'")
        }
        return word
    }

    /// Options that make no other answer: how a server holds the model, and what of a prompt it keeps that is too long.
    private static func isHint(_ option: String) -> Bool { loadOptions.contains(option) || option == "num_keep" }

    private static func takeOptions(_ value: JSONView, into chat: inout Chat) throws(RequestError) {
        guard let options = try Field.object(value, "options") else { return }
        for member in options.members where !member.value.isNull {
            let (name, field) = (member.name, "options.\(member.name)")
            switch name {
            case "temperature": chat.temperature = try Field.number(member.value, field, in: 0...2)
            case "top_p": chat.topP = try Field.number(member.value, field, in: 0...1)
            case "num_predict":
                guard let number = member.value.double else { throw .wrongType(field, wanted: "a number") }
                // Below 0 is without end.
                chat.isEndless = number < 0
                if number >= 0 { chat.maxTokens = try Field.tokens(member.value, field) }
            case "stop":
                if let text = member.value.string {
                    chat.stop = [text]
                } else {
                    chat.stop = try Field.texts(member.value, field)
                }
            case _ where sharedOptions.contains(name):
                guard member.value.kind == .number else { throw .wrongType(field, wanted: "a number") }
                chat.extras.append(Chat.Extra(name: name, value: JSONValue(member.value), field: field))
            default: chat.note(isHint(name) ? .hint(field) : .wish(field))
            }
        }
    }
}
