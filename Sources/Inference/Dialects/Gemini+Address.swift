import Wire

/// Where does a request to Gemini's API go? The model and what is wanted of it are one segment: `models/NAME:generateContent`.
extension Gemini {
    /// What stands behind the colon, and the query.
    /// - Parameter isBatch: whether several texts are to be embedded.
    static func verb(of operation: ModelOperation, isStreamed: Bool, isBatch: Bool) -> String? {
        switch operation {
        // Without the query the answer is one array in pieces.
        case .chat, .generate: isStreamed ? "streamGenerateContent?alt=sse" : "generateContent"
        case .embeddings: isBatch ? "batchEmbedContents" : "embedContent"
        case .countTokens: "countTokens"
        case .completion, .imageGeneration, .imageEdit, .imageVariation, .speech, .transcription, .translation, .rerank,
            .moderation, .passThrough:
            nil
        }
    }

    /// A model's name as it stands in an address: `models/NAME`, or as it is where it names a collection itself (`tunedModels/NAME`).
    static func resource(_ model: String) -> String {
        let name = model.utf8.allSatisfy(isPlain) ? model : encoded(model)
        return model.utf8.contains(UInt8(ascii: "/")) ? name : "models/\(name)"
    }

    /// Unreserved by RFC 3986 §2.3, or a slash.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"): true
        default: false
        }
    }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = text.utf8.flatMap { byte in
            isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: What is asked there

    /// What the model is to read.
    /// - Throws: when it is not there.
    static func prompt(
        _ document: JSONDocument,
        _ operation: ModelOperation,
        isBatch: Bool
    ) throws(RequestError) -> JSONView {
        switch operation {
        case .embeddings:
            let field = isBatch ? "requests" : "content"
            guard let prompt = document[field], !prompt.isNull else { throw .missing(field) }
            guard prompt.kind == (isBatch ? .array : .object) else {
                throw .wrongType(field, wanted: isBatch ? "an array" : "an object")
            }
            return prompt
        case .countTokens:
            let whole = document.either("generateContentRequest")
            return try contents(whole?["contents"] ?? document["contents"])
        case .chat, .generate, .completion, .imageGeneration, .imageEdit, .imageVariation, .speech, .transcription,
            .translation, .rerank, .moderation, .passThrough:
            return try contents(document["contents"])
        }
    }

    private static func contents(_ value: JSONView?) throws(RequestError) -> JSONView {
        guard let value, !value.isNull else { throw .missing("contents") }
        guard value.kind == .array else { throw .wrongType("contents", wanted: "an array") }
        return value
    }
}
