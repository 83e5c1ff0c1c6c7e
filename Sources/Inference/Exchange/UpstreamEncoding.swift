/// What is sent to the provider for this client's request? The client's own bytes with a few fields patched, or the request
/// said anew in the provider's dialect.
import Wire

/// A request's two forms: the second is made when the first provider of another dialect is tried.
struct ClientAsk: Sendable {
    let view: RequestView
    /// Fields of the client's head that a provider of its own dialect is to see.
    private let passedOn: [Header]
    /// What of the body is still to come.
    private let rest: BodyRest?
    /// Whether the providers speak several dialects, so that one may have answered before that is not asked now.
    private let amongOthers: Bool
    private var chat: Chat?
    private var embedding: EmbeddingAsk?
    /// Of what is to be embedded, once it was read.
    var textCount: Int { embedding?.texts.count ?? 0 }

    init(_ view: RequestView, rest: BodyRest? = nil, passedOn: [Header], amongOthers: Bool) {
        self.view = view
        self.rest = rest
        self.passedOn = passedOn
        self.amongOthers = amongOthers
    }

    /// Bytes that are said to follow.
    var restBytes: UInt64 { rest?.stated ?? 0 }

    /// The request for a provider, and the names of what loses effect there.
    /// - Parameter keeping: what the provider may keep of it, where its dialect has that.
    /// - Throws: the field that the provider's dialect cannot carry.
    mutating func request(
        for provider: GatewayProvider,
        number: Int,
        at address: ProviderAddress,
        _ deployment: Deployment,
        keeping: Responses.Keeping? = nil
    ) throws(RequestError) -> (request: UpstreamRequest, omissions: [String]) {
        if !view.operation.isTranslated { try check(provider) }
        let isSame = provider.dialect == view.dialect.provider
        let said =
            try isSame
            ? patched(for: provider.dialect, deployment.model, keeping)
            : translated(for: provider, deployment)
        let (body, omissions) = try fitted((said.0, view.omissions + said.1), for: provider, deployment)
        let headers =
            view.operation.isMedia ? mediaHeaders : view.stream ? provider.dialect.streamHeaders : Self.plainHeaders
        let request = UpstreamRequest(
            provider: number,
            path: address.path(
                of: view.operation,
                deployment.model,
                isStreamed: view.stream,
                isBatch: !isSame || view.isBatch
            ),
            authority: address.authority,
            headers: isSame && !passedOn.isEmpty ? headers + passedOn : headers,
            body: body,
            rest: rest
        )
        return (request, omissions)
    }

    /// What was said, as this provider takes it.
    private func fitted(
        _ said: (body: [UInt8], omissions: [String]),
        for provider: GatewayProvider,
        _ deployment: Deployment
    ) throws(RequestError) -> ([UInt8], [String]) {
        guard let quirks = provider.quirks, view.upload == nil else { return said }
        let (body, left) = quirks.fitted(said.body)
        let omissions = left.map(named)
        if deployment.notCarried == .refuse, let wish = omissions.first(where: \.isWish) {
            throw .notTaken(wish.field)
        }
        return (body, said.omissions + omissions.map(\.field))
    }

    /// A field of the provider's, as the client said it.
    private func named(_ omission: Omission) -> Omission {
        guard let chat else { return Omission(field: view.ownName(of: omission.field), isWish: omission.isWish) }
        guard let extra = chat.extras.first(where: { $0.name == omission.field }) else {
            return chat.names.named(omission)
        }
        return Omission(field: extra.field, isWish: omission.isWish)
    }

    /// Only conversations and embeddings are translated.
    private func check(_ provider: GatewayProvider) throws(RequestError) {
        let isSame = provider.dialect == view.dialect.provider
        guard isSame || view.operation == .embeddings, view.operation.path(in: provider.dialect) != nil else {
            throw .noSuchOperation(view.operation, in: provider.dialect)
        }
    }

    private static let plainHeaders = [
        Header("content-type", "application/json"), Header("accept", "application/json"),
    ]

    /// What comes back may be sound.
    private var mediaHeaders: [Header] {
        let type = view.upload?.form.boundary.contentType ?? "application/json"
        return [Header("content-type", type), Header("accept", view.stream ? "text/event-stream" : "*/*")]
    }

    private func patched(
        for dialect: Dialect,
        _ model: String,
        _ keeping: Responses.Keeping?
    ) throws(RequestError) -> ([UInt8], [String]) {
        if dialect == .ollama { return try Ollama.upstreamBody(view, model: model) }
        guard let keeping else { return (patched(for: dialect, model), []) }
        return try Responses.upstreamBody(view, model: model, amongOthers: amongOthers, keeping)
    }

