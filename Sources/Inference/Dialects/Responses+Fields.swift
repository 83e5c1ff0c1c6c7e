import Wire

/// Which fields of a request are carried into the Responses API, which are refused, and which go without effect?
extension Responses {
    /// Fields that change what the answer has to contain or where it may be made.
    private static let refused = [
        "audio": "it gives no audio",
        "container": "it has no containers",
        "inference_geo": "it has no word for where the answer is made",
        "logit_bias": "it has no token biases",
        "logprobs": "its probabilities have another form",
        "mcp_servers": "its servers of tools are asked in another way",
        "modalities": "it gives text only",
        "n": "it gives one answer",
        "top_logprobs": "its probabilities have another form",
        "web_search_options": "its search is a tool of its own",
    ]

    /// Fields that are about caching, accounting, tracing or speed: no other answer comes of them.
    private static let hints: Set<String> = [
        "cache_control", "diagnostics", "metadata", "prediction", "service_tier", "speed", "store", "user_profile_id",
        "workspace_id",
    ]

    static func refuseInexpressible(_ chat: Chat) throws(RequestError) {
        for extra in chat.extras where !extra.isNeutral {
            if let reason = refused[extra.name] { throw .inexpressible(extra.field, in: .responses, reason) }
        }
        if chat.tools.isEmpty {
            switch chat.toolChoice {
            case .required, .tool: throw .wrongValue("tool_choice", wanted: "'auto' or 'none' when no tools are given")
            case .auto, .some(.none), nil: break
            }
        }
    }

    /// The fields of a request that a provider of this dialect never sees, by path, in the order of the request.
    package static func omissions(in chat: Chat) -> [Omission] {
        var fields: [Omission] = []
        let parts = chat.messages.lazy.flatMap(\.parts)
        // What a model of another provider thought means nothing to this one, whose own thoughts are sealed.
        fields += chat.unheardThoughts
        if chat.hasProof { fields.append(.hint(Chat.proofField)) }
        if parts.contains(where: \.saysFailure) { fields.append(.wish("messages.content.is_error")) }
        if !chat.stop.isEmpty { fields.append(.wish("stop")) }
        if parts.contains(where: \.isNamedAddress) { fields.append(Chat.fileName) }
        fields += chat.thinkingBesideEffort + chat.idleChoices
        for extra in chat.extras where !extra.isNeutral && !isShared(extra) {
            fields.append(.left(extra, hints: hints))
        }
        return fields + chat.uncarried
    }
}

extension Chat.Part {
    fileprivate var saysFailure: Bool {
        if case .toolResult(let result) = self { result.isError } else { false }
    }
}
