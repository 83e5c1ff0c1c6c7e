/// How is each operation asked for, and who can do it? Only conversations are translated: the others go to providers of the client's own
/// dialect, and pass byte by byte but for the model's name.
extension ModelOperation {
    /// The field that holds what the model is to read; nil: no text needs to be there.
    var promptField: String? {
        switch self {
        case .chat, .countTokens, .passThrough: "messages"
        case .completion, .generate, .imageGeneration, .imageEdit: "prompt"
        case .embeddings, .speech, .moderation: "input"
        case .rerank: "documents"
        case .imageVariation, .transcription, .translation: nil
        }
    }

    /// Whether that may be a text, and whether it may be a list.
    var takes: (text: Bool, list: Bool) {
        switch self {
        case .chat, .countTokens, .passThrough, .rerank, .imageVariation, .transcription, .translation: (false, true)
        case .completion, .embeddings, .generate, .moderation: (true, true)
        case .imageGeneration, .imageEdit, .speech: (true, false)
        }
    }

    /// Whether it is a conversation, which providers of any dialect can be asked for.
    var isTranslated: Bool { self == .chat || self == .generate }

    /// Whether it is about pictures, sound or an order, and not a text that goes on: its answers have units of their own, need be no JSON, and
    /// their streams no mark of the end.
    package var isMedia: Bool {
        switch self {
        case .chat, .completion, .generate, .embeddings, .countTokens, .passThrough: false
        case .imageGeneration, .imageEdit, .imageVariation, .speech, .transcription, .translation, .rerank,
            .moderation:
            true
        }
    }

    /// Whether what it is about comes as a form with files (RFC 7578), where a client does not say it in JSON.
    package var takesForms: Bool {
        switch self {
        case .imageEdit, .imageVariation, .transcription, .translation: true
        case .chat, .completion, .generate, .embeddings, .countTokens, .imageGeneration, .speech, .rerank,
            .moderation, .passThrough:
            false
        }
    }

    /// Whether its answer can come in pieces; of conversations and completions it is a matter of course.
    var streams: Bool {
        switch self {
        case .chat, .generate, .completion, .imageGeneration, .imageEdit, .speech, .transcription: true
        case .embeddings, .countTokens, .imageVariation, .translation, .rerank, .moderation, .passThrough: false
        }
    }

    /// Whether a text comes back that is paid for.
    var hasAnswer: Bool {
        switch self {
        case .embeddings, .rerank, .moderation: false
        case .chat, .generate, .completion, .countTokens, .imageGeneration, .imageEdit, .imageVariation, .speech,
            .transcription, .translation, .passThrough:
            true
        }
    }

    /// What is shown to the model; nil: what its request says.
    var modalities: Modalities? {
        switch self {
        case .imageGeneration, .speech, .rerank: .text
        case .imageEdit: [.image, .text]
        case .imageVariation: .image
        case .transcription, .translation: .audio
        case .chat, .completion, .generate, .embeddings, .countTokens, .moderation, .passThrough: nil
        }
    }

    /// What a model must be able to do for it.
    var needs: Capabilities {
        switch self {
        case .chat, .generate, .countTokens: .chat
        case .completion: .completions
        case .embeddings: .embeddings
        case .imageGeneration: .imageGeneration
        case .imageEdit, .imageVariation: .imageEditing
        case .speech: .speech
        case .transcription, .translation: .transcription
        case .rerank: .rerank
        case .moderation: .moderation
        case .passThrough: []
        }
    }

    /// Where it goes below a provider's address; nil where the dialect has no such thing.
    func path(in dialect: Dialect) -> String? {
        switch self {
        case .chat: dialect.chatPath
        case .generate: dialect == .ollama ? "/api/generate" : dialect.chatPath
        case .embeddings: dialect.embeddingsPath
        case .completion: dialect == .openai ? "/completions" : nil
        case .countTokens: dialect.countPath
        case .imageGeneration: dialect == .openai ? "/images/generations" : nil
        case .imageEdit: dialect == .openai ? "/images/edits" : nil
        case .imageVariation: dialect == .openai ? "/images/variations" : nil
        case .speech: dialect == .openai ? "/audio/speech" : nil
        case .transcription: dialect == .openai ? "/audio/transcriptions" : nil
        case .translation: dialect == .openai ? "/audio/translations" : nil
        case .rerank: dialect == .openai ? "/rerank" : nil
        case .moderation: dialect == .openai ? "/moderations" : nil
        case .passThrough: nil
        }
    }

    /// For a person.
    var words: String {
        switch self {
        case .chat, .generate: "Conversations"
        case .completion: "Completions"
        case .embeddings: "Embeddings"
        case .countTokens: "Token counts"
        case .imageGeneration: "Images"
        case .imageEdit: "Image edits"
        case .imageVariation: "Image variations"
        case .speech: "Speech"
        case .transcription: "Transcriptions"
        case .translation: "Translations of speech"
        case .rerank: "Rankings"
        case .moderation: "Moderations"
        case .passThrough: "Other requests"
        }
    }
}

extension Dialect {
    fileprivate var embeddingsPath: String? {
        switch self {
        case .openai: "/embeddings"
        // Below this, with the model's name.
        case .gemini: chatPath
        case .ollama: "/api/embed"
        case .anthropic, .responses: nil
        }
    }

    fileprivate var countPath: String? {
        switch self {
        case .anthropic: "/v1/messages/count_tokens"
        case .gemini: chatPath
        case .responses: "/responses/input_tokens"
        case .openai, .ollama: nil
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
