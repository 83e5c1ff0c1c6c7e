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
