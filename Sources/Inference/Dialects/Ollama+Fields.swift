import Wire

/// Which fields of a request are carried into Ollama's API, which are refused, and which go without effect?
extension Ollama {
    /// Fields that change what the answer has to contain or where it may be made.
    private static let refused = [
        "audio": "it gives no audio",
        "container": "it has no containers",
        "inference_geo": "it has no word for where the answer is made",
        "logit_bias": "it has no token biases",
        "logprobs": "its probabilities have another form",
        "mcp_servers": "it asks no servers of tools",
        "modalities": "it gives text only",
        "moderation": "it has no such checks",
        "n": "it gives one answer",
        "top_logprobs": "its probabilities have another form",
        "web_search_options": "it searches nothing",
    ]

    static func refuseInexpressible(_ chat: Chat) throws(RequestError) {
        for extra in chat.extras where !extra.isNeutral {
            if let reason = refused[extra.name] { throw .inexpressible(extra.field, in: .ollama, reason) }
        }
        switch chat.toolChoice {
        case .required, .tool:
            throw .inexpressible("tool_choice", in: .ollama, "its models call a tool or not as they like")
        case .auto, .some(.none), nil: break
        }
    }

    /// Fields that are about caching, accounting, tracing or speed: no other answer comes of them.
    private static let hints: Set<String> = [
        "cache_control", "diagnostics", "metadata", "prediction", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "safety_identifier", "service_tier", "speed", "store", "user_profile_id",
        "workspace_id",
    ]

    /// The fields of a request that a provider of this dialect never sees, by path, in the order of the request.
    package static func omissions(in chat: Chat) -> [Omission] {
        var fields: [Omission] = []
        let parts = chat.messages.lazy.flatMap(\.parts)
        // What a model of another provider thought and signed means nothing to this one.
        if parts.contains(where: \.isSignedThought) { fields.append(.hint("messages.content.thinking")) }
        if parts.contains(where: \.isSealedThought) { fields.append(.hint("messages.content.data")) }
        fields += chat.idleChoices + chat.namedForm
        if chat.hasProof { fields.append(.hint(Chat.proofField)) }
        if parts.contains(where: \.isFailedResult) { fields.append(.wish("messages.content.is_error")) }
        if chat.tools.contains(where: { $0.strict == true }) { fields.append(.wish("tools.function.strict")) }
        if chat.allowsParallelTools == false, !chat.tools.isEmpty { fields.append(.wish("parallel_tool_calls")) }
        if let effort = chat.effort, effort != "none" {
            if !thinkWords.contains(effort) {
                fields.append(.wish("reasoning_effort"))
            } else if chat.thinking == .off {
                fields.append(.hint("reasoning_effort"))
            }
        }
        if case .on(budget: _?) = chat.thinking { fields.append(Chat.budget) }
        if chat.user != nil { fields.append(.hint("user")) }
        for extra in chat.extras where !extra.isNeutral && !isCarried(extra) {
            fields.append(.left(extra, hints: hints))
        }
        return fields + chat.uncarried
    }

    private static func isCarried(_ extra: Chat.Extra) -> Bool {
        guard case .number = extra.value else { return false }
        return sharedOptions.contains(extra.name)
    }
}

extension Chat.Part {
    fileprivate var isSignedThought: Bool {
        if case .thought(.open(_, let signature)) = self { !signature.isEmpty } else { false }
    }

    fileprivate var isSealedThought: Bool {
        if case .thought(.redacted) = self { true } else { false }
    }

    fileprivate var isFailedResult: Bool {
        if case .toolResult(let result) = self { result.isError } else { false }
    }
}
