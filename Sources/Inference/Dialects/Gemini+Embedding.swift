import Wire

/// How are embeddings asked for and told in Gemini's API? One text has an address of its own, several are requests in one.
extension Gemini {
    /// The request, typed.
    static func embedding(from view: RequestView) throws(RequestError) -> EmbeddingAsk {
        var ask = EmbeddingAsk(texts: [])
        guard view.isBatch else {
            try take(view.document.root, "", into: &ask)
            return ask
        }
        for member in view.document.members where !view.document.value(of: member).isNull {
            let name = camel(view.document.name(of: member))
            // The model is the address's to name.
            if name != "model", name != "requests" { ask.uncarried.note(.wish(name)) }
        }
        for request in view.messages.elements { try take(request, "requests[\(ask.texts.count)].", into: &ask) }
        guard !ask.texts.isEmpty else { throw .wrongValue("requests", wanted: "at least one request") }
        return ask
    }

    private static func take(_ request: JSONView, _ path: String, into ask: inout EmbeddingAsk) throws(RequestError) {
        guard let content = try Field.object(request["content"], path + "content") else {
            throw .missing(path + "content")
        }
        ask.texts.append(try text(of: content, path + "content", &ask))
        let plain = path.isEmpty ? "" : "requests."
        let isFirst = ask.texts.count == 1
        var dimensions: UInt64?
        for member in request.members where !member.value.isNull {
            let name = camel(member.name)
            switch name {
            case "model", "content": break
            case "outputDimensionality": dimensions = try Field.tokens(member.value, path + name)
            case "title": ask.uncarried.note(.hint(plain + name))
            // What it is for shapes the vector, and no other dialect can say it.
            default: ask.uncarried.note(.wish(plain + name))
            }
        }
        if isFirst { ask.dimensions = dimensions }
        guard ask.dimensions == dimensions else { throw .untranslatable(path + "outputDimensionality") }
    }

    private static func text(
        of content: JSONView,
        _ field: String,
        _ ask: inout EmbeddingAsk
    ) throws(RequestError) -> String {
        var (text, count) = ("", 0)
        for part in (content["parts"] ?? content).elements {
            guard let words = part["text"]?.string else { throw .untranslatable("\(field).parts[\(count)]") }
            text += words
            for member in part.members where member.name != "text" && !member.value.isNull {
                let place = field == "content" ? field : "requests.content"
                ask.uncarried.note(.hint("\(place).parts.\(camel(member.name))"))
            }
            count += 1
        }
        guard count > 0 else { throw .missing("\(field).parts") }
        return text
    }

    /// The request for a provider: several in one, be it one text.
    static func embeddingRequest(_ ask: EmbeddingAsk, model: String) -> [UInt8] {
        let name = nameInBody(model)
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("requests")
        writer.beginArray()
        for text in ask.texts {
            writer.beginObject()
            writer.member("model", raw: name)
            writer.key("content")
            writer.beginObject()
            writer.key("parts")
            writer.beginArray()
            write(text: text, to: &writer)
            writer.endArray()
            writer.endObject()
            if let count = ask.dimensions { writer.member("outputDimensionality", count) }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    static func omissions(in ask: EmbeddingAsk) -> [Omission] {
        (ask.user == nil ? [] : [.hint("user")]) + ask.uncarried
    }

    /// What a provider answered to several in one.
    static func embeddings(from document: JSONDocument) throws(UpstreamError) -> EmbeddingAnswer {
        if let error = embeddedError(document.root) { throw error }
        guard let rows = document["embeddings"], rows.kind == .array else {
            throw .malformed("The provider's answer has no vectors.")
        }
        var vectors: [[UInt8]] = []
        for row in rows.elements {
            guard let values = row["values"], values.kind == .array else {
                throw .malformed("A vector of the provider's answer is no array.")
            }
            vectors.append(Array(values.raw))
        }
        return EmbeddingAnswer(vectors: vectors, usage: usage(document["usageMetadata"]) ?? Usage())
    }

    /// The answer for a client.
    static func body(of answer: EmbeddingAnswer, to view: RequestView) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + answer.vectors.reduce(0) { $0 + $1.count + 16 })
        writer.beginObject()
        writer.key(view.isBatch ? "embeddings" : "embedding")
        if view.isBatch { writer.beginArray() }
        for vector in answer.vectors {
            writer.beginObject()
            writer.member("values", raw: vector)
            writer.endObject()
        }
        if view.isBatch { writer.endArray() }
        if let input = answer.usage.input {
            writer.key("usageMetadata")
            writer.beginObject()
            writer.member("promptTokenCount", input)
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }
}
