/// What is asked of a model? Named as the GenAI conventions of OpenTelemetry name `gen_ai.operation.name`, and where those have no
/// name in the same manner.
package enum ModelOperation: String, Hashable, Sendable, Codable, CaseIterable {
    case chat
    /// OpenAI's old `/v1/completions`.
    case completion = "text_completion"
    /// Ollama's `/api/generate`: a conversation of one prompt.
    case generate
    case embeddings
    /// Anthropic's `/v1/messages/count_tokens`.
    case countTokens = "count_tokens"
    /// Whatever else a provider serves, passed on as it is.
    case passThrough = "pass_through"
}
