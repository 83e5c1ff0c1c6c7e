import Wire

/// Which fields of a request are carried into the Messages API, which are refused, and which go without effect and are reported?
extension Anthropic {
    /// Fields that change what the answer has to contain: without them it would be another answer, so they are refused.
    private static let refused = [
        "audio": "it gives no audio",
        "logit_bias": "it has no token biases",
        "logprobs": "it gives no probabilities",
        "modalities": "it gives text only",
        "moderation": "it has no such checks",
        "n": "it gives one answer",
        "top_logprobs": "it gives no probabilities",
        "web_search_options": "its search is a tool of its own",
    ]

    static func refuseInexpressible(_ chat: Chat) throws(RequestError) {
        for extra in chat.extras where !extra.isNeutral {
            if let reason = refused[extra.name] { throw .inexpressible(extra.field, in: .anthropic, reason) }
        }
    }

    /// Fields that are about caching, accounting, tracing or speed: no other answer comes of them.
    private static let hints: Set<String> = [
        "metadata", "prediction", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "safety_identifier", "service_tier", "store",
    ]

    /// The fields of a request that a provider of this dialect never sees, by path, in the order of the request.
    package static func omissions(in chat: Chat) -> [Omission] {
        var fields: [Omission] = []
        // There is no answer without a bound.
        if chat.isEndless { fields.append(.hint("max_completion_tokens")) }
        // The API of the current models takes no sampling parameters.
        for (name, value) in [("temperature", chat.temperature), ("top_p", chat.topP)] {
            guard let number = value.flatMap(Double.init) else { continue }
            // So it is where nothing is said.
            fields.append(number == 1 ? .hint(name) : .wish(name))
        }
        if let effort = chat.effort, !effortWords.contains(effort), effort != "none" {
            fields.append(.wish("reasoning_effort"))
        }
        // How long it thinks, the effort says.
        if case .on(budget: _?) = chat.thinking { fields.append(Chat.budget) }
        fields += chat.idleChoices + chat.namedForm
        if chat.messages.contains(where: { $0.parts.contains(where: \.isUnsigned) }) {
            fields.append(.hint("messages.content.thinking"))
        }
        if chat.hasProof { fields.append(.hint(Chat.proofField)) }
        if chat.hasLateSystemMessage { fields.append(.hint("messages.role")) }
        for extra in chat.extras where !extra.isNeutral {
            let isCarried = extra.name == "safety_identifier" && chat.user == nil
            if !isCarried { fields.append(.left(extra, hints: hints)) }
        }
        return fields + chat.uncarried
    }

    /// The efforts of the dialect's `OutputConfig`.
    private static let effortWords = ["low", "medium", "high", "xhigh", "max"]

    /// The answer's form and the effort stand together here; no effort at all is a field of its own.
    static func writeOutput(_ chat: Chat, to writer: inout JSONWriter) throws(RequestError) {
        let schema = try schema(chat.responseFormat)
        let effort = chat.effort.flatMap { effortWords.contains($0) ? $0 : nil }
        if let word = thinkingWord(chat) {
            writer.key("thinking")
            writer.beginObject()
            writer.member("type", word)
            // Unsaid, some models tell nothing of it.
            if word == "adaptive", chat.showsThoughts { writer.member("display", "summarized") }
            writer.endObject()
        }
        guard schema != nil || effort != nil else { return }
        writer.key("output_config")
        writer.beginObject()
        if let effort { writer.member("effort", effort) }
        if let schema {
            writer.key("format")
            writer.beginObject()
            writer.member("type", "json_schema")
            writer.member("schema", raw: schema)
            writer.endObject()
        }
        writer.endObject()
    }

    /// Nil: the client did not say. How long it is to think, the effort says here.
    private static func thinkingWord(_ chat: Chat) -> String? {
        switch chat.thinking {
        case .off: "disabled"
        case .on: "adaptive"
        case nil: chat.effort == "none" ? "disabled" : chat.showsThoughts ? "adaptive" : nil
        }
    }

    private static func schema(_ format: Chat.ResponseFormat?) throws(RequestError) -> [UInt8]? {
        switch format {
        case .text, nil: return nil
        case .jsonSchema(_, let schema?): return closed(schema)
        case .jsonSchema(_, nil):
            throw .inexpressible("response_format.json_schema.schema", in: .anthropic, "it needs a schema")
        case .jsonObject:
            throw .inexpressible("response_format", in: .anthropic, "it gives JSON by a schema only: use 'json_schema'")
        }
    }
}
