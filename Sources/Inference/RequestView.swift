package import Wire

/// What must be known of a client's request to route it, whichever dialect it is in? Checked to be JSON, with the few members
/// that routing asks for; everything else stays as it came.
package struct RequestView: Sendable {
    /// The client's dialect.
    package let dialect: ClientDialect
    /// What is asked for.
    package let operation: ModelOperation
    /// The whole body.
    package let document: JSONDocument
    /// The model asked for.
    package let model: String
    /// Whether the answer shall come in pieces.
    package let stream: Bool
    /// Whether the body holds several requests in one, in the dialect that has another address for that.
    package let isBatch: Bool
    /// Whether the pieces of the answer shall be one JSON array.
    package let isArray: Bool
    /// What the model is to read, or the whole body where that is not there.
    private let prompt: JSONView
    /// Whether a streamed answer shall end with the usage: to be asked for in OpenAI's dialect, a matter of course in
    /// Anthropic's and Ollama's.
    package let includeUsage: Bool
    /// Whether tools are on offer.
    package let hasTools: Bool
    /// Whom the request is for, if it says.
    package let user: String?
    /// The form that it came as, and the form's bytes; nil: it came as JSON.
    let upload: (form: UploadForm, bytes: [UInt8])?
    /// The most tokens the answer may have, if it says.
    package let maxTokens: UInt64?
    /// How the body was read, where it came in words of Mistral's.
    private let reading: Mistral.Reading

    /// Of a model's name, in bytes; the longest that is known has some sixty.
    private static let longestName = 512

    /// Reads a body.
    /// - Parameters:
    ///   - address: what its address says, in dialects that name the model there.
    ///   - form: what the body is, where it is no JSON.
    /// - Throws: what is wrong with it, ready to be told to the client.
    package init(
        body: [UInt8],
        dialect: ClientDialect = .openai,
        operation: ModelOperation = .chat,
        address: RequestAddress? = nil,
        form: UploadForm? = nil
    ) throws(RequestError) {
        var reading = Mistral.Reading()
        let document = try Self.document(form?.document ?? body, dialect, &reading)
        self.reading = reading
        upload = form.map { ($0, body) }
        let name = try Self.model(address, document)
        prompt =
            switch dialect {
            case .gemini: try Gemini.prompt(document, operation, isBatch: address?.form == .batch)
            case .responses: try Responses.prompt(document)
            case .ollama where Ollama.asksForNothing(document, operation): document.root
            case .openai, .anthropic, .ollama, .mistral: try Self.prompt(document, operation)
            }
        self.dialect = dialect
        self.operation = operation
        self.document = document
        self.model = name
        // They are paid for by what is asked for here, and a text is as good as a number to many a server.
        if operation.makesImages { _ = try Field.count(document["n"], "n") }
        let flag = address == nil ? try Field.flag(document["stream"], "stream") : nil
        let wantsStream = address?.isStreamed ?? flag ?? (dialect == .ollama)
        stream = (operation == .speech ? Self.wantsEvents(document) : wantsStream) && operation.streams
        isBatch = address?.form == .batch
        isArray = address?.form == .array
        hasTools = document["tools"]?.elements.contains { _ in true } ?? false
        switch dialect {
        case .openai:
            includeUsage = try OpenAI.includeUsage(document["stream_options"])
            user = document["user"]?.string
            maxTokens = document["max_completion_tokens"]?.unsigned ?? document["max_tokens"]?.unsigned
        case .mistral:
            // Its clients are told without asking.
            includeUsage = true
            user = nil
            maxTokens = document["max_tokens"]?.unsigned
        case .anthropic:
            includeUsage = true
            user = document["metadata"]?["user_id"]?.string
            maxTokens = operation == .countTokens ? nil : try Anthropic.maxTokens(document["max_tokens"])
        case .gemini:
            includeUsage = true
            user = nil
            maxTokens = document.either("generationConfig")?.either("maxOutputTokens")?.unsigned
        case .ollama:
            includeUsage = true
            user = nil
            maxTokens = Ollama.maxTokens(document)
        case .responses:
            // Who takes a text for a flag works on where nobody here sees it.
            _ = try Field.flag(document["background"], "background")
            includeUsage = true
            user = document["user"]?.string
            maxTokens = document["max_output_tokens"]?.unsigned
        }
    }

    /// The client's name of a field that this body has by another one.
    func ownName(of field: String) -> String { reading.ownName(of: field) }

    /// What of the client's request is not said in this body.
    var omissions: [String] { reading.omissions }

    /// The messages, or whatever else the model is to read, unread.
    package var messages: JSONView { prompt }

    /// Bytes of the files that came with it, as far as they are at hand.
    var fileBytes: UInt64 { upload.map { UInt64($0.form.fileBytes) } ?? 0 }

    /// Whether the provider is to answer at once and to work on by itself.
    var isInBackground: Bool { dialect == .responses && document["background"]?.bool == true }

    /// Bytes of text to a token, a middle value for English prose; other scripts and code have fewer.
    static let bytesPerToken: UInt64 = 4

    /// A rough count of the prompt's tokens from its size, to reserve a budget by until the provider reports.
    package var estimatedInputTokens: UInt64 {
        let system: JSONView? =
            switch dialect {
            case .openai, .mistral: nil
            case .anthropic, .ollama: document["system"]
            case .gemini: document.either("systemInstruction")
            case .responses: document["instructions"]
            }
        let parts = [messages, document["tools"], system]
        let bytes = parts.reduce(0) { $0 + ($1?.raw.count ?? 0) }
        return (UInt64(bytes) + Self.bytesPerToken - 1) / Self.bytesPerToken
    }

    /// Whether a message holds an image. Walks over all messages: ask once.
    package var hasImages: Bool {
        Modalities(document).contains(.image)
    }

    /// The body with another model's name, and other edits; every other byte is the client's.
    func body(model name: String, _ more: [JSONEdit] = []) -> [UInt8] {
        var model = JSONWriter(capacity: name.utf8.count + 2)
        model.string(name)
        // Only an object passes `init`, so this refuses nothing.
        return (try? document.applying([.set("model", model.bytes)] + more)) ?? document.bytes
    }

    private static func prompt(
        _ document: JSONDocument,
        _ operation: ModelOperation
    ) throws(RequestError) -> JSONView {
        guard let field = operation.promptField else { return document.root }
        guard let prompt = document[field], !prompt.isNull else { throw .missing(field) }
        let takes = operation.takes
        guard (prompt.kind == .array && takes.list) || (prompt.kind == .string && takes.text) else {
            let wanted = [takes.text ? "a string" : nil, takes.list ? "an array" : nil].compactMap(\.self)
            throw .wrongType(field, wanted: wanted.joined(separator: " or "))
        }
        return prompt
    }

    /// Speech comes as it sounds unless a client asks for events.
    private static func wantsEvents(_ document: JSONDocument) -> Bool {
        document["stream_format"]?.string == "sse"
    }

    private static func model(_ address: RequestAddress?, _ document: JSONDocument) throws(RequestError) -> String {
        let name: String
        if let address {
            name = address.model
        } else {
            guard let model = document["model"], !model.isNull else { throw .missing("model") }
            guard let text = model.string, !text.isEmpty else {
                throw .wrongType("model", wanted: "a non-empty string")
            }
            name = text
            if let other = document.members.lazy.map(document.name).first(where: isModelInOtherLetters) {
                throw RequestError(
                    .unsupported,
                    other,
                    "Some servers would take it for 'model': leave '\(other)' out."
                )
            }
        }
        // It stands in every record of the request.
        guard name.utf8.count <= longestName else { throw .wrongValue("model", wanted: "at most \(longestName) bytes") }
        return name
    }

    /// Servers in Go read names in any letters: a key's client would have a model that the key may not use.
    private static func isModelInOtherLetters(_ name: String) -> Bool {
        name.utf8.count == 5 && name != "model" && name.lowercased() == "model"
    }

    private static func document(
        _ body: [UInt8],
        _ dialect: ClientDialect,
        _ reading: inout Mistral.Reading
    ) throws(RequestError) -> JSONDocument {
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
        if dialect == .mistral, let plain = try Mistral.plain(document, &reading) { return plain }
        return document
    }
}
