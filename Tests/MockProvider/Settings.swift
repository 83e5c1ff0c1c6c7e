import LabText

/// How was the mock asked to run?
struct Settings: Sendable {
    /// Which provider's language it speaks.
    enum Dialect: String {
        case openai
        case anthropic
        case gemini
        case ollama
        case responses
    }

    var dialect: Dialect
    /// What it calls itself in `/_mock/stats` and in its model list.
    var name: String
    /// Where clients reach it.
    var listen: [Endpoint]
    /// Where it is told how to behave, always open; with none, `/_mock/` is served to clients too.
    var control: Endpoint?
    /// The only key it accepts; empty where Ollama asks for none.
    var key: String
    /// Where Anthropic's key must stand; OpenAI's always stands in `authorization`.
    var keyHeader: KeyHeader
    /// The only models it knows.
    var models: [String]
    /// The file that takes one JSON line per request.
    var record: String?
    /// Milliseconds between two pieces of a streamed answer.
    var delayMilliseconds: Int
    /// Which local server it is; nil: none.
    var server: LocalServer.Kind?

    /// The two places a key for Anthropic may stand in. Its documentation names `x-api-key`; its Python client sends `authorization` since
    /// some release up to 2.12.0. One run of the mock takes one of them, so that the other is found out.
    enum KeyHeader: String {
        case xAPIKey = "x-api-key"
        case authorization
    }

    /// A TCP address with its port, or the path of a unix socket.
    enum Endpoint: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    static let usage = """
        mock-provider --dialect openai|anthropic|gemini|ollama|responses --listen ADDRESS:PORT… --key KEY [--model NAME…] [--name NAME]
                      [--control ADDRESS:PORT|unix:PATH] [--record FILE] [--delay-ms MILLISECONDS]
                      [--key-header x-api-key|authorization] [--server ollama|vllm|llama.cpp]
        """

    private static let known = [
        "--dialect", "--listen", "--key", "--model", "--name", "--control", "--record", "--delay-ms", "--key-header",
        "--server",
    ]

    init(_ arguments: some Sequence<String>) throws(CommandOptions.Misuse) {
        let options = try CommandOptions(arguments, known: Settings.known)
        let word = try options.required("--dialect")
        guard let dialect = Dialect(rawValue: word) else {
            throw CommandOptions.Misuse("--dialect is openai, anthropic, gemini, ollama or responses, not \(word)")
        }
        self.dialect = dialect
        name = options.value("--name") ?? dialect.rawValue
        listen = []
        for text in options.values("--listen") { listen.append(try Settings.endpoint(text)) }
        guard !listen.isEmpty else { throw CommandOptions.Misuse("--listen is missing") }
        control = nil
        if let text = options.value("--control") { control = try Settings.endpoint(text) }
        key = try options.required("--key")
        let header = options.value("--key-header") ?? KeyHeader.xAPIKey.rawValue
        guard let keyHeader = KeyHeader(rawValue: header) else {
            throw CommandOptions.Misuse("--key-header is x-api-key or authorization, not \(header)")
        }
        self.keyHeader = keyHeader
        models = options.values("--model")
        if models.isEmpty { models = Settings.defaultModels(of: dialect) }
        record = options.value("--record")
        delayMilliseconds = try options.integer("--delay-ms", in: 0...60_000, absent: 0)
        server = nil
        if let word = options.value("--server") {
            guard let kind = LocalServer.Kind(rawValue: word) else {
                throw CommandOptions.Misuse("--server is ollama, vllm or llama.cpp, not \(word)")
            }
            server = kind
        }
    }

    private static func defaultModels(of dialect: Dialect) -> [String] {
        switch dialect {
        case .openai, .responses: ["gpt-5", "gpt-5-mini"]
        case .anthropic: ["claude-opus", "claude-sonnet"]
        case .gemini: ["gemini-pro", "gemini-flash"]
        case .ollama: ["llama3.3", "qwen3"]
        }
    }

    private static func endpoint(_ text: String) throws(CommandOptions.Misuse) -> Endpoint {
        if text.hasPrefix("unix:") { return .unix(path: String(text.dropFirst(5))) }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw CommandOptions.Misuse("\(text) is no ADDRESS:PORT")
        }
        return .tcp(host: text[..<colon].filter { $0 != "[" && $0 != "]" }, port: Int(port))
    }
}
