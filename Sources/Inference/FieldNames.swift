/// What does a client call a field that the form between dialects has by another name? Whoever is refused, or told of what was left out, is
/// told in the words of the request. What the client named itself is no word of the form's, and stays.

/// The words of one client's request for the fields of `Chat`.
package struct FieldNames: Equatable, Sendable {
    private let dialect: ClientDialect
    /// What is asked in one text is a conversation of one message.
    private let isOnePrompt: Bool

    /// The words of a dialect.
    package init(_ dialect: ClientDialect, _ operation: ModelOperation = .chat) {
        self.dialect = dialect
        isOnePrompt = operation == .generate
    }

    /// What goes without effect, in the client's words.
    func named(_ omission: Omission) -> Omission {
        omission.isOwn ? omission : Omission(field: name(of: omission.field), isWish: omission.isWish)
    }

    /// An error about a field, in the client's words.
    /// - Parameter own: fields that bear the client's name already.
    func named(_ error: RequestError, own: [Chat.Extra] = []) -> RequestError {
        guard let param = error.param, !own.contains(where: { $0.field == param }) else { return error }
        return error.renamed(name(of: param))
    }

    private func name(of field: String) -> String {
        // One prompt has no place among others.
        let field = isOnePrompt ? field.replacing("messages[0]", with: "messages") : field
        return switch dialect {
        // The form's words are OpenAI's.
        case .openai, .mistral: field
        case .responses: Self.name(of: field, by: Self.responses)
        case .anthropic: Self.name(of: field, by: Self.anthropic)
        case .gemini: Self.name(of: field, by: Self.gemini)
        case .ollama: Self.name(of: field, by: isOnePrompt ? Self.prompt : Self.ollama)
        }
    }

    private typealias Name = (form: String, own: String)

    private static let responses: [Name] = [
        ("messages.content.thinking", "input.reasoning"), (Chat.proofField, "input.extra_content"),
        ("messages.tool_calls", "input.arguments"), ("messages.content.file.filename", "input.content.filename"),
        ("messages", "input"), ("reasoning_effort", "reasoning.effort"),
        ("response_format.json_schema", "text.format"), ("response_format", "text.format"),
        ("max_completion_tokens", "max_output_tokens"), ("tools.function", "tools"),
    ]

    private static let anthropic: [Name] = [
        ("messages.content.file.filename", "messages.content.title"), ("messages.tool_calls", "messages.content.input"),
        ("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"), ("reasoning_effort", "output_config.effort"),
        ("response_format.json_schema", "output_config.format"), ("response_format", "output_config.format"),
        ("stop", "stop_sequences"), ("tools.function", "tools"), ("user", "metadata.user_id"),
    ]

    private static let gemini: [Name] = [
        ("messages.content.thinking", "contents.parts.thought"),
        ("messages.content.is_error", "contents.parts.functionResponse.response"),
        ("messages.content.file.filename", "contents.parts.inlineData.displayName"),
        (Chat.proofField, "contents.parts.thoughtSignature"),
        ("messages.tool_calls", "contents.parts.functionCall"), ("messages.content", "contents.parts"),
        ("messages", "contents"), ("reasoning_effort", "generationConfig.thinkingConfig"),
        ("response_format.json_schema.schema", "generationConfig.responseSchema"),
        ("response_format", "generationConfig.responseMimeType"), ("stop", "generationConfig.stopSequences"),
        ("temperature", "generationConfig.temperature"),
        ("thinking.budget_tokens", "generationConfig.thinkingConfig.thinkingBudget"),
        ("thinking.display", "generationConfig.thinkingConfig.includeThoughts"),
        ("thinking", "generationConfig.thinkingConfig.thinkingBudget"),
        ("tool_choice", "toolConfig.functionCallingConfig"), ("top_p", "generationConfig.topP"),
    ]

    private static let ollama: [Name] = [
        ("max_completion_tokens", "options.num_predict"),
        ("messages.content.thinking", "messages.thinking"), ("messages.content", "messages.images"),
        ("reasoning_effort", "think"), ("response_format", "format"), ("stop", "options.stop"),
        ("temperature", "options.temperature"), ("thinking", "think"), ("top_p", "options.top_p"),
    ]

    /// Only pictures can be wrong in a message whose text is any.
    private static let prompt: [Name] = [("messages.content", "images"), ("messages", "prompt")] + ollama

    /// The first row that the path begins with counts. What stands in brackets behind the path's first word stays there.
    private static func name(of field: String, by names: [Name]) -> String {
        let parts = field.split(separator: ".")
        for row in names {
            let form = row.form.split(separator: ".")
            guard parts.count >= form.count, zip(form, parts).allSatisfy({ $0 == $1.prefix { $0 != "[" } }) else {
                continue
            }
            var own = row.own.split(separator: ".").map(String.init)
            own[0] += parts[0].drop { $0 != "[" }
            return (own + parts.dropFirst(form.count).map(String.init)).joined(separator: ".")
        }
        return field
    }
}

extension RequestError {
    /// The same about a field of another name.
    func renamed(_ name: String) -> RequestError {
        guard let param, param != name else { return self }
        return RequestError(code, name, message.replacing("'\(param)'", with: "'\(name)'"), status: status)
    }
}
