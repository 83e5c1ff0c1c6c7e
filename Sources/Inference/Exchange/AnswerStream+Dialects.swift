/// Who watches, reads and tells a stream, whichever dialects it is in? Of each kind one is there: they are stored apart, and not in an
/// enum, so that they are changed in place instead of being copied with their buffers at every chunk.

/// What of a request stands in its answer.
struct AnswerTerms: Sendable {
    /// The request's name.
    let decision: String
    /// The model's name as the client knows it.
    let model: String
    /// Seconds since 1970.
    let created: UInt64
    /// Whether the client asked for the usage.
    var includeUsage = true
    /// Whether the client wants one JSON array in pieces.
    var isArray = false
    /// What was asked for.
    var operation = ModelOperation.chat
    /// Whether calls must be told whole to the client, whatever the provider's dialect.
    var tellsCallsWhole = false
    /// What the answer repeats of the request, in the dialect that does; the beginning of a JSON object.
    var echo: [UInt8] = []
    /// How names in it are told that lead back to its member; nil: as they are.
    var retelling: Responses.Retelling?
}

/// Watches a provider's stream that passes through.
struct ProviderObserver: Sendable {
    private var openAI: OpenAI.StreamObserver?
    private var anthropic: Anthropic.StreamObserver?
    private var gemini: Gemini.StreamObserver?
    private var ollama: Ollama.StreamObserver?
    private var responses: Responses.StreamObserver?
    private var media: OpenAI.MediaObserver?

    init() {}

    init(_ provider: Dialect, _ terms: AnswerTerms) {
        guard !terms.operation.isMedia else {
            media = OpenAI.MediaObserver(terms.operation)
            return
        }
        switch provider {
        case .openai: openAI = OpenAI.StreamObserver(includeUsage: terms.includeUsage)
        case .anthropic: anthropic = Anthropic.StreamObserver()
        case .gemini: gemini = Gemini.StreamObserver(isArray: terms.isArray)
        case .ollama: ollama = Ollama.StreamObserver()
        case .responses: responses = Responses.StreamObserver(terms.retelling)
        }
    }

    mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [Observed] {
        if let observed = try openAI?.feed(bytes) { return observed }
        if let observed = try anthropic?.feed(bytes) { return observed }
        if let observed = try gemini?.feed(bytes) { return observed }
        if let observed = try responses?.feed(bytes) { return observed }
        if let observed = try media?.feed(bytes) { return observed }
        return try ollama?.feed(bytes) ?? []
    }

    mutating func finish() -> Observed? {
        if media != nil { return media?.finish() }
        if responses != nil { return responses?.finish() }
        if openAI != nil { return openAI?.finish() }
        if anthropic != nil { return anthropic?.finish() }
        return gemini == nil ? ollama?.finish() : gemini?.finish()
    }

    /// Whether the stream is one of pictures, speech or words.
    var isOfMedia: Bool { media != nil }

    /// The mark of a proper end, where providers leave it out; empty where there is none, nil where they never do.
    var missingEnd: ArraySlice<UInt8>? {
        if let gemini { return gemini.end }
        // The connection's end is theirs.
        if media != nil { return [] }
        return openAI == nil ? nil : Self.doneEvent[...]
    }

    private static let doneEvent = Array("data: [DONE]\n\n".utf8)
}

/// Reads a provider's stream for a client of another dialect.
struct ProviderDecoder: Sendable {
    private var openAI: OpenAI.StreamDecoder?
    private var anthropic: Anthropic.StreamDecoder?
    private var gemini: Gemini.StreamDecoder?
    private var ollama: Ollama.StreamDecoder?
    private var responses: Responses.StreamDecoder?

    init() {}

    /// - Parameter decision: the request's name, for calls that the provider gives none.
    init(_ provider: Dialect, decision: String) {
        switch provider {
        case .openai: openAI = OpenAI.StreamDecoder()
        case .anthropic: anthropic = Anthropic.StreamDecoder()
        case .gemini: gemini = Gemini.StreamDecoder(decision: decision)
        case .ollama: ollama = Ollama.StreamDecoder(decision: decision)
        case .responses: responses = Responses.StreamDecoder()
        }
    }

    mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [ChatEvent] {
        if let events = try openAI?.feed(bytes) { return events }
        if let events = try anthropic?.feed(bytes) { return events }
        if let events = try gemini?.feed(bytes) { return events }
        if let events = try responses?.feed(bytes) { return events }
        return try ollama?.feed(bytes) ?? []
    }

    mutating func finish() throws(UpstreamError) -> [ChatEvent] {
        if let events = try responses?.finish() { return events }
        if let events = try openAI?.finish() { return events }
        if let events = try anthropic?.finish() { return events }
        if let events = try gemini?.finish() { return events }
        return try ollama?.finish() ?? []
    }

    /// What of the stream no event could tell.
    var untold: Untold {
        openAI?.untold ?? anthropic?.untold ?? gemini?.untold ?? responses?.untold ?? ollama?.untold ?? Untold()
    }

    /// Whether providers leave the mark of a proper end out, or there is none.
    var mayLackEnd: Bool { openAI != nil || gemini != nil }
}

/// Tells a client what a provider of another dialect answers.
struct ClientEncoder: Sendable {
    private var openAI: OpenAI.StreamEncoder?
    private var anthropic: Anthropic.StreamEncoder?
    private var gemini: Gemini.StreamEncoder?
    private var ollama: Ollama.StreamEncoder?
    private var responses: Responses.StreamEncoder?
    private var mistral: Mistral.StreamEncoder?

    init() {}

    init(_ client: ClientDialect, _ terms: AnswerTerms) {
        let id = client.answerID(terms.decision)
        switch client {
        case .openai:
            openAI = OpenAI.StreamEncoder(
                id: id,
                model: terms.model,
                created: terms.created,
                includeUsage: terms.includeUsage
            )
        case .anthropic: anthropic = Anthropic.StreamEncoder(id: id, model: terms.model)
        case .gemini: gemini = Gemini.StreamEncoder(id: id, model: terms.model, isArray: terms.isArray)
        case .ollama:
            ollama = Ollama.StreamEncoder(terms.operation, model: terms.model, created: terms.created)
        case .responses: responses = Responses.StreamEncoder(terms)
        case .mistral: mistral = Mistral.StreamEncoder(id: id, terms)
        }
    }

    /// - Parameter times: how long it took up to now.
    mutating func encode(_ event: ChatEvent, times: AnswerTimes) -> [UInt8] {
        if let bytes = openAI?.encode(event) { return bytes }
        if let bytes = anthropic?.encode(event) { return bytes }
        if let bytes = gemini?.encode(event) { return bytes }
        if let bytes = responses?.encode(event) { return bytes }
        if let bytes = mistral?.encode(event) { return bytes }
        return ollama?.encode(event, times: times) ?? []
    }

    /// Whether something was too large to be told: the answer cannot go on.
    var hasOverflowed: Bool {
        ollama?.hasOverflowed ?? responses?.hasOverflowed ?? mistral?.hasOverflowed ?? false
    }

    /// The number of the next event, in the dialect that counts them.
    var sequence: UInt64 { responses?.sequence ?? 0 }
}