    private func patched(for dialect: Dialect, _ model: String) -> [UInt8] {
        if let upload = view.upload { return upload.form.body(upload.bytes, model: model) }
        return switch dialect {
        case .openai: OpenAI.upstreamBody(view, model: model, amongOthers: amongOthers)
        case .anthropic: Anthropic.upstreamBody(view, model: model, amongOthers: amongOthers)
        case .gemini: Gemini.upstreamBody(view, model: model, amongOthers: amongOthers)
        // It is not told all.
        case .ollama: view.body(model: model)
        case .responses: Responses.upstreamBody(view, model: model, amongOthers: amongOthers)
        }
    }

    private mutating func translated(
        for provider: GatewayProvider,
        _ deployment: Deployment
    ) throws(RequestError) -> ([UInt8], [String]) {
        let (body, omissions) = try said(in: provider.dialect, model: deployment.model)
        if deployment.notCarried == .refuse, let wish = omissions.first(where: \.isWish) {
            throw .leftOut(wish.field, in: provider.dialect)
        }
        return (body, omissions.map(\.field))
    }

    private mutating func said(
        in dialect: Dialect,
        model: String
    ) throws(RequestError) -> (body: [UInt8], omissions: [Omission]) {
        if view.operation == .embeddings {
            if embedding == nil { embedding = try view.dialect.embedding(from: view) }
            return try embedding.map { ask throws(RequestError) in
                try dialect.embeddingRequest(ask, model: model)
            } ?? ([], [])
        }
        if chat == nil { chat = try view.dialect.chat(from: view) }
        return try chat.map { chat throws(RequestError) in
            try dialect.request(chat, model: model, stream: view.stream)
        } ?? ([], [])
    }
}

extension Dialect {
    private static let eventStream = [
        Header("content-type", "application/json"), Header("accept", "text/event-stream"),
    ]

    private static let lines = [
        Header("content-type", "application/json"), Header("accept", "application/x-ndjson"),
    ]

    fileprivate var streamHeaders: [Header] {
        switch self {
        case .openai, .anthropic, .gemini, .responses: Self.eventStream
        case .ollama: Self.lines
        }
    }
}

/// How a provider is addressed: texts that are the same for every request, made once for a snapshot.
package struct ProviderAddress: Hashable, Sendable {
    /// As the `Host` header says it: IPv6 literals in brackets, no port when it is the scheme's own (RFC 9110 §7.2).
    package let authority: String
    /// `host:port`, for records.
    package let endpoint: String
    /// Where chat requests go.
    package let chatPath: String
    /// Where each other operation goes, by its place in `ModelOperation.allCases`; empty where there is no such thing.
    private let paths: [String]
    /// What stands before the name of a model that is named there by the dialect; nil where it is named in the body.
    private let beforeModel: String?
    /// What stands behind the `?` of each of them.
    private let query: String?
    /// Whether the operator has the model's name stand in them.
    private let namesModel: Bool

    package init(_ provider: GatewayProvider) {
        let host = provider.host.contains(":") ? "[\(provider.host)]" : provider.host
        endpoint = "\(host):\(provider.port)"
        authority = provider.port == (provider.isTLS ? 443 : 80) ? host : endpoint
        let prefix = provider.dialect.versioned(provider.pathPrefix)
        query = provider.quirks?.query
        chatPath = prefix + provider.dialect.chatPath
        beforeModel = provider.dialect == .gemini ? prefix + "/" : nil
        paths = ModelOperation.allCases.map { operation in
            operation.path(in: provider.dialect).map { prefix + $0 } ?? ""
        }
        namesModel = provider.pathPrefix.contains(ProviderURL.modelPlace)
    }

    /// - Parameters:
    ///   - model: the provider's name for it.
    ///   - isBatch: whether several texts are to be embedded, where that is asked for in another way.
    func path(of operation: ModelOperation, _ model: String, isStreamed: Bool, isBatch: Bool) -> String {
        var path = path(of: operation)
        if let beforeModel, let verb = Gemini.verb(of: operation, isStreamed: isStreamed, isBatch: isBatch) {
            path = beforeModel + Gemini.resource(model) + ":" + verb
        }
        if let query { path += (path.contains("?") ? "&" : "?") + query }
        return namesModel ? path.replacing(ProviderURL.modelPlace, with: Self.segment(model)) : path
    }

    /// A text as one segment of a path (RFC 3986 §3.3).
    static func segment(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
                return String(character)
            }
            return "%" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        .joined()
    }

    private func path(of operation: ModelOperation) -> String {
        guard operation != .chat, let place = ModelOperation.allCases.firstIndex(of: operation) else { return chatPath }
        return paths[place]
    }
}
