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
        for name in reasoningFields {
            if let text = message[name]?.string { answer.reasoning = text }
        }
        if let content = message["content"] { take(content: content, into: &answer) }
        let end = choice["finish_reason"]?.string
        if let failure = end.flatMap(failure(ofEnd:)) { throw failure }
        answer.finish = end.map(finishReason)
        if let refusal = message["refusal"]?.string, !refusal.isEmpty {
            answer.refusal = refusal
            answer.finish = .contentFilter
        }
        for call in message["tool_calls"]?.elements ?? choice.elements { take(call, into: &answer) }
        answer.usage = usage(of: document) ?? Usage()
        answer.untold.look(at: document.root, OpenAI.told)
        return answer
    }

    /// The words of a message, in one or in parts.
    private static func take(content: JSONView, into answer: inout ChatAnswer) {
        guard content.kind == .array else {
            answer.text = content.string
            return
        }
        for part in content.elements {
            switch said(in: part) {
            case .text(let text): answer.text = (answer.text ?? "") + text
            case .thought(let text): answer.reasoning = (answer.reasoning ?? "") + text
            case nil: break
            }
        }
    }

    /// What a part of a message's content says.
    enum Said {
        case text(String), thought(String)
    }

    /// Mistral's models that think say so in parts, and their thoughts in parts again; nil: it is neither text nor thought.
    static func said(in part: JSONView) -> Said? {
        guard let type = part["type"] else { return nil }
        if type.isText("text") { return part["text"]?.string.map(Said.text) }
        guard type.isText("thinking"), let thinking = part["thinking"] else { return nil }
        if let text = thinking.string { return .thought(text) }
        return .thought(thinking.elements.compactMap { $0["text"]?.string }.joined())
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
