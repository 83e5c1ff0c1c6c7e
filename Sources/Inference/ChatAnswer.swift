/// What did a model answer, in one piece?
package struct ChatAnswer: Equatable, Sendable {
    /// The provider's own name for the answer.
    package var id: String
    /// The model that answered.
    package var model: String
    /// The text; nil if there is none, as with an answer of tool calls only.
    package var text: String?
    /// The words by which the model said no, where the provider tells them from others; `finish` is `contentFilter` then.
    package var refusal: String?
    /// What the model thought before it answered, if the provider tells.
    package var reasoning: String?
    /// The tools it wants called, in order.
    package var toolCalls: [Chat.ToolUse] = []
    /// Why it stopped; nil if the provider does not say.
    package var finish: FinishReason?
    /// What was used.
    package var usage = Usage()
    /// Fields that this form has no place for.
    package var untold = Untold()

    /// All that it said, for dialects in which a refusal is words like any others.
    var words: String? {
        guard let refusal else { return text }
        return (text ?? "") + refusal
    }

    /// An empty answer.
    package init(id: String, model: String) {
        self.id = id
        self.model = model
    }
}
