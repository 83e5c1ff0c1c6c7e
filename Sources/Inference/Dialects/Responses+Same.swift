import Wire

/// How does a request of the Responses API go on to a provider that speaks it too? What its client names by what the provider has kept
/// passes unread.
extension Responses {
    /// The request with another model's name. Every other byte is the client's.
    /// - Parameter amongOthers: whether providers of other dialects may have spoken in the conversation before.
    package static func upstreamBody(_ view: RequestView, model: String, amongOthers: Bool = false) -> [UInt8] {
        guard amongOthers, let plain = plainItems(view.messages) else { return view.body(model: model) }
        return view.body(model: model, [.set("input", plain)])
    }

    /// The items without thoughts that nobody sealed and proofs of calls: those were another provider's, told by us, and the API would look
    /// for them among what it has kept. Nil when there are none.
    static func plainItems(_ input: JSONView) -> [UInt8]? {
        guard input.elements.contains(where: { isForeignThought($0) || hasProof($0) }) else { return nil }
        var writer = JSONWriter(capacity: input.raw.count)
        writer.beginArray()
        for item in input.elements where !isForeignThought(item) {
            guard hasProof(item) else {
                writer.raw(item.raw)
                continue
            }
            let plain = try? JSONDocument(Array(item.raw)).applying([.remove(OpenAI.foreignField)])
            writer.raw(plain.map { $0[...] } ?? item.raw)
        }
        writer.endArray()
        return writer.bytes
    }

    private static func isForeignThought(_ item: JSONView) -> Bool {
        item["type"]?.string == "reasoning" && item["encrypted_content"]?.string == nil
            && item["content"]?.elements.contains { _ in true } ?? false
    }

    private static func hasProof(_ item: JSONView) -> Bool { item[OpenAI.foreignField] != nil }
}
