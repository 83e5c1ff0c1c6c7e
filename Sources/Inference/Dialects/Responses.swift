import Wire

/// OpenAI's Responses API: what is said stands in items instead of messages, and the provider may keep them. We keep none, so that a
/// request to a provider of another dialect must hold its whole conversation, and its answer says `store` false.
package enum Responses {
    /// What the model is to read.
    static func prompt(_ document: JSONDocument) throws(RequestError) -> JSONView {
        guard let input = document["input"], !input.isNull else {
            // With one of these it may be missing: who kept what was said, reads it there, and others refuse the one that stands first.
            for field in stored { if let kept = document[field], !kept.isNull { return kept } }
            throw .missing("input")
        }
        guard input.kind == .array || input.kind == .string else {
            throw .wrongType("input", wanted: "a string or an array")
        }
        return input
    }

    /// Fields that name what the provider would have to have kept.
    static let stored = ["previous_response_id", "conversation", "prompt"]

    /// What a client calls fields that the form between dialects has by the names of Chat Completions.
    private static let names = [
        ("messages.content.thinking", "input.reasoning"), (Chat.proofField, "input.extra_content"),
        ("messages.content.file.filename", "input.content.filename"), ("messages", "input"),
        ("reasoning_effort", "reasoning.effort"), ("response_format.json_schema", "text.format"),
        ("response_format", "text.format"), ("max_completion_tokens", "max_output_tokens"),
        ("tools.function.", "tools."),
    ]

    /// A field by the name that the client knows it by.
    static func name(of field: String) -> String {
        for (name, own) in names where field.hasPrefix(name) { return own + field.dropFirst(name.count) }
        return field
    }

    /// An error about such a field, in the client's words.
    static func named(_ error: RequestError) -> RequestError {
        guard let param = error.param else { return error }
        let own = name(of: param)
        let message = error.message.replacing("'\(param)'", with: "'\(own)'")
        return RequestError(error.code, own, message, status: error.status)
    }

    /// What goes without effect, in the client's words.
    static func named(_ omission: Omission) -> Omission {
        Omission(field: name(of: omission.field), isWish: omission.isWish)
    }
}

extension RequestError {
    /// What only a server that keeps answers could do.
    static func stateful(_ field: String) -> RequestError {
        let text =
            "'\(field)' needs an answer or a text that was stored, which only providers that speak the Responses API do: send the whole conversation in 'input', and leave '\(field)' out."
        return RequestError(.unsupported, field, text)
    }

    /// An item, a part or a tool that no other dialect has.
    static func unknownType(_ type: String, _ field: String) -> RequestError {
        let text =
            "'\(field)' is of type '\(type.prefix(64))', which is only served by providers that speak the Responses API; the chosen one speaks another."
        return RequestError(.unsupported, field, text)
    }
}
