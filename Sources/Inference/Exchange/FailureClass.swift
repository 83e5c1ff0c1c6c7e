/// What went wrong with one attempt, and what follows from it: where to try next, whose health it counts against, and what the
/// client is told when nobody is left. One row per class in `FailureClass+Rules.swift`.

/// How an attempt at one (member, path) failed.
package enum FailureClass: String, Hashable, Sendable, Codable, CaseIterable {
    /// The provider's name could not be resolved.
    case nameResolution = "name-resolution"
    /// The host answered that nobody listens there (ECONNREFUSED).
    case connectRefused = "connect-refused"
    /// No connection within `connect`.
    case connectTimeout = "connect-timeout"
    /// The network said that there is no way (ENETUNREACH, EHOSTUNREACH and the like), or refused the mark.
    case unreachable
    /// This process has no descriptor or memory left for another connection (EMFILE, ENOMEM and the like).
    case noRoom = "no-room"
    /// The TLS handshake failed: certificate, version, or the peer closed.
    case tls
    /// No head within `head`, or no plain answer within `answer`.
    case headTimeout = "head-timeout"
    /// No meaningful event within `firstToken`.
    case firstTokenTimeout = "first-token-timeout"
    /// Silence within an answer for longer than `betweenTokens`.
    case stall
    /// The whole exchange took longer than `total`.
    case total
    /// 429: the provider's limit.
    case rateLimited = "rate-limited"
    /// 529, or 503: the provider says that it is overloaded or closed.
    case overloaded
    /// Another 5xx, or 408.
    case serverError = "server-error"
    /// 401, 402, 403, or a 429 that wants money: the provider refuses our key, not the client's. A 403 about what the request says is a
    /// `clientError`.
    case unauthorised
    /// 404: the provider does not know the model or the path that the configuration gives it.
    case unknownUpstreamModel = "unknown-upstream-model"
    /// Another 4xx: the client's own request is wrong; nobody else would take it either.
    case clientError = "client-error"
    /// The provider says that the request is longer than its model takes: one that takes more may.
    case contextLength = "context-length"
    /// 1xx or 3xx as final answer, or bytes that are no answer in the provider's dialect.
    case malformed
    /// The first event of a 200 stream, or a whole 200 answer, was an error of no class above.
    case errorFirstEvent = "error-first-event"
    /// An error event after meaningful ones.
    case errorMidStream = "error-mid-stream"
    /// The connection was reset or broke.
    case reset
    /// The answer ended before it was complete.
    case truncated
    /// The answer is larger than what we hold: another provider's would be as large, and be paid for once more.
    case tooLarge = "too-large"
    /// The runtime said that the path is down.
    case pathDown = "path-down"
    /// The provider's key cannot be read on this host.
    case secretUnavailable = "secret-unavailable"
    /// The request holds something that the provider's dialect cannot carry.
    case notCarried = "not-carried"
    /// What the member would cost is not known, and `models.prices.unknown` says `refuse`.
    case priceUnknown = "price-unknown"
    /// The group has had as many retries as it may have: this member was not asked.
    case retryBudget = "retry-budget"
}
