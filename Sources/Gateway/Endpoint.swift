/// What does a request's method and path ask for?
import Inference
import Wire

enum Endpoint: Hashable {
    /// A chat, asked for in this dialect.
    case chat(ClientDialect)
    /// Something else of a model, in the dialect that has it.
    case asking(ModelOperation, ClientDialect)
    /// Something of the model that the address names, as Gemini's clients ask.
    case naming(ModelOperation, RequestAddress)
    case models(ModelQuestion)
    /// One model, named in the body, as Ollama's clients ask.
    case showModel
    /// Which version of Ollama's API is spoken.
    case version
    /// A response that was kept, as clients of the Responses API ask.
    case keptResponse(KeptQuestion)
    /// Something of a provider's own.
    case passage(PassageTarget)
    /// The process runs.
    case live
    /// It can serve.
    case ready
    case unknown
    /// The path is known, the method is not its own.
    case wrongMethod(allowed: String)

    /// What somebody wants to know of the models.
    struct ModelQuestion: Hashable {
        /// In whose shape the answer is wanted.
        var dialect: ClientDialect
        /// Of which one; nil: of all.
        var name: String?
        /// Behind the question mark.
        var query: String
        /// Whether only those are meant that run now, as Ollama's clients ask.
        var isOfRunning = false
    }

    /// What is passed on to whom.
    struct PassageTarget: Hashable {
        /// The provider's name.
        var provider: String
        var method: PassageRequest.Method
        /// What stands behind the name, with its slash and its query.
        var path: String
    }

    /// What somebody wants to know of a kept response, or to do with it.
    struct KeptQuestion: Hashable {
        /// As the client knows it.
        var id: String
        var method: PassageRequest.Method
        /// With its slash; empty: the response itself.
        var part = ""
        /// Behind the question mark.
        var query = ""
    }

    init(_ head: HTTPMessage) {
        // What nearly all ask for costs no string.
        if head.isMethod("POST"), head.isTarget("/v1/chat/completions") {
            self = .chat(.openai)
        } else {
            self.init(method: head.methodText, uri: head.targetText, dialect: Self.dialect(of: head))
        }
    }

    /// - Parameter dialect: the client's, where its path does not say it.
    init(method: String, uri: String, dialect: ClientDialect = .openai) {
        let end = uri.utf8.firstIndex(of: UInt8(ascii: "?")) ?? uri.endIndex
        let query = uri[end...].dropFirst()
        let (path, prefix) = Self.withoutDialect(uri[..<end])
        let (isOpenAI, isAnthropic) = (prefix ?? .openai == .openai, prefix ?? .anthropic == .anthropic)
        switch path {
        case "/v1/chat/completions" where isOpenAI: self = Self.only("POST", method, .chat(.openai))
        case "/v1/chat/completions" where prefix == .mistral: self = Self.only("POST", method, .chat(.mistral))
        case "/v1/responses" where isOpenAI: self = Self.only("POST", method, .chat(.responses))
        case "/v1/responses/input_tokens" where isOpenAI:
            self = Self.only("POST", method, .asking(.countTokens, .responses))
        case _ where isOpenAI && path.hasPrefix(Self.keptPrefix): self = Self.kept(method, path, query: String(query))
        case "/v1/messages" where isAnthropic: self = Self.only("POST", method, .chat(.anthropic))
        case "/v1/completions" where isOpenAI:
            self = Self.only("POST", method, .asking(.completion, .openai))
        case "/v1/embeddings" where isOpenAI:
            self = Self.only("POST", method, .asking(.embeddings, .openai))
        case _ where isOpenAI && Self.media(path) != nil:
            self = Self.only("POST", method, .asking(Self.media(path) ?? .chat, .openai))
        case "/v1/messages/count_tokens" where isAnthropic:
            self = Self.only("POST", method, .asking(.countTokens, .anthropic))
        case "/health/live" where prefix == nil: self = Self.only("GET", method, .live)
        case "/health/ready" where prefix == nil: self = Self.only("GET", method, .ready)
        case _ where path.hasPrefix("/api/") && (prefix ?? .ollama) == .ollama: self = Self.ollama(method, path)
        case "/v1/models" where prefix != .ollama, "/v1beta/models" where prefix != .ollama:
            let speaker = path.hasPrefix("/v1beta") ? .gemini : prefix ?? dialect
            let question = ModelQuestion(dialect: speaker, name: nil, query: String(query))
            self = Self.only("GET", method, .models(question))
        case _ where prefix == nil && path.hasPrefix(Self.passagePrefix): self = Self.passage(method, uri)
        default:
            self = prefix == .ollama ? .unknown : Self.model(method, path, query: query, prefix ?? dialect)
        }
    }

    /// Below the list of the models: one of them, or what is wanted of it.
    private static func model(
        _ method: String,
        _ path: Substring,
        query: Substring,
        _ dialect: ClientDialect
    ) -> Endpoint {
        let isBeta = path.hasPrefix("/v1beta/models/")
        guard isBeta || path.hasPrefix("/v1/models/"),
            let name = RequestAddress.decoded(path.dropFirst((isBeta ? "/v1beta/models/" : "/v1/models/").count))
        else { return .unknown }
        if let asked = naming(name, query: query) {
            // Names of models may hold a colon.
            if method == "POST" { return asked }
            if isBeta { return .wrongMethod(allowed: "POST") }
        }
        let question = ModelQuestion(dialect: isBeta ? .gemini : dialect, name: name, query: "")
        return only("GET", method, .models(question))
    }

