/// What does a request's method and path ask for?
import Inference
import Wire

enum Endpoint: Hashable {
    /// A chat, asked for in this dialect.
    case chat(ClientDialect)
    case models
    case model(String)
    /// The process runs.
    case live
    /// It can serve.
    case ready
    case unknown
    /// The path is known, the method is not its own.
    case wrongMethod(allowed: String)

    init(_ head: HTTPMessage) {
        // What nearly all ask for costs no string.
        if head.isMethod("POST"), head.isTarget("/v1/chat/completions") {
            self = .chat(.openai)
        } else {
            self.init(method: head.methodText, uri: head.targetText)
        }
    }

    init(method: String, uri: String) {
        let path = uri.utf8.firstIndex(of: UInt8(ascii: "?")).map { uri[..<$0] } ?? uri[...]
        switch path {
        case "/v1/chat/completions": self = Self.only("POST", method, .chat(.openai))
        case "/v1/messages", "/anthropic/v1/messages": self = Self.only("POST", method, .chat(.anthropic))
        case "/v1/models": self = Self.only("GET", method, .models)
        case "/health/live": self = Self.only("GET", method, .live)
        case "/health/ready": self = Self.only("GET", method, .ready)
        default:
            guard path.hasPrefix("/v1/models/"), let name = Self.decoded(path.dropFirst("/v1/models/".count)) else {
                self = .unknown
                return
            }
            self = Self.only("GET", method, .model(name))
        }
    }

    /// Whether a client must show a key.
    var needsKey: Bool {
        switch self {
        case .chat, .models, .model: true
        case .live, .ready, .unknown, .wrongMethod: false
        }
    }

    /// The dialect that a client is answered in at an address that is none, or that both dialects have.
    static func dialect(of head: HTTPMessage) -> ClientDialect {
        // What nearly all ask for costs no string.
        if head.isTarget("/v1/chat/completions") { return .openai }
        if head.isTarget("/v1/messages") { return .anthropic }
        // Every client of this dialect names the version of the API that it speaks.
        return head.firstBytes("anthropic-version") == nil ? .openai : .anthropic
    }

    private static func only(_ allowed: String, _ method: String, _ endpoint: Endpoint) -> Endpoint {
        method == allowed ? endpoint : .wrongMethod(allowed: allowed)
    }

    /// Percent-decoding (RFC 3986 §2.1) of one path segment; nil when it is empty, broken or no UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }
}
