package import Wire

/// Which language does a provider speak, and how is it addressed in it?
package enum Dialect: String, CaseIterable, Hashable, Sendable, Codable {
    /// OpenAI's Chat Completions API, spoken by many servers besides.
    case openai
    /// Anthropic's Messages API.
    case anthropic
    /// Gemini's API.
    case gemini
    /// Ollama's own API.
    case ollama
    /// OpenAI's Responses API.
    case responses

    /// Where chat requests go, below the provider's configured address. OpenAI's address holds the version, Anthropic's does
    /// not, as each provider's own documentation writes it.
    package var chatPath: String {
        switch self {
        case .openai: "/chat/completions"
        case .anthropic: "/v1/messages"
        // Below it stand the models, which have the conversations below them.
        case .gemini: "/models"
        case .ollama: "/api/chat"
        case .responses: "/responses"
        }
    }

    /// The type of an answer that comes in pieces.
    package var streamType: String {
        switch self {
        case .openai, .anthropic, .gemini, .responses: "text/event-stream"
        case .ollama: "application/x-ndjson"
        }
    }

    /// What stands before all paths: the path of the provider's configured address, or the version that everybody uses where it has
    /// none and the dialect keeps it there.
    package func versioned(_ path: String) -> String { self == .gemini && path.isEmpty ? "/v1beta" : path }

    /// The version of the Messages API that our encoders write, sent with every request.
    package static let anthropicVersion = "2023-06-01"

    /// The fields that carry the key and what else the dialect wants in a head; nil if the key cannot stand in one.
    package func fields(key: String) -> [HTTPField]? {
        switch self {
        case .openai, .ollama, .responses: HTTPField("authorization", "Bearer \(key)").map { [$0] }
        case .anthropic:
            HTTPField("x-api-key", key).flatMap { key in
                HTTPField("anthropic-version", Self.anthropicVersion).map { [key, $0] }
            }
        case .gemini: HTTPField("x-goog-api-key", key).map { [$0] }
        }
    }
}
