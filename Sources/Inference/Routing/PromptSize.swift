/// How large is a prompt, as far as it decides how quickly an answer begins? Members are measured for each class apart.

package enum PromptSize: Int, Hashable, Sendable, CaseIterable {
    case small, medium, large

    /// Tokens of the smallest prompt that is not small any more, and of the smallest large one: a question with its instructions; a
    /// conversation or a document; a pile of documents.
    static let mediumFrom: UInt64 = 1000
    static let largeFrom: UInt64 = 8000

    package init(tokens: UInt64) {
        self = tokens < Self.mediumFrom ? .small : tokens < Self.largeFrom ? .medium : .large
    }
}
