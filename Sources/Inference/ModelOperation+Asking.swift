/// How is each operation asked for, and who can do it? Only conversations are translated: the others go to providers of the client's own
/// dialect, and pass byte by byte but for the model's name.
extension ModelOperation {
    /// The field that holds what the model is to read.
    var promptField: String {
        switch self {
        case .chat, .countTokens, .passThrough: "messages"
        case .completion, .generate: "prompt"
        case .embeddings: "input"
        }
    }

    /// Whether that may be a text, and not only a list.
    var takesText: Bool { self == .completion || self == .embeddings || self == .generate }

    /// Whether it is a conversation, which providers of any dialect can be asked for.
    var isTranslated: Bool { self == .chat || self == .generate }

    /// What a model must be able to do for it.
    var needs: Capabilities {
        switch self {
        case .chat, .generate, .countTokens: .chat
        case .completion: .completions
        case .embeddings: .embeddings
        case .passThrough: []
        }
    }

    /// Where it goes below a provider's address; nil where the dialect has no such thing.
    func path(in dialect: Dialect) -> String? {
        switch (self, dialect) {
        case (.generate, .ollama): "/api/generate"
        case (.chat, _), (.generate, _): dialect.chatPath
        // Below this, with the model's name.
        case (.embeddings, .gemini), (.countTokens, .gemini): dialect.chatPath
        case (.completion, .openai): "/completions"
        case (.embeddings, .openai): "/embeddings"
        case (.embeddings, .ollama): "/api/embed"
        case (.countTokens, .anthropic): "/v1/messages/count_tokens"
        case (.completion, .anthropic), (.embeddings, .anthropic), (.countTokens, .openai): nil
        case (.completion, .gemini), (.completion, .ollama), (.countTokens, .ollama), (.passThrough, _): nil
        case (.completion, .responses), (.embeddings, .responses), (.countTokens, .responses): nil
        }
    }

    /// For a person.
    var words: String {
        switch self {
        case .chat, .generate: "Conversations"
        case .completion: "Completions"
        case .embeddings: "Embeddings"
        case .countTokens: "Token counts"
        case .passThrough: "Other requests"
        }
    }
}

extension RequestError {
    /// An operation that the chosen provider's dialect has not.
    static func noSuchOperation(_ operation: ModelOperation, in dialect: Dialect) -> RequestError {
        let text =
            "\(operation.words) are not served by this model: its provider speaks the \(dialect.rawValue) dialect."
        return RequestError(.unsupported, "model", text)
    }
}
