/// How is a provider asked whether it is there, when nobody else asks? Without cost: by a connection, a handshake, or its list of
/// models.
import ConfigSyntax
package import NetTypes

package struct ProviderProbe: Hashable, Sendable, Codable {
    /// What is tried; each holds the one before.
    package enum Kind: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
        /// A TCP connection.
        case tcp
        /// And a TLS handshake.
        case tls
        /// And `GET …/models` with the key.
        case models
        // And what a local server of this kind says of its models and of its queue (`ServerInspection`).
        case ollama
        case vllm
        case sglang
        case llamaCpp = "llama.cpp"

        /// What is read; nil: nothing, an answer is enough.
        package var server: ServerKind? {
            switch self {
            case .tcp, .tls, .models: nil
            case .ollama: .ollama
            case .vllm: .vllm
            case .sglang: .sglang
            case .llamaCpp: .llamaCpp
            }
        }

        /// Whether something is asked over the connection.
        package var asks: Bool { self != .tcp && self != .tls }
    }

    package let kind: Kind
    package let every: Span
    /// For the whole of it, over one path.
    package let timeout: Span
    /// Rounds in a row without success over any path that put the provider's members out; at least 1.
    package let downAfter: Int

    /// How long the rounds take that put a provider's members out.
    package var patience: Span { Span(nanoseconds: Span.scaled(every.nanoseconds, Int64(downAfter))) }

    /// As often as a person would want to know, and seldom enough that no provider minds.
    package static let standard = ProviderProbe(kind: .tcp, every: .seconds(10), timeout: .seconds(2), downAfter: 3)

    /// A queue changes within seconds, and who tells of it is near.
    package static let everyOfServers = Span.seconds(2)

    package init(kind: Kind, every: Span, timeout: Span, downAfter: Int) {
        self.kind = kind
        self.every = every
        self.timeout = timeout
        self.downAfter = max(1, downAfter)
    }
}

/// What one probe over one path showed.
package struct ProbeOutcome: Hashable, Sendable, Codable {
    /// `group.member` of the network plane; nil: the host's own routing.
    package var path: String?
    /// nil: it answered.
    package var failure: FailureClass?
    package var detail: String?
    /// Until the outcome was known.
    package var after: Span
    /// What the server said of itself; nil: it was not asked, or failed.
    package var reading: ServerReading?

    package init(
        path: String?,
        failure: FailureClass?,
        detail: String? = nil,
        after: Span,
        reading: ServerReading? = nil
    ) {
        (self.path, self.failure, self.detail, self.after) = (path, failure, detail, after)
        self.reading = reading
    }
}

extension FailureClass {
    /// Whether a probe of this kind fails for the same reason: its success then says that the reason is gone.
    package func shows(in kind: ProviderProbe.Kind) -> Bool {
        switch self {
        case .nameResolution, .connectRefused, .connectTimeout, .unreachable: true
        case .tls: kind != .tcp
        case .unauthorised: kind.asks
        case .headTimeout, .firstTokenTimeout, .stall, .total, .rateLimited, .overloaded, .serverError,
            .unknownUpstreamModel, .clientError, .contextLength, .malformed, .errorFirstEvent, .errorMidStream, .reset,
            .truncated, .noRoom, .tooLarge, .pathDown, .secretUnavailable, .notCarried, .priceUnknown, .retryBudget:
            false
        }
    }

    /// What an answer to `GET …/models` makes of the provider: one that knows no such list, does not show it to this key, or wants a pause, is
    /// there.
    package init?(ofModelList status: Int) {
        guard status != 403 else { return nil }
        switch FailureClass(status: status) {
        case .unauthorised: self = .unauthorised
        case .serverError, .overloaded: self = .serverError
        case .malformed: self = .malformed
        default: return nil
        }
    }
}

extension GatewayProvider {
    /// What is asked of it in a round; nil: its probe reads nothing.
    package func inspection(wanted: [String], memo: ServerMemo) -> ServerInspection? {
        probe?.kind.server.map { ServerInspection($0, prefix: pathPrefix, wanted: wanted, memo: memo) }
    }

    /// Where a probe's question goes, behind it what stands behind each of its addresses.
    /// - Parameter ask: nil: its list of models is asked for.
    package func path(of ask: ServerAsk?) -> String {
        let path = ask?.path ?? dialect.versioned(pathPrefix) + dialect.modelsPath
        return path + (quirks?.query.map { "?" + $0 } ?? "")
    }
}

extension Dialect {
    /// Where the list of models is, below the provider's address.
    fileprivate var modelsPath: String {
        switch self {
        case .openai, .gemini, .responses: "/models"
        case .anthropic: "/v1/models"
        case .ollama: "/api/tags"
        }
    }
}
