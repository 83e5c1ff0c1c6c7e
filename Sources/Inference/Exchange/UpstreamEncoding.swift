/// What is sent to the provider for this client's request? The client's own bytes with a few fields patched, or the request
/// said anew in the provider's dialect.

/// A request's two forms: the second is made when the first provider of another dialect is tried.
struct ClientAsk: Sendable {
    let view: OpenAI.RequestView
    private var chat: Chat?

    init(_ view: OpenAI.RequestView) { self.view = view }

    /// The request for a provider, and the names of what merely loses effect there.
    /// - Throws: the field that the provider's dialect cannot carry.
    mutating func request(
        for provider: GatewayProvider,
        number: Int,
        model: String
    ) throws(RequestError) -> (request: UpstreamRequest, omissions: [String]) {
        let (body, omissions) = try body(for: provider.dialect, model: model)
        let request = UpstreamRequest(
            provider: number,
            path: provider.pathPrefix + provider.dialect.chatPath,
            authority: provider.authority,
            headers: [
                Header("content-type", "application/json"),
                Header("accept", view.stream ? "text/event-stream" : "application/json"),
            ],
            body: body
        )
        return (request, omissions)
    }

    private mutating func body(
        for dialect: Dialect,
        model: String
    ) throws(RequestError) -> (body: [UInt8], omissions: [String]) {
        switch dialect {
        case .openai: return (OpenAI.upstreamBody(view, model: model), [])
        case .anthropic:
            if chat == nil { chat = try OpenAI.chat(from: view) }
            guard let chat else { return ([], []) }
            let body = try Anthropic.requestBody(chat, model: model, stream: view.stream)
            return (body, Anthropic.omissions(in: chat))
        }
    }
}

extension GatewayProvider {
    /// As the `Host` header says it: IPv6 literals in brackets, no port when it is the scheme's own (RFC 9110 §7.2).
    package var authority: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? host : "\(host):\(port)"
    }

    /// `host:port`, for records.
    package var endpoint: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}
