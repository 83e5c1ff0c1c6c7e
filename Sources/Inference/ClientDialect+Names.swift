/// What does a client call a field that the form between dialects has by another name? Whoever is refused, or told of what was left out, is
/// told in the words of the request.
extension ClientDialect {
    /// What goes without effect, in the client's words.
    func named(_ omission: Omission) -> Omission {
        Omission(field: name(of: omission.field), isWish: omission.isWish)
    }

    /// An error about a field, in the client's words.
    func named(_ error: RequestError) -> RequestError {
        guard let param = error.param, name(of: param) != param else { return error }
        let own = name(of: param)
        let message = error.message.replacing("'\(param)'", with: "'\(own)'")
        return RequestError(error.code, own, message, status: error.status)
    }

    private func name(of field: String) -> String {
        switch self {
        case .openai: field
        case .mistral: Mistral.name(of: field)
        case .responses: Responses.name(of: field)
        case .anthropic: Self.name(of: field, by: Self.anthropicNames)
        case .gemini: Self.name(of: field, by: Self.geminiNames)
        case .ollama: Self.name(of: field, by: Self.ollamaNames)
        }
    }

    private typealias Name = (form: String, own: String)

    private static let anthropicNames: [Name] = [
        ("messages.content.file.filename", "messages.content.title"),
        ("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"), ("reasoning_effort", "output_config.effort"),
        ("response_format.json_schema", "output_config.format"), ("response_format", "output_config.format"),
        ("stop", "stop_sequences"), ("tools.function", "tools"), ("user", "metadata.user_id"),
    ]

    private static let geminiNames: [Name] = [
        ("messages.content.thinking", "contents.parts.thought"),
        ("messages.content.is_error", "contents.parts.functionResponse.response"),
        ("messages.content.file.filename", "contents.parts.inlineData.displayName"),
        ("messages.tool_calls.extra_content", "contents.parts.thoughtSignature"),
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

    private static let ollamaNames: [Name] = [
        ("max_completion_tokens", "options.num_predict"), ("messages.content.thinking", "messages.thinking"),
        ("reasoning_effort", "think"),
        ("response_format", "format"), ("stop", "options.stop"), ("temperature", "options.temperature"),
        ("thinking", "think"), ("top_p", "options.top_p"),
    ]

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
