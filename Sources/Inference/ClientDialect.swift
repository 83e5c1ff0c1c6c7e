/// Which language does a client speak, and how is it answered in it? An enum with methods, as `Dialect` is for providers: nothing
/// is looked up, and no box stands between a chunk and its client.
import Wire

package enum ClientDialect: String, CaseIterable, Hashable, Sendable, Codable {
    /// OpenAI's Chat Completions API.
    case openai
    /// Anthropic's Messages API.
    case anthropic
    /// Gemini's API.
    case gemini
    /// Ollama's own API.
    case ollama
    /// OpenAI's Responses API.
    case responses
    /// Mistral's API: OpenAI's Chat Completions with words of its own.
    case mistral

    /// The providers whose bytes may pass as they are.
    package var provider: Dialect {
        switch self {
        case .openai, .mistral: .openai
        case .anthropic: .anthropic
        case .gemini: .gemini
        case .ollama: .ollama
        case .responses: .responses
        }
    }

    /// The HTTP status of an error, where the dialects differ: Anthropic's has one word for whatever will pass by waiting.
    package func status(of error: ClientError) -> Int {
        switch self {
        case .openai, .gemini, .ollama, .responses, .mistral: error.status
        case .anthropic: error.status == 503 ? Anthropic.overloadedStatus : error.status
        }
    }

    /// The body of an error answer.
    /// - Parameter id: the request's name, which Anthropic's dialect repeats.
    package func body(of error: ClientError, id: String) -> [UInt8] {
        switch self {
        case .openai, .responses, .mistral: OpenAI.errorBody(error)
        case .anthropic: Anthropic.errorBody(error, id: id)
        case .gemini: Gemini.errorBody(error)
        case .ollama: Ollama.errorBody(error)
        }
    }

    /// The event that breaks a stream off; no mark of a proper end may follow.
    /// - Parameters:
    ///   - body: of the error, as `body(of:id:)` makes it.
    ///   - isArray: whether the stream is one JSON array in pieces.
    ///   - isFirst: whether nothing of the answer was told before.
    ///   - sequence: the event's number, in the dialect that counts them.
    func event(ofError body: [UInt8], isArray: Bool, isFirst: Bool, sequence: UInt64 = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .gemini: bytes = Gemini.event(ofError: body, isArray: isArray, isFirst: isFirst)
        case .openai, .mistral: EventStreamWriter.append(data: body, to: &bytes)
        case .anthropic: EventStreamWriter.append(event: "error", data: body, to: &bytes)
        case .ollama: bytes = body + [0x0A]
        case .responses: bytes = Responses.event(ofError: body, sequence: sequence)
        }
        return bytes
    }

    /// The type of an answer that comes in pieces.
    var streamType: String {
        switch self {
        case .openai, .anthropic, .gemini, .responses, .mistral: "text/event-stream"
        case .ollama: "application/x-ndjson"
        }
    }

    /// What is sent on a silent stream, so that nothing between us and the client thinks it dead.
    /// - Parameters:
    ///   - model: the model's name as the client knows it, for dialects that have no comment and need a piece that says nothing.
    ///   - second: since 1970, when the request came.
    ///   - operation: what was asked for.
    func heartbeat(model: String, second: UInt64, _ operation: ModelOperation) -> [UInt8] {
        switch self {
        case .openai, .responses, .mistral: EventStreamWriter.heartbeat
        case .anthropic: Anthropic.ping
        case .gemini: Gemini.heartbeat
        case .ollama: Ollama.heartbeat(operation, model: model, created: second)
        }
    }

    /// The name of an answer that is not passed through.
    func answerID(_ decision: String) -> String {
        switch self {
        case .openai: "chatcmpl-" + decision
        case .anthropic: "msg_" + decision
        case .gemini, .mistral: decision
        // The dialect has no names for answers.
        case .ollama: ""
        case .responses: "resp_" + decision
        }
    }

    /// Whether its clients bring the proof of a call back, which the call's provider wants to see.
    var takesProofs: Bool {
        switch self {
        case .openai, .responses: true
        case .anthropic, .gemini, .ollama, .mistral: false
        }
    }

    /// Names of fields that a client never sees of a whole answer.
    func untold(of answer: ChatAnswer) -> [String] {
        var untold = answer.untold
        if !takesProofs, answer.toolCalls.contains(where: { $0.signature != nil }) {
            untold.note(path: Gemini.proofField)
        }
        return untold.names
    }

    /// A whole answer of a provider that speaks another dialect.
    /// - Parameter times: how long it took.
    func answer(_ answer: ChatAnswer, _ terms: AnswerTerms, times: AnswerTimes = AnswerTimes()) -> [UInt8] {
        let (id, model, created) = (answerID(terms.decision), terms.model, terms.created)
        return switch self {
        case .openai: OpenAI.answer(answer, id: id, model: model, created: created)
        case .mistral: Mistral.answer(answer, id: id, model: model, created: created)
        case .anthropic: Anthropic.answer(answer, id: id, model: model)
        case .gemini: Gemini.answer(answer, id: id, model: model)
        case .ollama: Ollama.answer(answer, to: terms.operation, model: model, created: created, times: times)
        case .responses: Responses.answer(answer, terms)
        }
    }

    /// The request in the form between dialects.
    func chat(from view: RequestView) throws(RequestError) -> Chat {
        switch self {
        case .openai: try OpenAI.chat(from: view)
        case .mistral: try Mistral.chat(from: view)
        case .anthropic: try Anthropic.chat(from: view)
        case .gemini: try Gemini.chat(from: view)
        case .ollama: try Ollama.chat(from: view)
        case .responses: try Responses.chat(from: view)
        }
    }
}
