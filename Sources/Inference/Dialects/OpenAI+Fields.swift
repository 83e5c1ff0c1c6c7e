import Wire

/// Which fields of a request are carried into Chat Completions, which are refused, and which go without effect?
extension OpenAI {
    /// Fields that change what the answer has to contain or where it may be made.
    private static let refused = [
        "container": "it has no containers",
        "inference_geo": "it has no word for where the answer is made",
        "mcp_servers": "its servers of tools are asked in another way",
    ]

    /// Fields that are about caching, accounting, tracing or speed: no other answer comes of them.
    private static let hints: Set<String> = [
        "cache_control", "diagnostics", "metadata", "service_tier", "speed", "user_profile_id", "workspace_id",
    ]

    /// Numbers that other dialects, Ollama's among them, have by the same name.
    static let carried: Set<String> = ["frequency_penalty", "presence_penalty", "seed"]

    /// Fields that OpenAI's Responses API has by the same name and meaning.
    static let shared: Set<String> = [
        "moderation", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier",
        "service_tier", "verbosity",
    ]

    /// Texts that may end an answer, by the API's reference.
    private static let mostStops = 4

    static func refuseInexpressible(_ chat: Chat) throws(RequestError) {
        for extra in chat.extras where !extra.isNeutral {
            if let reason = refused[extra.name] { throw .inexpressible(extra.field, in: .openai, reason) }
        }
        if chat.stop.count > mostStops {
            throw .inexpressible("stop", in: .openai, "it knows at most \(mostStops)")
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
        // What a model of another provider thought means nothing to this one, whose own thoughts stay with it.
        fields += chat.unheardThoughts
        if chat.hasProof { fields.append(.hint(Chat.proofField)) }
        if parts.contains(where: \.isFailure) { fields.append(.wish("messages.content.is_error")) }
        if parts.contains(where: \.isNamedSound) { fields.append(Chat.fileName) }
        // How much a model thinks is its own affair here, but for the effort; nor is it asked to tell its thoughts.
        fields += chat.thinkingBesideEffort + chat.idleChoices
        for extra in chat.extras where !extra.isNeutral {
            if extra.isOpenAIs, shared.contains(extra.name) { continue }
            if carried.contains(extra.name), case .number = extra.value { continue }
            fields.append(.left(extra, hints: hints))
        }
        return fields + chat.uncarried
    }
}

extension Chat.Part {
    fileprivate var isFailure: Bool {
        if case .toolResult(let result) = self { result.isError } else { false }
    }
}
