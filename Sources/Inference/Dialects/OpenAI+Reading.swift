import Wire

/// What does a whole Chat Completions answer say? Asked when the client speaks another dialect.
extension OpenAI {
    /// The answer, typed; the first choice of it, since no more were asked for.
    /// - Throws: an error that hides in the body, or `malformed`.
    package static func chatAnswer(from body: [UInt8]) throws(UpstreamError) -> ChatAnswer {
        guard let document = try? JSONDocument(body, limits: .answer) else {
            throw .malformed("The provider's answer is no JSON.")
        }
        if let error = embeddedError(document) { throw error }
        guard let choice = document["choices"]?.elements.first(where: { _ in true }), let message = choice["message"]
        else { throw .malformed("The provider's answer is no completion.") }
        var answer = ChatAnswer(id: document["id"]?.string ?? "", model: document["model"]?.string ?? "")
        answer.text = message["content"]?.string
        for name in reasoningFields {
            if let text = message[name]?.string { answer.reasoning = text }
        }
        answer.finish = choice["finish_reason"]?.string.map(finishReason)
        if let refusal = message["refusal"]?.string, !refusal.isEmpty {
            answer.text = (answer.text ?? "") + refusal
            answer.finish = .contentFilter
        }
        for call in message["tool_calls"]?.elements ?? choice.elements { take(call, into: &answer) }
        answer.usage = usage(of: document) ?? Usage()
        answer.untold.look(at: document.root, OpenAI.told)
        return answer
    }

    private static func take(_ call: JSONView, into answer: inout ChatAnswer) {
        let id = call["id"]?.string ?? ""
        answer.toolCalls.append(
            Chat.ToolUse(
                id: id.isEmpty ? "call_\(answer.id)_\(answer.toolCalls.count)" : id,
                name: call["function"]?["name"]?.string ?? "",
                arguments: call["function"]?["arguments"]?.string ?? ""
            )
        )
    }

    /// Where servers tell what a model thinks: vLLM and DeepSeek in the first, OpenRouter and newer vLLM in the second.
    static let reasoningFields = [reasoningField, "reasoning"]
}
