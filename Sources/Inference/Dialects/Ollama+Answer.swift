import Wire

/// What does a whole answer of Ollama's API say?
extension Ollama {
    /// The answer, typed.
    /// - Parameter decision: the request's name, of which calls get theirs: the server gives none.
    /// - Throws: an error that hides in the body, or `malformed`.
    package static func answer(from body: [UInt8], decision: String) throws(UpstreamError) -> ChatAnswer {
        guard let document = try? JSONDocument(body, limits: .answer) else {
            throw .malformed("The provider's answer is no JSON.")
        }
        if let error = embeddedError(document) { throw error }
        let piece = OllamaPiece(document)
        guard piece.isAnswer else { throw .malformed("The provider's answer is no answer to a chat.") }
        var answer = ChatAnswer(id: "", model: document["model"]?.string ?? "")
        answer.reasoning = piece.thinking
        for call in piece.calls {
            guard answer.toolCalls.count < Chat.mostCalls else {
                throw .malformed("The provider's answer has too many calls.")
            }
            answer.toolCalls.append(toolUse(call, number: answer.toolCalls.count, decision: decision))
        }
        answer.text = piece.text ?? (answer.toolCalls.isEmpty ? "" : nil)
        answer.finish = finishReason(document["done_reason"]?.string, hasCalled: !answer.toolCalls.isEmpty)
        answer.usage = usage(of: document)
        answer.untold.look(at: document.root, told)
        return answer
    }

    /// A call's name is made once, of the request's, and the client keeps it; newer servers give one.
    static func toolUse(_ call: JSONView, number: Int, decision: String) -> Chat.ToolUse {
        let function = call["function"]
        let arguments = function?["arguments"].flatMap { $0.isNull ? nil : $0 }
        let id = call["id"]?.string ?? ""
        return Chat.ToolUse(
            id: id.isEmpty ? "call_\(decision)_\(number)" : id,
            name: function?["name"]?.string ?? "",
            arguments: arguments.map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}"
        )
    }

    /// The server says `stop` after calls too. `load` and `unload` answer requests that ask nothing.
    static func finishReason(_ word: String?, hasCalled: Bool) -> FinishReason {
        switch word {
        case "length": .length
        case "content_filter": .contentFilter
        default: hasCalled ? .toolCalls : .stop
        }
    }

    /// Counts that a server leaves out, as older ones did of a prompt that was in the cache, are unreported.
    static func usage(of document: JSONDocument) -> Usage {
        Usage(input: document["prompt_eval_count"]?.unsigned, output: document["eval_count"]?.unsigned)
    }
}

/// What an answer, or one line of a stream, says: of `/api/chat` in its message, of `/api/generate` beside it.
struct OllamaPiece {
    /// nil: it says nothing.
    let text: String?
    let thinking: String?
    /// The calls' array, or nothing.
    let calls: JSONView.Elements
    /// Whether it is an answer at all.
    let isAnswer: Bool

    init(_ document: JSONDocument) {
        let message = document["message"]
        let isChat = message?.kind == .object
        let said = isChat ? message?["content"] : document["response"]
        text = Self.nonEmpty(said)
        thinking = Self.nonEmpty(isChat ? message?["thinking"] : document["thinking"])
        let listed = isChat ? message?["tool_calls"] : document["tool_calls"]
        // A text has no elements.
        calls = listed?.elements ?? document.root.elements
        isAnswer = isChat || document["response"]?.kind == .string
    }

    /// Whether a client that saw it has seen something of the answer.
    var saysSomething: Bool { text != nil || thinking != nil || calls.contains { _ in true } }

    private static func nonEmpty(_ value: JSONView?) -> String? {
        guard let text = value?.string, !text.isEmpty else { return nil }
        return text
    }
}
