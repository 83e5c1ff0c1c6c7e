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

    /// Percent-decoding (RFC 3986 §2.1) of one path segment; nil when it is empty, broken or no UTF-8.
    package static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }
}
