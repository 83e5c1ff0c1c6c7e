import Wire

/// How do clients of Mistral's API differ from those of OpenAI's? They ask at an address of their own, with words of their own for what the
/// other has by another name, and want a call told whole where it comes in pieces. Providers are of OpenAI's dialect, with Mistral's own
/// among them, which is described as any that is almost alike (`ProviderQuirks`).
package enum Mistral {
    /// A request in OpenAI's words; nil when it is in them already. What OpenAI's dialect has no word for stays as it is: Mistral's own servers
    /// know it, others refuse it by its name.
    /// - Throws: what would be told wrongly.
    static func plain(_ document: JSONDocument) throws(RequestError) -> JSONDocument? {
        var edits: [JSONEdit] = []
        if let seed = document[seedField] {
            edits.append(.remove(seedField))
            if !seed.isNull, document["seed"] == nil { edits.append(.set("seed", Array(seed.raw))) }
        }
        if document["tool_choice"]?.string == "any" { edits.append(.set("tool_choice", Array(#""required""#.utf8))) }
        // What is not wanted needs no word.
        if document["safe_prompt"]?.bool == false { edits.append(.remove("safe_prompt")) }
        if let messages = document["messages"].flatMap(plainMessages) { edits.append(.set("messages", messages)) }
        try checkCopies(document)
        guard !edits.isEmpty, let body = try? document.applying(edits) else { return nil }
        return try? JSONDocument(body, limits: .request)
    }

    /// Calls that come in pieces are told whole, and of one answer only.
    private static func checkCopies(_ document: JSONDocument) throws(RequestError) {
        guard let copies = document["n"], !copies.isNull, copies.number != "1" else { return }
        guard document["stream"]?.bool == true, document["tools"].map({ !$0.isNull }) ?? false else { return }
        throw .wrongValue("n", wanted: "1 for a stream with tools")
    }

    private static let seedField = "random_seed"

    /// A field of OpenAI's by the name that the client knows it by.
    static func name(of field: String) -> String { field == "seed" ? seedField : field }

    static func named(_ error: RequestError) -> RequestError {
        guard let param = error.param, name(of: param) != param else { return error }
        let message = error.message.replacing("'\(param)'", with: "'\(name(of: param))'")
        return RequestError(error.code, name(of: param), message, status: error.status)
    }

    static func named(_ omission: Omission) -> Omission {
        Omission(field: name(of: omission.field), isWish: omission.isWish)
    }
}
