import Wire

/// What is to be embedded, and what came of it, whichever dialect the client and the provider speak? The one form between dialects, as
/// `Chat` is for conversations. Numbers stay the text they are.
package struct EmbeddingAsk: Equatable, Sendable {
    /// One vector is wanted for each.
    package var texts: [String]
    /// Numbers of a vector; nil if the client did not say.
    package var dimensions: UInt64?
    /// Whom the request is for, an opaque name.
    package var user: String?
    /// Fields that this form has no place for, whatever the target.
    package var uncarried: [Omission] = []

    /// A request with its one indispensable part.
    package init(texts: [String]) { self.texts = texts }
}

/// One vector for each text, in their order.
package struct EmbeddingAnswer: Equatable, Sendable {
    /// JSON arrays of numbers.
    package var vectors: [[UInt8]]
    /// What was used.
    package var usage: Usage
    /// Fields that no client of another dialect sees.
    package var untold = Untold()

    /// An answer.
    package init(vectors: [[UInt8]], usage: Usage = Usage()) {
        (self.vectors, self.usage) = (vectors, usage)
    }
}

extension Dialect {
    /// The request of a client of another dialect, and the fields that go without effect.
    func embeddingRequest(
        _ ask: EmbeddingAsk,
        model: String
    ) throws(RequestError) -> (body: [UInt8], omissions: [Omission]) {
        switch self {
        case .openai: (OpenAI.embeddingRequest(ask, model: model), ask.uncarried)
        case .gemini: (Gemini.embeddingRequest(ask, model: model), Gemini.omissions(in: ask))
        case .ollama: (Ollama.embeddingRequest(ask, model: model), Ollama.omissions(in: ask))
        case .anthropic, .responses: throw .noSuchOperation(.embeddings, in: self)
        }
    }

    /// What a provider answered.
    /// - Parameter count: of the texts.
    func embeddings(from body: [UInt8], of count: Int) throws(UpstreamError) -> EmbeddingAnswer {
        guard let document = try? JSONDocument(body, limits: .answer) else {
            throw .malformed("The provider's answer is no JSON.")
        }
        var (answer, told) =
            switch self {
            case .openai: (try OpenAI.embeddings(from: document), OpenAI.toldOfVectors)
            case .gemini: (try Gemini.embeddings(from: document), Gemini.toldOfVectors)
            case .ollama: (try Ollama.embeddings(from: document), Ollama.toldOfVectors)
            case .anthropic, .responses: (EmbeddingAnswer(vectors: []), Told.whole)
            }
        answer.untold.look(at: document.root, told)
        guard answer.vectors.count == count else {
            throw .malformed("The provider's answer has not a vector for each text.")
        }
        return answer
    }
}

extension ClientDialect {
    /// What is to be embedded.
    func embedding(from view: RequestView) throws(RequestError) -> EmbeddingAsk {
        switch self {
        case .openai: try OpenAI.embedding(from: view)
        case .gemini: try Gemini.embedding(from: view)
        case .ollama: try Ollama.embedding(from: view)
        case .anthropic, .responses, .mistral: throw .untranslatable("model")
        }
    }

    /// The answer of a provider that speaks another dialect.
    /// - Parameter view: of the request, which may say how vectors are to be written.
    func body(of answer: EmbeddingAnswer, to view: RequestView) -> [UInt8] {
        switch self {
        case .openai: OpenAI.body(of: answer, to: view)
        case .gemini: Gemini.body(of: answer, to: view)
        case .ollama: Ollama.body(of: answer, to: view)
        // They have no such requests.
        case .anthropic, .responses, .mistral: []
        }
    }
}
