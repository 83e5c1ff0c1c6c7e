import Wire

/// What of a request changes for a provider of the client's own dialect? The model's name stands in the address; where the body repeats
/// it, both must say the same. Every other byte is the client's.
extension Gemini {
    /// The request for a provider of this dialect.
    /// - Parameter amongOthers: whether providers of other dialects may have spoken in the conversation before.
    package static func upstreamBody(_ view: RequestView, model: String, amongOthers: Bool = false) -> [UInt8] {
        var edits: [JSONEdit] = []
        let name = nameInBody(model)
        if view.document["model"] != nil { edits.append(.set("model", name)) }
        switch view.operation {
        case .countTokens:
            for field in ["generateContentRequest", "generate_content_request"]
            where view.document[field]?["model"] != nil {
                edits.append(.within(field, [.set("model", name)]))
            }
        case .embeddings:
            if let requests = view.document["requests"] { edits.append(.set("requests", batch(requests, of: name))) }
        case .chat, .generate:
            let contents = amongOthers ? signedContents(view.messages) : nil
            if let contents { edits.append(.set("contents", contents)) }
        case .completion, .imageGeneration, .imageEdit, .imageVariation, .speech, .transcription, .translation, .rerank,
            .moderation, .passThrough:
            break
        }
        guard !edits.isEmpty else { return view.document.bytes }
        // Only an object passes `RequestView`, so this refuses nothing.
        return (try? view.document.applying(edits)) ?? view.document.bytes
    }

    /// A model's name as it stands in a body, a JSON string.
    static func nameInBody(_ model: String) -> [UInt8] {
        var writer = JSONWriter(capacity: model.utf8.count + 16)
        writer.string(model.utf8.contains(UInt8(ascii: "/")) ? model : "models/\(model)")
        return writer.bytes
    }

    private static func batch(_ requests: JSONView, of name: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: requests.raw.count + 64)
        writer.beginArray()
        for request in requests.elements {
            let named = try? JSONDocument(Array(request.raw)).applying([.set("model", name)])
            writer.raw(named.map { $0[...] } ?? request.raw)
        }
        writer.endArray()
        return writer.bytes
    }

    // MARK: Calls of other providers' models

    /// The contents with the API's word for calls that its own models have not made; nil when there are none. Without a proof of the first
    /// of them, the current models refuse the conversation.
    private static func signedContents(_ contents: JSONView) -> [UInt8]? {
        guard contents.elements.contains(where: { firstUnsigned($0) != nil }) else { return nil }
        var writer = JSONWriter(capacity: contents.raw.count + 64)
        writer.beginArray()
        for content in contents.elements {
            if let place = firstUnsigned(content) {
                writeSigned(content, at: place, to: &writer)
            } else {
                writer.raw(content.raw)
            }
        }
        writer.endArray()
        return writer.bytes
    }

    /// The first call of a content in which none is signed.
    private static func firstUnsigned(_ content: JSONView) -> Int? {
        var first: Int?
        for (place, part) in (content["parts"] ?? content).elements.enumerated() {
            guard part["functionCall"] ?? part["function_call"] != nil else { continue }
            if part["thoughtSignature"] ?? part["thought_signature"] != nil { return nil }
            first = first ?? place
        }
        return first
    }

    private static func writeSigned(_ content: JSONView, at place: Int, to writer: inout JSONWriter) {
        writer.beginObject()
        for member in content.members {
            writer.key(member.name)
            guard member.spells("parts") else {
                writer.raw(member.value.raw)
                continue
            }
            writer.beginArray()
            for (number, part) in member.value.elements.enumerated() {
                let signature: [UInt8]? = number == place ? Array("\"\(foreignSignature)\"".utf8) : nil
                let signed = signature.flatMap {
                    try? JSONDocument(Array(part.raw)).applying([.set("thoughtSignature", $0)])
                }
                writer.raw(signed.map { $0[...] } ?? part.raw)
            }
            writer.endArray()
        }
        writer.endObject()
    }
}
