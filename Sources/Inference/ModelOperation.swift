/// What is asked of a model? Named as the GenAI conventions of OpenTelemetry name `gen_ai.operation.name`, and where those have no
/// name in the same manner.
package enum ModelOperation: String, Hashable, Sendable, Codable, CaseIterable {
    case chat
    /// OpenAI's old `/v1/completions`.
    case completion = "text_completion"
    /// Ollama's `/api/generate`: a conversation of one prompt.
    case generate
    case embeddings
    /// Anthropic's `/v1/messages/count_tokens`, and its like in the other dialects.
    case countTokens = "count_tokens"
    /// Pictures of a text: OpenAI's `/v1/images/generations`.
    case imageGeneration = "image_generation"
    /// Pictures of pictures and a text: `/v1/images/edits`.
    case imageEdit = "image_edit"
    /// Pictures like one that is shown: `/v1/images/variations`.
    case imageVariation = "image_variation"
    /// A text, spoken: `/v1/audio/speech`.
    case speech
    /// Speech, written down: `/v1/audio/transcriptions`.
    case transcription
    /// Speech, written down in English: `/v1/audio/translations`.
    case translation
    /// Documents in the order of what they say about a question: `/v1/rerank`.
    case rerank
    /// Whether a text or a picture is one that a provider wants nothing to do with: `/v1/moderations`.
    case moderation
    /// Whatever else a provider serves, passed on as it is.
    case passThrough = "pass_through"
}
