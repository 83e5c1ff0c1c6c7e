import Wire

/// What does a whole answer of the Responses API say?
extension Responses {
    /// The answer, typed.
    /// - Throws: an error that hides in the body, or `malformed`.
    package static func answer(from body: [UInt8]) throws(UpstreamError) -> ChatAnswer {
        guard let document = try? JSONDocument(body, limits: .answer) else {
            throw .malformed("The provider's answer is no JSON.")
        }
        if let error = failure(of: document.root) { throw error }
        guard let output = document["output"], output.kind == .array else {
            throw .malformed("The provider's answer is no response.")
        }
        var answer = ChatAnswer(id: document["id"]?.string ?? "", model: document["model"]?.string ?? "")
        for item in output.elements { take(item, into: &answer) }
        answer.finish = finish(of: document.root, hasCalls: !answer.toolCalls.isEmpty)
        if answer.refusal != nil { answer.finish = .contentFilter }
        answer.usage = usage(of: document.root) ?? Usage()
        answer.untold.look(at: document.root, told)
        return answer
    }

    /// Items of other types belong to tools that run at the provider, which our requests never ask for.
    private static func take(_ item: JSONView, into answer: inout ChatAnswer) {
        switch item["type"]?.string {
        case "message":
            for part in item["content"]?.elements.map(\.self) ?? [] {
                if let text = part["text"]?.string { answer.text = (answer.text ?? "") + text }
                if let text = part["refusal"]?.string { answer.refusal = (answer.refusal ?? "") + text }
            }
        case "reasoning":
            for part in words(of: item) { answer.reasoning = (answer.reasoning ?? "") + (part["text"]?.string ?? "") }
        case "function_call":
            let call = Chat.ToolUse(
                id: item["call_id"]?.string ?? "",
                name: item["name"]?.string ?? "",
                arguments: item["arguments"]?.string ?? "{}"
            )
            answer.toolCalls.append(call)
        default: break
        }
    }

    /// A thought itself, or what the provider tells of it.
    private static func words(of item: JSONView) -> [JSONView] {
        let content = item["content"]?.elements.map(\.self) ?? []
        return content.isEmpty ? item["summary"]?.elements.map(\.self) ?? [] : content
    }

    /// Why a response ended; nil: it has not, or does not say.
    static func finish(of response: JSONView, hasCalls: Bool) -> FinishReason? {
        switch response["status"]?.string {
        case "completed": hasCalls ? .toolCalls : .stop
        case "incomplete":
            response["incomplete_details"]?["reason"]?.string == "content_filter" ? .contentFilter : .length
        default: nil
        }
    }

    /// The usage of a response, and the class of service that it was paid for.
    static func usage(of response: JSONView) -> Usage? {
        guard let value = response["usage"], value.kind == .object else { return nil }
        return Usage(
            input: value["input_tokens"]?.unsigned,
            output: value["output_tokens"]?.unsigned,
            cachedRead: value["input_tokens_details"]?["cached_tokens"]?.unsigned,
            cacheWrite: value["input_tokens_details"]?["cache_write_tokens"]?.unsigned,
            reasoning: value["output_tokens_details"]?["reasoning_tokens"]?.unsigned,
            service: ServiceClass(word: response["service_tier"]?.string)
        )
    }

    /// What an error answer says. What was not found is the model only where that is said: a response, an item or a conversation that the
    /// client names and that is not there is the client's mistake.
    static func error(status: Int, body: [UInt8]) -> UpstreamError {
        let error = OpenAI.error(status: status, body: body)
        guard status == 404, error.code != "model_not_found", error.message.contains(" with id '") else { return error }
        return UpstreamError(.invalidRequest, status: status, message: error.message, code: error.code)
    }

    /// The error that a response holds, or an answer that is none.
    static func failure(of response: JSONView) -> UpstreamError? {
        if let error = response["error"], !error.isNull { return OpenAI.failure(error) }
        switch response["status"]?.string {
        case "failed", "cancelled":
            return UpstreamError(.server, status: 500, message: "The provider's response failed.")
        default: return nil
        }
    }

    /// What an answer in one piece tells while it passes through. The bytes go on as they are.
    package static func observed(answer body: [UInt8]) -> Observed {
        var observed = Observed(raw: body[...])
        guard let document = try? JSONDocument(body, limits: .answer) else {
            observed.error = .malformed("The provider's answer is no JSON.")
            return observed
        }
        observed.error = failure(of: document.root)
        observed.usage = usage(of: document.root)
        observed.finish = finish(of: document.root, hasCalls: hasCalls(document.root))
        observed.isMeaningful = observed.error == nil
        observed.isDone = observed.error == nil
        return observed
    }

    /// Whether a response ends with the wish that a tool be called.
    static func hasCalls(_ response: JSONView) -> Bool {
        response["output"]?.elements.contains { $0["type"]?.string == "function_call" } ?? false
    }
}
