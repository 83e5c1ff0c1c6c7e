/// How is what a provider sends read, whichever language it speaks?
extension Dialect {
    /// What a whole answer tells that passes through.
    func observed(answer body: [UInt8], to operation: ModelOperation) -> Observed {
        guard !operation.isMedia else { return OpenAI.observed(media: body, of: operation) }
        return observed(answer: body)
    }

    private func observed(answer body: [UInt8]) -> Observed {
        switch self {
        case .openai: OpenAI.observed(answer: body)
        case .anthropic: Anthropic.observed(answer: body)
        case .gemini: Gemini.observed(answer: body)
        case .ollama: Ollama.observed(answer: body)
        case .responses: Responses.observed(answer: body)
        }
    }

    /// A whole answer, typed.
    /// - Parameter decision: the request's name, of which calls get theirs that the provider gives none.
    func answer(from body: [UInt8], decision: String = "") throws(UpstreamError) -> ChatAnswer {
        switch self {
        case .openai: try OpenAI.chatAnswer(from: body)
        case .anthropic: try Anthropic.answer(from: body)
        case .gemini: try Gemini.answer(from: body, decision: decision)
        case .ollama: try Ollama.answer(from: body, decision: decision)
        case .responses: try Responses.answer(from: body)
        }
    }

    /// What an error answer says.
    func error(status: Int, body: [UInt8]) -> UpstreamError {
        switch self {
        case .openai: OpenAI.error(status: status, body: body)
        case .responses: Responses.error(status: status, body: body)
        case .anthropic: Anthropic.error(status: status, body: body)
        case .gemini: Gemini.error(status: status, body: body)
        case .ollama: Ollama.error(status: status, body: body)
        }
    }

    /// The request of a client of another dialect, and the fields that go without effect, in the client's words.
    /// - Throws: the field that cannot be expressed, in the same.
    func request(
        _ chat: Chat,
        model: String,
        stream: Bool
    ) throws(RequestError) -> (body: [UInt8], omissions: [Omission]) {
        do throws(RequestError) {
            let (body, omissions) = try written(chat, model: model, stream: stream)
            return (body, omissions.map(chat.names.named))
        } catch {
            throw chat.names.named(error, own: chat.extras)
        }
    }

    private func written(
        _ chat: Chat,
        model: String,
        stream: Bool
    ) throws(RequestError) -> (body: [UInt8], omissions: [Omission]) {
        switch self {
        case .openai:
            (try OpenAI.requestBody(chat, model: model, stream: stream), OpenAI.omissions(in: chat))
        case .anthropic:
            (try Anthropic.requestBody(chat, model: model, stream: stream), Anthropic.omissions(in: chat))
        case .gemini: (try Gemini.requestBody(chat), Gemini.omissions(in: chat))
        case .ollama:
            (try Ollama.requestBody(chat, model: model, stream: stream), Ollama.omissions(in: chat))
        case .responses:
            (try Responses.requestBody(chat, model: model, stream: stream), Responses.omissions(in: chat))
        }
    }
}
