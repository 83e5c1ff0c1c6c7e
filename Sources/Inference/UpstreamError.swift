/// How did a provider fail? One form for every dialect; what to do about each kind is the exchange's table.
package struct UpstreamError: Error, Equatable, Sendable {
    /// The classes that fallback and passive health tell apart.
    package enum Kind: String, Equatable, Sendable {
        /// The provider finds our request wrong: another one may not.
        case invalidRequest
        /// The request is larger than it takes, in bytes.
        case tooLarge
        /// It is longer than the model takes, in tokens.
        case contextLength
        /// The provider wants nothing to do with what it says.
        case contentFilter
        /// Our key is not known.
        case authentication
        /// Our key may not do this.
        case permission
        /// No such model or address.
        case notFound
        /// The account has no money left.
        case quota
        /// Too many requests for now.
        case rateLimited
        /// Too much load on the provider's side.
        case overloaded
        /// The provider waited too long for itself.
        case timeout
        /// The provider failed in another way.
        case server
        /// What it sent is not its own dialect.
        case malformed
    }

    /// The class.
    package let kind: Kind
    /// The HTTP status: the answer's own, or the one that stands for an error inside a stream.
    package let status: Int
    /// The provider's words.
    package let message: String
    /// The provider's own name for the error, if it gave one.
    package let code: String?
    /// When to come again, as `retry-after` says it, where the provider says it in the error itself.
    package var retryAfter: String?

    /// An error.
    package init(_ kind: Kind, status: Int, message: String, code: String? = nil) {
        self.kind = kind
        self.status = status
        self.message = message
        self.code = code
    }

    /// The status a client gets when no other provider could step in. What is wrong between us and the provider (key, account,
    /// a model that is not there) is none of the client's doing: to it, the gateway is bad.
    package var clientStatus: Int {
        switch kind {
        case .invalidRequest, .contextLength, .contentFilter: 400
        case .tooLarge: 413
        case .rateLimited: 429
        case .overloaded: 503
        case .timeout: 504
        case .authentication, .permission, .notFound, .quota, .server, .malformed: 502
        }
    }

    /// What a program gets: the provider's own name for it, if it has one. What is wrong between us and the provider has a name of ours:
    /// the client's key is not invalid when ours is.
    package var clientCode: String {
        switch kind {
        case .contextLength: "context_length_exceeded"
        case .contentFilter: Self.flaggedCode
        case .invalidRequest: code ?? "invalid_request"
        case .tooLarge: code ?? "request_too_large"
        case .authentication, .permission, .notFound, .quota: "upstream_misconfigured"
        case .rateLimited: code ?? "rate_limit_exceeded"
        case .overloaded: code ?? "upstream_overloaded"
        case .timeout: code ?? "upstream_timeout"
        case .server, .malformed: code ?? "upstream_error"
        }
    }

    /// The words a client gets. A provider's refusal of our key may quote the key, so those words stay here; so do those about
    /// a request's content, of which xAI's name the account and the key.
    package var clientMessage: String {
        switch kind {
        case .authentication, .permission: "The provider refused the gateway's credentials."
        case .quota: "The gateway's account with the provider is exhausted."
        case .contentFilter: "The provider's rules for content do not let it answer this request."
        case .invalidRequest, .tooLarge, .contextLength, .notFound, .rateLimited, .overloaded, .timeout, .server,
            .malformed:
            message
        }
    }

    /// Whether a provider's refusal says that the request has more tokens than the model takes: by its code where there is one for
    /// it, else by the words that Anthropic's API, vLLM and llama.cpp's server have for it.
    static func saysTooLong(code: String?, message: String) -> Bool {
        if let code, ["context_length_exceeded", "exceed_context_size_error"].contains(code) { return true }
        let message = message.lowercased()
        return ["maximum context length", "prompt is too long", "exceed context limit", "context window"].contains {
            message.contains($0)
        }
    }

    /// What a request is refused by whose content a provider wants nothing to do with.
    static let flaggedCode = "content_filter"

    /// What providers say of a request whose content they refuse by 403: OpenRouter and xAI, and gateways before others.
    private static let flaggedWords = [
        "requires moderation", "input was flagged", "violates usage guidelines", "content policy", "content filter",
    ]

    /// Whether a provider's 403 speaks of what the request says: by its code, else by its words, which then speak of no account.
    static func saysFlagged(codes: [String?], message: String) -> Bool {
        let known = [flaggedCode, "content_policy_violation", "moderation_blocked"]
        if codes.contains(where: { $0.map(known.contains) ?? false }) { return true }
        let message = message.lowercased()
        return !message.contains("account") && flaggedWords.contains { message.contains($0) }
    }

    /// The same error, as one about what the request says: a status of its own keeps clients from taking it for one about their key.
    func flagged() -> UpstreamError {
        UpstreamError(.contentFilter, status: 400, message: message, code: Self.flaggedCode)
    }

    /// What cannot be read. 502, for that is what it is to the client.
    package static func malformed(_ message: String) -> UpstreamError {
        UpstreamError(.malformed, status: 502, message: message)
    }

    /// The class a status stands for when the body says no more (RFC 9110 §15; 529 is Anthropic's).
    static func kind(ofStatus status: Int) -> Kind {
        switch status {
        case 401: .authentication
        case 402: .quota
        case 403: .permission
        case 404: .notFound
        case 408, 504: .timeout
        case 413: .tooLarge
        case 429: .rateLimited
        case 503, 529: .overloaded
        case 400..<500: .invalidRequest
        default: .server
        }
    }
}
