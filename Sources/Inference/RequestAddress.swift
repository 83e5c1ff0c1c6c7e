/// What does a request's address say that other dialects have in the body?
package struct RequestAddress: Hashable, Sendable {
    /// How the answer is to come, or what the body holds.
    package enum Form: Hashable, Sendable {
        /// In one piece.
        case whole
        /// In pieces, as server-sent events.
        case events
        /// In pieces, which together are one JSON array.
        case array
        /// The body holds several requests in one.
        case batch
    }

    /// The model's name, decoded.
    package var model: String
    /// How the answer is to come, or what the body holds.
    package var form: Form

    /// Whether the answer shall come in pieces.
    package var isStreamed: Bool { form == .events || form == .array }

    /// An address.
    package init(model: String, form: Form = .whole) {
        (self.model, self.form) = (model, form)
    }
}
