package import Wire

/// What must be known of a Chat Completions request to route it, and how does it go on to a provider of the same dialect?
package enum OpenAI {
    /// A request, checked to be JSON, with the few members that routing asks for. Everything else stays as it came.
    package struct RequestView: Sendable {
        /// The whole body.
        package let document: JSONDocument
        /// The model asked for.
        package let model: String
        /// Whether the answer shall come in pieces.
        package let stream: Bool
        /// Whether a streamed answer shall end with the usage.
        package let includeUsage: Bool
        /// Whether tools are on offer.
        package let hasTools: Bool
        /// Whom the request is for, if it says.
        package let user: String?
        /// The most tokens the answer may have, if it says.
        package let maxTokens: UInt64?

        /// Reads a body.
        /// - Throws: what is wrong with it, ready to be told to the client.
        package init(body: [UInt8]) throws(RequestError) {
            let document = try OpenAI.document(body)
            guard let model = document["model"], !model.isNull else { throw .missing("model") }
            guard let name = model.string, !name.isEmpty else {
                throw .wrongType("model", wanted: "a non-empty string")
            }
            guard let messages = document["messages"], !messages.isNull else { throw .missing("messages") }
            guard messages.kind == .array else { throw .wrongType("messages", wanted: "an array") }
            self.document = document
            self.model = name
            stream = try OpenAI.flag(document["stream"], "stream") ?? false
            includeUsage = try OpenAI.includeUsage(document["stream_options"])
            hasTools = document["tools"]?.elements.contains { _ in true } ?? false
            user = document["user"]?.string
            maxTokens = document["max_completion_tokens"]?.unsigned ?? document["max_tokens"]?.unsigned
        }

        /// The messages, unread.
        package var messages: JSONView { document["messages"] ?? document.root }

        /// Bytes of text to a token, a middle value for English prose; other scripts and code have fewer.
        private static let bytesPerToken: UInt64 = 4

        /// A rough count of the prompt's tokens from its size, to reserve a budget by until the provider reports.
        package var estimatedInputTokens: UInt64 {
            let bytes = messages.raw.count + (document["tools"]?.raw.count ?? 0)
            return (UInt64(bytes) + Self.bytesPerToken - 1) / Self.bytesPerToken
        }

        /// Whether a message holds an image. Walks over all messages: ask once.
        package var hasImages: Bool {
            messages.elements.contains { message in
                message["content"]?.elements.contains { $0["type"]?.string == "image_url" } ?? false
            }
        }
    }

    /// The request for a provider of this dialect: another model name, and the usage asked for in streams, since the meter
    /// needs it. Every other byte is the client's.
    package static func upstreamBody(_ view: RequestView, model: String) -> [UInt8] {
        var name = JSONWriter(capacity: model.utf8.count + 2)
        name.string(model)
        var edits: [JSONEdit] = [.set("model", name.bytes)]
        if view.stream { edits.append(.within("stream_options", [.set("include_usage", Array("true".utf8))])) }
        // Only an object passes `RequestView`, so this refuses nothing.
        return (try? view.document.applying(edits)) ?? view.document.bytes
    }

    private static func document(_ body: [UInt8]) throws(RequestError) -> JSONDocument {
        let document: JSONDocument
        do {
            document = try JSONDocument(body, limits: .request)
        } catch {
            let status = error.reason == .tooLarge ? 413 : 400
            throw RequestError(.invalidJSON, nil, "The body is not acceptable JSON: \(error).", status: status)
        }
        guard document.root.kind == .object else {
            throw RequestError(.invalidJSON, nil, "The body must be a JSON object.")
        }
        return document
    }

    private static func includeUsage(_ options: JSONView?) throws(RequestError) -> Bool {
        guard let options, !options.isNull else { return false }
        guard options.kind == .object else { throw .wrongType("stream_options", wanted: "an object") }
        return try flag(options["include_usage"], "stream_options.include_usage") ?? false
    }

    /// A flag that may be missing or null.
    static func flag(_ view: JSONView?, _ field: String) throws(RequestError) -> Bool? {
        guard let view, !view.isNull else { return nil }
        guard let flag = view.bool else { throw .wrongType(field, wanted: "a boolean") }
        return flag
    }

    /// A text that may be missing or null.
    static func text(_ view: JSONView?, _ field: String) throws(RequestError) -> String? {
        guard let view, !view.isNull else { return nil }
        guard let text = view.string else { throw .wrongType(field, wanted: "a string") }
        return text
    }

    /// A text that must be there.
    static func requiredText(_ view: JSONView?, _ field: String) throws(RequestError) -> String {
        guard let text = try text(view, field) else { throw .missing(field) }
        return text
    }
}