    /// `NAME:generateContent` and its like, of Gemini's API.
    private static func naming(_ text: String, query: Substring) -> Endpoint? {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), colon > text.startIndex else { return nil }
        let model = String(text[..<colon])
        let isEvents = query.split(separator: "&").contains("alt=sse")
        let (operation, form): (ModelOperation, RequestAddress.Form)
        switch text[colon...].dropFirst() {
        case "generateContent": (operation, form) = (.chat, .whole)
        case "streamGenerateContent": (operation, form) = (.chat, isEvents ? .events : .array)
        case "countTokens": (operation, form) = (.countTokens, .whole)
        case "embedContent": (operation, form) = (.embeddings, .whole)
        case "batchEmbedContents": (operation, form) = (.embeddings, .batch)
        default: return nil
        }
        return .naming(operation, RequestAddress(model: model, form: form))
    }

    /// Whether a client must show a key.
    var needsKey: Bool {
        switch self {
        case .chat, .asking, .naming, .models, .showModel, .version, .keptResponse, .passage: true
        case .live, .ready, .unknown, .wrongMethod: false
        }
    }

    /// The dialect that a client is answered in at an address that is none, or that several dialects have.
    static func dialect(of head: HTTPMessage) -> ClientDialect {
        // What nearly all ask for costs no string.
        if head.isTarget("/v1/chat/completions") { return .openai }
        if head.isTarget("/v1/messages") { return .anthropic }
        if head.isTarget("/v1/responses") { return .responses }
        let target = head.targetText
        let (path, prefix) = withoutDialect(target[...])
        if let prefix { return prefix }
        if path.hasPrefix("/api/") { return .ollama }
        // Only this dialect's clients show their keys so, or name this version.
        if target.hasPrefix("/v1beta/") || head.firstBytes("x-goog-api-key") != nil { return .gemini }
        if target.hasPrefix("/v1/models"), ClientCredential.inQuery(of: target) != nil { return .gemini }
        // Every client of this dialect names the version of the API that it speaks.
        return head.firstBytes("anthropic-version") == nil ? .openai : .anthropic
    }

    /// `/openai/v1/…` and `/anthropic/v1/…` are `/v1/…` for clients that keep the dialects apart by address; `/mistral/v1/…` is the only one of
    /// its clients, whose addresses are OpenAI's.
    private static func withoutDialect(_ path: Substring) -> (path: Substring, prefix: ClientDialect?) {
        // Both of OpenAI's APIs stand below its name.
        for dialect in ClientDialect.allCases where dialect != .responses {
            let prefix = "/" + dialect.rawValue
            if path.hasPrefix(prefix + "/") { return (path.dropFirst(prefix.count), dialect) }
        }
        return (path, nil)
    }

    /// What Ollama's server serves; what changes its models is not for clients of a gateway.
    private static func ollama(_ method: String, _ path: Substring) -> Endpoint {
        switch path {
        case "/api/chat": only("POST", method, .chat(.ollama))
        case "/api/generate": only("POST", method, .asking(.generate, .ollama))
        case "/api/embed": only("POST", method, .asking(.embeddings, .ollama))
        case "/api/tags": only("GET", method, .models(ModelQuestion(dialect: .ollama, name: nil, query: "")))
        case "/api/ps":
            only(
                "GET",
                method,
                .models(ModelQuestion(dialect: .ollama, name: nil, query: "", isOfRunning: true))
            )
        case "/api/show": only("POST", method, .showModel)
        case "/api/version": only("GET", method, .version)
        default: .unknown
        }
    }

    /// What is asked of pictures, sound and order, at the addresses where OpenAI has it; of an order where Jina and others have it.
    private static func media(_ path: Substring) -> ModelOperation? {
        switch path {
        case "/v1/images/generations": .imageGeneration
        case "/v1/images/edits": .imageEdit
        case "/v1/images/variations": .imageVariation
        case "/v1/audio/speech": .speech
        case "/v1/audio/transcriptions": .transcription
        case "/v1/audio/translations": .translation
        case "/v1/moderations": .moderation
        case "/v1/rerank": .rerank
        default: nil
        }
    }

    private static let keptPrefix = "/v1/responses/"

    /// `ID`, `ID/cancel` and `ID/input_items`; what else stands there is no response but asked of the API, and not served.
    private static func kept(_ method: String, _ path: Substring, query: String) -> Endpoint {
        let segments = path.dropFirst(keptPrefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard let first = segments.first, first != "compact", let id = RequestAddress.decoded(first) else {
            return .unknown
        }
        let asked = { (method: PassageRequest.Method, part: String) in
            Endpoint.keptResponse(KeptQuestion(id: id, method: method, part: part, query: query))
        }
        switch (segments.dropFirst().first, segments.count) {
        case (nil, _):
            if method == "GET" { return asked(.get, "") }
            return method == "DELETE" ? asked(.delete, "") : .wrongMethod(allowed: "GET, DELETE")
        case ("cancel"?, 2): return only("POST", method, asked(.post, "/cancel"))
        case ("input_items"?, 2): return only("GET", method, asked(.get, "/input_items"))
        default: return .unknown
        }
    }

    private static let passagePrefix = "/providers/"

    private static func passage(_ method: String, _ uri: String) -> Endpoint {
        let rest = uri.dropFirst(passagePrefix.count)
        let name = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest[name.endIndex...]
        guard !name.isEmpty, path.first == "/", PassageRequest.staysBelow(path) else { return .unknown }
        guard let method = PassageRequest.Method(rawValue: method) else {
            return .wrongMethod(allowed: PassageRequest.Method.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return .passage(PassageTarget(provider: String(name), method: method, path: String(path)))
    }

    private static func only(_ allowed: String, _ method: String, _ endpoint: Endpoint) -> Endpoint {
        method == allowed ? endpoint : .wrongMethod(allowed: allowed)
    }
}
