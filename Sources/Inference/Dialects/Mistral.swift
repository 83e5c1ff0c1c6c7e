import Wire

/// How do clients of Mistral's API differ from those of OpenAI's? They ask at an address of their own, with words of their own for what the
/// other has by another name, and want a call told whole where it comes in pieces. Providers are of OpenAI's dialect, with Mistral's own
/// among them, which is described as any that is almost alike (`ProviderQuirks`).
package enum Mistral {
    /// What was said otherwise than it is in OpenAI's words.
    struct Reading: Sendable {
        /// Whether the client has `random_seed` for `seed`.
        fileprivate(set) var hasOwnSeed = false
        /// What is not said on, whoever is asked.
        fileprivate(set) var omissions: [String] = []

        /// The client's name of a field of OpenAI's.
        func ownName(of field: String) -> String { hasOwnSeed && field == "seed" ? seedField : field }
    }

    /// A request in OpenAI's words; nil when it is in them already. What OpenAI's dialect has no word for stays as it is: Mistral's own servers
    /// know it, others refuse it by its name.
    /// - Throws: what would be told wrongly.
    static func plain(_ document: JSONDocument, _ reading: inout Reading) throws(RequestError) -> JSONDocument? {
        var edits: [JSONEdit] = []
        if let seed = document[seedField] {
            edits.append(.remove(seedField))
            if !seed.isNull {
                guard document["seed"].map(\.isNull) ?? true else {
                    throw .wrongValue(seedField, wanted: "no 'seed' beside it")
                }
                reading.hasOwnSeed = true
                edits.append(.set("seed", Array(seed.raw)))
            }
        }
        if document["tool_choice"]?.string == "any" { edits.append(.set("tool_choice", Array(#""required""#.utf8))) }
        // What is not wanted needs no word.
        if document["safe_prompt"]?.bool == false { edits.append(.remove("safe_prompt")) }
        if let messages = document["messages"], let plain = plainMessages(messages) {
            if hasThoughts(messages) { reading.omissions.append("messages.content.thinking") }
            edits.append(.set("messages", plain))
        }
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

    /// The request in the form between dialects.
    static func chat(from view: RequestView) throws(RequestError) -> Chat {
        var chat = try OpenAI.chat(from: view)
        for place in chat.extras.indices { chat.extras[place].field = view.ownName(of: chat.extras[place].field) }
        return chat
    }

    /// A whole answer of a provider with another dialect: a refusal is words like any others, and usage stands in every answer, be it empty.
    static func answer(_ answer: ChatAnswer, id: String, model: String, created: UInt64) -> [UInt8] {
        var plain = answer
        (plain.text, plain.refusal) = (answer.words, nil)
        return OpenAI.answer(plain, id: id, model: model, created: created, mustHaveUsage: true)
    }
}
