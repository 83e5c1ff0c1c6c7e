import Wire

/// How are embeddings asked for and told in Ollama's API?
extension Ollama {
    /// The request, typed.
    static func embedding(from view: RequestView) throws(RequestError) -> EmbeddingAsk {
        let input = view.messages
        var ask = EmbeddingAsk(texts: [])
        if let text = input.string { ask.texts = [text] } else { ask.texts = try Field.texts(input, "input") }
        guard !ask.texts.isEmpty else { throw .wrongValue("input", wanted: "at least one text") }
        for member in view.document.members {
            let (name, value) = (view.document.name(of: member), view.document.value(of: member))
            if value.isNull { continue }
            switch name {
            case "model", "input": break
            case "dimensions": ask.dimensions = try Field.tokens(value, name)
            // Others refuse a text that is too long, as `false` has it.
            case "truncate": if try Field.flag(value, name) == true { ask.uncarried.note(.hint(name)) }
            case "keep_alive", "options": ask.uncarried.note(.hint(name))
            default: ask.uncarried.note(.wish(name))
            }
        }
        return ask
    }

    /// The request for a provider. A text that is too long is refused there, as other providers do it.
    static func embeddingRequest(_ ask: EmbeddingAsk, model: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("model", model)
        writer.key("input")
        writer.beginArray()
        for text in ask.texts { writer.string(text) }
        writer.endArray()
        if let count = ask.dimensions { writer.member("dimensions", count) }
        writer.member("truncate", false)
        writer.endObject()
        return writer.bytes
    }

    static func omissions(in ask: EmbeddingAsk) -> [Omission] {
        (ask.user == nil ? [] : [.hint("user")]) + ask.uncarried
    }

    /// What a provider answered.
    static func embeddings(from document: JSONDocument) throws(UpstreamError) -> EmbeddingAnswer {
        if let error = embeddedError(document) { throw error }
        guard let rows = document["embeddings"], rows.kind == .array else {
            throw .malformed("The provider's answer has no vectors.")
        }
        var vectors: [[UInt8]] = []
        for row in rows.elements {
            guard row.kind == .array else { throw .malformed("A vector of the provider's answer is no array.") }
            vectors.append(Array(row.raw))
        }
        return EmbeddingAnswer(vectors: vectors, usage: usage(of: document))
    }

    /// The answer for a client.
    static func body(of answer: EmbeddingAnswer, to view: RequestView) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + answer.vectors.reduce(0) { $0 + $1.count + 1 })
        writer.beginObject()
        writer.member("model", view.model)
        writer.key("embeddings")
        writer.beginArray()
        for vector in answer.vectors { writer.raw(vector[...]) }
        writer.endArray()
        if let input = answer.usage.input { writer.member("prompt_eval_count", input) }
        writer.endObject()
        return writer.bytes
    }
}
