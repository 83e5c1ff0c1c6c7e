import Wire

/// What does a whole answer of Gemini's API say?
extension Gemini {
    /// The answer, typed; the first candidate of it, since no more were asked for.
    /// - Parameter decision: the request's name, of which calls get theirs that the provider gives none.
    /// - Throws: an error that hides in the body, or `malformed`.
    package static func answer(from body: [UInt8], decision: String) throws(UpstreamError) -> ChatAnswer {
        guard let document = try? JSONDocument(body, limits: .answer) else {
            throw .malformed("The provider's answer is no JSON.")
        }
        if let error = embeddedError(document.root) { throw error }
        guard isAnswer(document.root) else { throw .malformed("The provider's answer is no GenerateContentResponse.") }
        var answer = ChatAnswer(
            id: document["responseId"]?.string ?? "",
            model: document["modelVersion"]?.string ?? ""
        )
        let candidate = document["candidates"]?.elements.first { _ in true }
        for part in (candidate?["content"]?["parts"] ?? document.root).elements {
            take(part, of: decision, into: &answer)
        }
        if let failure = candidate.flatMap(failure(of:)) { throw failure }
        answer.finish = finishReason(document.root)
        if answer.finish == .stop, !answer.toolCalls.isEmpty { answer.finish = .toolCalls }
        answer.usage = usage(document["usageMetadata"]) ?? Usage()
        answer.untold.look(at: document.root, told)
        return answer
    }

    /// Whether there is a candidate, or a word about why there is none.
    static func isAnswer(_ root: JSONView) -> Bool {
        root["candidates"]?.elements.contains { $0.kind == .object } ?? false
            || root["promptFeedback"]?["blockReason"]?.string != nil
    }

    /// Parts of other kinds belong to tools that run at the provider, and to answers that are no text: our requests ask for neither.
    private static func take(_ part: JSONView, of decision: String, into answer: inout ChatAnswer) {
        if let text = part["text"]?.string {
            if part["thought"]?.bool == true {
                answer.reasoning = (answer.reasoning ?? "") + text
            } else {
                answer.text = (answer.text ?? "") + text
            }
        }
        if let call = part["functionCall"], call.kind == .object {
            answer.toolCalls.append(toolUse(call, in: part, of: decision, number: answer.toolCalls.count))
        }
    }

    /// - Parameter number: of the answer's calls, from 0.
    static func toolUse(_ call: JSONView, in part: JSONView, of decision: String, number: Int) -> Chat.ToolUse {
        let id = call["id"]?.string ?? ""
        let arguments = call["args"].flatMap { $0.kind == .object ? String(decoding: $0.raw, as: UTF8.self) : nil }
        return Chat.ToolUse(
            id: id.isEmpty ? "call_\(decision)_\(number)" : id,
            name: call["name"]?.string ?? "",
            arguments: arguments ?? "{}",
            signature: part["thoughtSignature"]?.string
        )
    }

    // MARK: Why it ended

    /// Of an answer, or of one piece of it. A prompt that was refused has no candidate.
    static func finishReason(_ root: JSONView) -> FinishReason? {
        if root["promptFeedback"]?["blockReason"]?.string.map({ !$0.hasSuffix("_UNSPECIFIED") }) ?? false {
            return .contentFilter
        }
        let candidate = root["candidates"]?.elements.first { _ in true }
        return candidate?["finishReason"]?.string.flatMap(finishReason(word:))
    }

    /// What keeps a model from going on.
    static let filterWords = [
        "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR",
    ]

    private static func finishReason(word: String) -> FinishReason? {
        switch word {
        case "FINISH_REASON_UNSPECIFIED": nil
        case "MAX_TOKENS": .length
        case _ where filterWords.contains(word): .contentFilter
        default: .stop
        }
    }

    /// Ends at which the model got its answer wrong, a call most often.
    private static let failureWords = [
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
    ]

    /// What the model got wrong is no answer; another try may bring one.
    static func failure(of candidate: JSONView) -> UpstreamError? {
        guard let word = candidate["finishReason"]?.string,
            failureWords.contains(word)
        else { return nil }
        let message = candidate["finishMessage"]?.string ?? "The model's answer is broken."
        return UpstreamError(.server, status: 502, message: message, code: word)
    }

    // MARK: Usage

    /// Cached tokens are counted within the prompt's, as in our form; thoughts beside the answer's, in our form within them. What is 0
    /// is left out by the API's encoding, so that the answer's tokens follow from the sum where they are missing.
    static func usage(_ value: JSONView?) -> Usage? {
        guard let value, value.kind == .object else { return nil }
        let count = { (name: String) in value[name]?.unsigned }
        let prompt = count("promptTokenCount").map { sum($0, count("toolUsePromptTokenCount") ?? 0) }
        let (answer, thoughts) = (count("candidatesTokenCount"), count("thoughtsTokenCount"))
        var output: UInt64?
        if answer != nil || thoughts != nil {
            output = sum(answer ?? 0, thoughts ?? 0)
        } else if let total = count("totalTokenCount"), let prompt, total >= prompt {
            output = total - prompt
        }
        var usage = Usage(
            input: prompt,
            output: output,
            cachedRead: count("cachedContentTokenCount"),
            reasoning: thoughts
        )
        usage.audioInput = tokens(of: "AUDIO", value)
        usage.imageInput = tokens(of: "IMAGE", value)
        return usage
    }

    /// Tokens of the prompt that stand for sound or pictures, but for those from the cache, which have a rate of their own; nil: it has none.
    private static func tokens(of modality: String, _ usage: JSONView) -> UInt64? {
        let count = { (name: String) -> UInt64? in
            let details = (usage[name] ?? usage).elements.filter { $0["modality"]?.string == modality }
            return details.isEmpty ? nil : details.reduce(0) { sum($0, $1["tokenCount"]?.unsigned ?? 0) }
        }
        guard let all = count("promptTokensDetails") else { return nil }
        return all - min(count("cacheTokensDetails") ?? 0, all)
    }

    private static func sum(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
