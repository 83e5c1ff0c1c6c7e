import Wire

/// How are embeddings asked for and told in the OpenAI dialect?
extension OpenAI {
    /// The request, typed.
    static func embedding(from view: RequestView) throws(RequestError) -> EmbeddingAsk {
        var ask = EmbeddingAsk(texts: [])
        let input = view.messages
        if let text = input.string {
            ask.texts = [text]
        } else {
            for element in input.elements {
                // Tokens are numbers of one provider's model.
                guard let text = element.string else { throw .untranslatable("input[\(ask.texts.count)]") }
                ask.texts.append(text)
            }
        }
        guard !ask.texts.isEmpty else { throw .wrongValue("input", wanted: "at least one text") }
        for member in view.document.members {
            let (name, value) = (view.document.name(of: member), view.document.value(of: member))
            if value.isNull { continue }
            switch name {
            case "model", "input": break
            case "encoding_format": _ = try isBase64(value)
            case "dimensions": ask.dimensions = try Field.tokens(value, name)
            case "user": ask.user = try Field.text(value, name)
            default: ask.uncarried.note(.wish(name))
            }
        }
        return ask
    }

    private static func isBase64(_ value: JSONView?) throws(RequestError) -> Bool {
        switch try Field.text(value, "encoding_format") {
        case "float", nil: false
        case "base64": true
        default: throw .wrongValue("encoding_format", wanted: "'float' or 'base64'")
        }
    }

    /// The request for a provider.
    static func embeddingRequest(_ ask: EmbeddingAsk, model: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("model", model)
        writer.key("input")
        writer.beginArray()
        for text in ask.texts { writer.string(text) }
        writer.endArray()
        if let count = ask.dimensions { writer.member("dimensions", count) }
        writer.member("encoding_format", "float")
        if let user = ask.user { writer.member("user", user) }
        writer.endObject()
        return writer.bytes
    }

    /// What a provider answered; its vectors may come in any order.
    static func embeddings(from document: JSONDocument) throws(UpstreamError) -> EmbeddingAnswer {
        if let error = embeddedError(document) { throw error }
        guard let data = document["data"], data.kind == .array else {
            throw .malformed("The provider's answer has no vectors.")
        }
        var rows: [(index: UInt64, vector: [UInt8])] = []
        for row in data.elements {
            guard let vector = row["embedding"], vector.kind == .array else {
                throw .malformed("A vector of the provider's answer is no array.")
            }
            rows.append((row["index"]?.unsigned ?? UInt64(rows.count), Array(vector.raw)))
        }
        let ordered = rows.enumerated().sorted { ($0.element.index, $0.offset) < ($1.element.index, $1.offset) }
        return EmbeddingAnswer(vectors: ordered.map(\.element.vector), usage: usage(of: document) ?? Usage())
    }

    /// The answer for a client.
    static func body(of answer: EmbeddingAnswer, to view: RequestView) -> [UInt8] {
        // It was read before the provider was asked.
        let isPacked = (try? isBase64(view.document["encoding_format"])) ?? false
        var writer = JSONWriter(capacity: 256 + answer.vectors.reduce(0) { $0 + $1.count })
        writer.beginObject()
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for (index, vector) in answer.vectors.enumerated() {
            writer.beginObject()
            writer.member("object", "embedding")
            writer.member("index", UInt64(index))
            if isPacked { writer.member("embedding", packed(vector)) } else { writer.member("embedding", raw: vector) }
            writer.endObject()
        }
        writer.endArray()
        writer.member("model", view.model)
        if let input = answer.usage.input {
            writer.key("usage")
            writer.beginObject()
            writer.member("prompt_tokens", input)
            writer.member("total_tokens", input)
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }

    /// Numbers of 32 bits, least significant byte first, in base64 (RFC 4648 §4).
    private static func packed(_ vector: [UInt8]) -> String {
        guard let document = try? JSONDocument(vector, limits: .answer) else { return "" }
        var bytes: [UInt8] = []
        for number in document.root.elements {
            let bits = (number.number.flatMap { Float($0) } ?? 0).bitPattern
            for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        }
        return base64(bytes)
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var place = 0
        while place < bytes.count {
            let count = min(3, bytes.count - place)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[place + offset]) : 0) }
            for offset in 0..<4 {
                let shift = UInt32(18 - 6 * offset)
                text.append(offset <= count ? digits[Int(group >> shift & 63)] : UInt8(ascii: "="))
            }
            place += 3
        }
        return String(decoding: text, as: UTF8.self)
    }
}
