import Wire

/// Which fields of a request are carried into Gemini's API, which are refused, and which go without effect and are reported?
extension Gemini {
    /// Fields that change what the answer has to contain or where it may be made.
    private static let refused = [
        "audio": "its voices are asked for in another way",
        "container": "it has no containers",
        "inference_geo": "it has no word for where the answer is made",
        "logit_bias": "it has no token biases",
        "logprobs": "its probabilities have another form",
        "mcp_servers": "its servers of tools are asked in another way",
        "modalities": "other answers than text are asked for in another way",
        "moderation": "its own checks are set in another way",
        "n": "one answer is translated",
        "top_logprobs": "its probabilities have another form",
        "web_search_options": "its search is a tool of its own",
    ]

    /// Fields that are about caching, accounting, tracing or speed: no other answer comes of them.
    private static let hints: Set<String> = [
        "cache_control", "diagnostics", "metadata", "prediction", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "safety_identifier", "service_tier", "speed", "store", "user_profile_id",
        "workspace_id",
    ]

    /// What both have, by the clients' names; numbers go over as they are written.
    private static let carried = [
        "frequency_penalty": "frequencyPenalty", "presence_penalty": "presencePenalty", "seed": "seed",
        "top_k": "topK",
    ]

    /// Texts that may end an answer, by the API's reference.
    private static let mostStops = 5

    static func refuseInexpressible(_ chat: Chat) throws(RequestError) {
        for extra in chat.extras where !extra.isNeutral {
            if let reason = refused[extra.name] { throw .inexpressible(extra.field, in: .gemini, reason) }
        }
        if chat.stop.count > mostStops {
            throw .inexpressible("stop", in: .gemini, "it knows at most \(mostStops)")
        }
        if case .jsonSchema(_, nil) = chat.responseFormat {
            throw .inexpressible("response_format.json_schema.schema", in: .gemini, "it needs a schema")
        }
    }

    /// The fields of a request that a provider of this dialect never sees, by path, in the order of the request.
    package static func omissions(in chat: Chat) -> [Omission] {
        var fields: [Omission] = []
        let parts = chat.messages.lazy.flatMap(\.parts)
        fields += chat.unheardThoughts + chat.idleChoices + chat.namedForm
        if parts.contains(where: \.isNamedFile) { fields.append(Chat.fileName) }
        if chat.hasLateSystemMessage { fields.append(.hint("messages.role")) }
        if chat.allowsParallelTools == false, !chat.tools.isEmpty { fields.append(.wish("parallel_tool_calls")) }
        if let omission = effortOmission(of: chat) { fields.append(omission) }
        if chat.user != nil { fields.append(.hint("user")) }
        for extra in chat.extras where !extra.isNeutral && carriedNumber(extra) == nil {
            fields.append(.left(extra, hints: hints))
        }
        return fields + chat.uncarried
    }

    private static func carriedNumber(_ extra: Chat.Extra) -> (name: String, value: String)? {
        guard let name = carried[extra.name], case .number(let value) = extra.value else { return nil }
        return (name, value)
    }

    /// The effort is a number of tokens here: words that there is none for become that of their neighbour, and a number that the client gives
    /// goes before.
    private static func effortOmission(of chat: Chat) -> Omission? {
        guard let effort = chat.effort else { return nil }
        guard budget(of: effort) != nil else { return .wish("reasoning_effort") }
        let isExact = ["none", "low", "medium", "high"].contains(effort)
        switch chat.thinking {
        case .off: return effort == "none" ? nil : .hint("reasoning_effort")
        case .on(budget: _?): return .hint("reasoning_effort")
        case .on(budget: nil), nil: return isExact ? nil : .hint("reasoning_effort")
        }
    }

    // MARK: What is set

    static func writeConfiguration(_ chat: Chat, to writer: inout JSONWriter) {
        var inner = JSONWriter(capacity: 256)
        inner.beginObject()
        if let most = chat.maxTokens { inner.member("maxOutputTokens", most) }
        let extras = chat.extras.filter { !$0.isNeutral }.compactMap(carriedNumber)
        let numbers = [("temperature", chat.temperature), ("topP", chat.topP)] + extras.map { ($0.name, $0.value) }
        for (name, value) in numbers {
            guard let value else { continue }
            inner.key(name)
            inner.number(value)
        }
        if !chat.stop.isEmpty {
            inner.key("stopSequences")
            inner.beginArray()
            for text in chat.stop { inner.string(text) }
            inner.endArray()
        }
        write(chat.responseFormat, to: &inner)
        writeThinking(chat, to: &inner)
        inner.endObject()
        guard inner.bytes.count > 2 else { return }
        writer.member("generationConfig", raw: inner.bytes)
    }

    private static func write(_ format: Chat.ResponseFormat?, to writer: inout JSONWriter) {
        switch format {
        case .text, nil: return
        case .jsonObject: writer.member("responseMimeType", "application/json")
        case .jsonSchema(_, let schema):
            writer.member("responseMimeType", "application/json")
            if let schema { writer.member("responseJsonSchema", raw: schema) }
        }
    }

    /// Tokens that the provider's own gate for OpenAI's clients gives a model for each effort.
    private static func budget(of effort: String) -> UInt64? {
        switch effort {
        case "none": 0
        case "minimal", "low": 1024
        case "medium": 8192
        case "high", "xhigh", "max": 24_576
        default: nil
        }
    }

    /// Who asks a model to think wants to see it, as far as it is shown.
    private static func writeThinking(_ chat: Chat, to writer: inout JSONWriter) {
        var budget = chat.effort.flatMap(budget)
        switch chat.thinking {
        case .off: budget = 0
        case .on(let tokens): budget = tokens ?? budget
        case nil: if budget == nil { return }
        }
        writer.key("thinkingConfig")
        writer.beginObject()
        writer.member("includeThoughts", budget != 0)
        if let budget { writer.member("thinkingBudget", budget) }
        writer.endObject()
    }
}
