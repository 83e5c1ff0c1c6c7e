import Wire

/// What does a whole Message say?
extension Anthropic {
    /// The answer, typed.
    /// - Throws: an error that hides in the body, or `malformed`.
    package static func answer(from body: [UInt8]) throws(UpstreamError) -> ChatAnswer {
        guard let document = try? JSONDocument(body, limits: .answer) else {
            throw .malformed("The provider's answer is no JSON.")
        }
        if let error = embeddedError(document.root) { throw error }
        guard document["type"]?.string == "message", let content = document["content"], content.kind == .array else {
            throw .malformed("The provider's answer is no Message.")
        }
        var answer = ChatAnswer(id: document["id"]?.string ?? "", model: document["model"]?.string ?? "")
        for block in content.elements { take(block, into: &answer) }
        answer.finish = document["stop_reason"]?.string.map(finishReason)
        answer.usage = usage(document["usage"]) ?? Usage()
        answer.untold.look(at: document.root, told)
        return answer
    }

    /// Blocks of other types belong to tools that run at the provider, which our requests never ask for.
    private static func take(_ block: JSONView, into answer: inout ChatAnswer) {
        switch block["type"]?.string {
        case "text": answer.text = (answer.text ?? "") + (block["text"]?.string ?? "")
        case "thinking": answer.reasoning = (answer.reasoning ?? "") + (block["thinking"]?.string ?? "")
        case "tool_use":
            let call = Chat.ToolUse(
                id: block["id"]?.string ?? "",
                name: block["name"]?.string ?? "",
                arguments: block["input"].map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}"
            )
            answer.toolCalls.append(call)
        default: break
        }
    }

    static func finishReason(_ word: String) -> FinishReason {
        switch word {
        case "max_tokens", "model_context_window_exceeded": .length
        case "tool_use": .toolCalls
        case "refusal": .contentFilter
        default: .stop
        }
    }

    /// Here cached tokens are counted beside `input_tokens`, in our form within it.
    static func usage(_ value: JSONView?) -> Usage? {
        guard let value, value.kind == .object else { return nil }
        let read = value["cache_read_input_tokens"]?.unsigned
        let written = value["cache_creation_input_tokens"]?.unsigned
        return Usage(
            input: value["input_tokens"]?.unsigned.map { sum($0, read ?? 0, written ?? 0) },
            output: value["output_tokens"]?.unsigned,
            cachedRead: read,
            cacheWrite: written,
            reasoning: value["output_tokens_details"]?["thinking_tokens"]?.unsigned,
            service: ServiceClass(word: value["service_tier"]?.string)
        )
    }

    /// A provider that reports absurd numbers gets the largest number, not a crash.
    private static func sum(_ counts: UInt64...) -> UInt64 {
        counts.reduce(0) { total, count in
            let (sum, overflow) = total.addingReportingOverflow(count)
            return overflow ? .max : sum
        }
    }
}
