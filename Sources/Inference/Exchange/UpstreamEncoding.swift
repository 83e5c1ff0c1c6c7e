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
        at address: ProviderAddress,
        model: String
    ) throws(RequestError) -> (request: UpstreamRequest, omissions: [String]) {
        let (body, omissions) = try body(for: provider.dialect, model: model)
        let request = UpstreamRequest(
            provider: number,
            path: address.chatPath,
            authority: address.authority,
            headers: view.stream ? Self.streamHeaders : Self.plainHeaders,
            body: body
        )
        return (request, omissions)
    }

    private static let plainHeaders = [
        Header("content-type", "application/json"), Header("accept", "application/json"),
    ]
    private static let streamHeaders = [
        Header("content-type", "application/json"), Header("accept", "text/event-stream"),
    ]

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

/// How a provider is addressed: texts that are the same for every request, made once for a snapshot.
package struct ProviderAddress: Hashable, Sendable {
    /// As the `Host` header says it: IPv6 literals in brackets, no port when it is the scheme's own (RFC 9110 §7.2).
    package let authority: String
    /// `host:port`, for records.
    package let endpoint: String
    /// Where chat requests go.
    package let chatPath: String

    package init(_ provider: GatewayProvider) {
        let host = provider.host.contains(":") ? "[\(provider.host)]" : provider.host
        endpoint = "\(host):\(provider.port)"
        authority = provider.port == (provider.isTLS ? 443 : 80) ? host : endpoint
        chatPath = provider.pathPrefix + provider.dialect.chatPath
    }
}
