import LabText

/// Do the calls of a conversation and their results match, as Gemini's API wants it? After a content with calls comes one with as many
/// results, in their order; the first call of a content carries its proof.
enum GeminiConversation {
    static func check(_ contents: [JSON]) throws(Refusal) {
        guard !contents.isEmpty else { throw wrong("contents is not specified") }
        var open: [JSON] = []
        for (index, content) in contents.enumerated() {
            let parts = content["parts"]?.elements ?? []
            guard !parts.isEmpty else { throw wrong("contents[\(index)].parts must not be empty") }
            for part in parts { try check(part, at: index) }
            let results = parts.compactMap { $0["functionResponse"] }
            try match(results, with: open, at: index)
            open = try calls(parts, at: index, isModels: content["role"]?.string == "model")
        }
        guard open.isEmpty else { throw wrong("function calls without function responses") }
    }

    private static func match(_ results: [JSON], with open: [JSON], at index: Int) throws(Refusal) {
        guard results.count == open.count else {
            throw wrong(
                "contents[\(index)]: as many function response parts are wanted as there are function call parts"
            )
        }
        for (result, call) in zip(results, open) {
            guard result["name"]?.string == call["name"]?.string else {
                throw wrong("contents[\(index)]: a function response is of another function than its call")
            }
            guard call["id"] == nil || result["id"] == nil || result["id"]?.string == call["id"]?.string else {
                throw wrong("contents[\(index)]: a function response has another id than its call")
            }
        }
    }

    private static func calls(_ parts: [JSON], at index: Int, isModels: Bool) throws(Refusal) -> [JSON] {
        let calls = parts.filter { $0["functionCall"] != nil }
        guard let first = calls.first else { return [] }
        guard isModels else { throw wrong("contents[\(index)]: only the model calls functions") }
        let proofs = [GeminiDialect.signature, "skip_thought_signature_validator"]
        guard let proof = first["thoughtSignature"]?.string, proofs.contains(proof) else {
            throw wrong("contents[\(index)]: Function call is missing a thought_signature in functionCall parts")
        }
        return calls.compactMap { $0["functionCall"] }
    }

    private static let kinds = [
        "text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult",
    ]

    private static func check(_ part: JSON, at index: Int) throws(Refusal) {
        let found = kinds.filter { part[$0] != nil }
        guard found.count == 1 else { throw wrong("contents[\(index)]: a part holds one kind of data, not \(found)") }
        if part["text"]?.string == "" { throw wrong("contents[\(index)]: a text must not be empty") }
        if let data = part["inlineData"] {
            let isBase64 = data["data"]?.string.map { Picture.isBase64(plain($0)) } ?? false
            guard isBase64, data["mimeType"]?.string?.contains("/") ?? false else {
                throw wrong("contents[\(index)]: inline data is base64 of a type that is told")
            }
        }
        if let file = part["fileData"] {
            guard file["fileUri"]?.string.map(Picture.isAddress) ?? false, file["mimeType"]?.string != nil else {
                throw wrong("contents[\(index)]: file data is an address with its type")
            }
        }
    }

    /// Bytes may come in the alphabet that is safe in addresses, with its `=` or without (RFC 4648 §5).
    private static func plain(_ text: String) -> String {
        let plain = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        return plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
    }

    private static func wrong(_ message: String) -> Refusal { Refusal(status: 400, message: message) }
}
