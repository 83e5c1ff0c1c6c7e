/// What does a request tell to the conditions of policies? Each fact is found out when the first condition asks for it: what
/// nobody asks costs nothing, and what takes a walk over the prompt is walked once.
package import NetTypes
package import PolicyEngine
package import Wire

package struct RequestFacts: Sendable {
    package var model: String
    package var key: String?
    package var team: String?
    package var tags: [String] = []
    package var isStreamed = false
    package var hasTools = false
    package var operation = ModelOperation.chat
    package var source: IPAddress?
    package var promptTokens: UInt64?
    /// The most tokens the answer may have, if the request says.
    package var maxTokens: UInt64?
    /// What it will use besides tokens, where it is about pictures or sound.
    package var units: MediaUnits?
    /// Tokens of the answer, estimated, where they follow from the request.
    private var answerTokens: UInt64?
    /// Since 1970, UTC.
    package var second: UInt64 = 0
    /// Of the client, as far as policies ask for them; names in lower case.
    package var headers: [FactValue.Field] = []
    /// Local time of day, in seconds since midnight.
    package var secondOfDay: Int64?
    /// Whom the request is for, if it says.
    package var user: String?
    /// The whole request; nil leaves what only it can tell absent.
    private let document: JSONDocument?
    private var schema: Bool?
    private var modalities: Modalities?
    private var code: Bool?
    private var language: FactValue?

    /// - Parameter document: the body, checked to be an object.
    package init(model: String, document: JSONDocument?) {
        self.model = model
        self.document = document
    }

    /// The facts of a chat request.
    package init(_ request: RequestView, _ client: ClientRequest) {
        self.init(model: request.model, document: request.document)
        (key, team, tags, source) = (client.key, client.team, client.tags, client.source)
        (headers, secondOfDay) = (client.headers, client.secondOfDay)
        (isStreamed, hasTools, operation) = (request.stream, request.hasTools, request.operation)
        (promptTokens, user) = (request.estimatedInputTokens, request.user)
        (maxTokens, second) = (request.maxTokens, client.unixMicroseconds / 1_000_000)
        guard operation.isMedia else { return }
        let coming = client.rest?.stated ?? 0
        (units, answerTokens) = (request.askedUnits(beside: coming), request.estimatedMediaOutput)
        promptTokens = request.estimatedMediaInput(beside: coming)
    }

    /// The fact in this slot; absent when it is not known.
    package mutating func value(_ slot: FactSlot) -> FactValue {
        guard let fact = RequestFact(rawValue: slot.index) else { return .absent }
        return switch fact {
        case .model: .text(model)
        case .key: Self.text(key)
        case .team: Self.text(team)
        case .tags: .words(tags)
        case .stream: .flag(isStreamed)
        case .tools: .flag(hasTools)
        case .wantsSchema: .flag(wantsSchema())
        case .source: source.map { .address($0) } ?? .absent
        case .promptTokens: promptTokens.map { .number(Int64(clamping: $0)) } ?? .absent
        case .hasCode: .flag(hasCode())
        case .language: spokenLanguage()
        case .modality: .words(shownModalities().words)
        case .time: secondOfDay.map { .number($0) } ?? .absent
        case .header: .fields(headers)
        case .operation: .text(operation.rawValue)
        }
    }

    /// What is asked of whoever serves it, as far as that tells members apart.
    mutating func need(within fitness: Fitness) -> RequestNeed {
        var need = RequestNeed(prompt: promptTokens, answer: answerTokens ?? maxTokens, second: second)
        need.units = units
        need.wanted = wanted(of: fitness.lackable)
        need.bound = maxTokens ?? 0
        need.isStreamed = isStreamed
        // A batch of texts to embed is no prompt, and whose tokens are counted may be too large.
        if fitness.boundsContext, operation == .chat { need.text = textTokens(fitness) }
        return need
    }

    /// The first value of a header, if it is one that was kept.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    private static func text(_ text: String?) -> FactValue { text.map { .text($0) } ?? .absent }

    // MARK: What it needs

    /// What of these it cannot be served without.
    private mutating func wanted(of asked: Capabilities) -> Capabilities {
        guard !asked.isEmpty else { return [] }
        var wanted = operation.needs
        if hasTools { wanted.insert(.tools) }
        if asked.contains(.jsonSchema), wantsSchema() { wanted.insert(.jsonSchema) }
        if asked.contains(.thinking), document.map(PromptParts.wantsThinking) ?? false { wanted.insert(.thinking) }
        // What those work on is what they are for.
        if !operation.isMedia, !asked.isDisjoint(with: [.images, .audio, .files]) {
            wanted.formUnion(Capabilities(shown: shownModalities()))
            // An answer that is spoken.
            if document?["audio"]?.kind == .object { wanted.insert(.audio) }
        }
        return wanted.intersection(asked)
    }

    /// Tokens of what is written, estimated. What is shown, and escapes, are looked for only where the whole might not fit.
    private func textTokens(_ fitness: Fitness) -> UInt64 {
        let whole = promptTokens ?? 0
        guard let document, fitness.minds(whole, maxTokens) else { return whole }
        return whole - min(whole, UInt64(PromptParts.bytesBesideText(document)) / TokenEstimate.bytesPerToken)
    }

    // MARK: Walks over the request, each at most once

    /// Whether the answer shall follow a JSON schema.
    package mutating func wantsSchema() -> Bool {
        if let schema { return schema }
        let found = document.map(PromptParts.wantsSchema) ?? false
        schema = found
        return found
    }

    /// Of what kind the prompt's parts are.
    package mutating func shownModalities() -> Modalities {
        if let modalities { return modalities }
        let found = operation.modalities ?? document.map(Modalities.init) ?? []
        modalities = found
        return found
    }

    private mutating func hasCode() -> Bool {
        if let code { return code }
        let found = document.map { PromptCode.isIn(PromptParts.lastWords($0, of: nil)) } ?? false
        code = found
        return found
    }

    private mutating func spokenLanguage() -> FactValue {
        if let language { return language }
        let words = document.map { PromptParts.lastWords($0, of: "user") } ?? []
        let found = Self.text(PromptLanguage(of: words)?.rawValue)
        language = found
        return found
    }

    // MARK: The conversation

    /// Whether it has messages: what is embedded or completed goes on with nothing.
    var isConversation: Bool { document?["messages"] ?? document?["contents"] != nil }

    /// A hash of the prompt's beginning.
    func prefix(_ hash: KeyedHash) -> UInt64 { document.map { Conversation.prefix($0, hash) } ?? 0 }

    var isInToolLoop: Bool { document.map(Conversation.isInToolLoop) ?? false }
}
