/// What follows from each class of failure. One row per class; nothing else in the gateway decides by class.

/// What follows from one class.
package struct FailureRule: Hashable, Sendable {
    /// Where an answer is looked for next, as long as nothing meaningful has reached the client.
    package enum Next: Hashable, Sendable {
        /// The same member over another path, or another member: the way may be at fault.
        case otherCandidate
        /// Another member: this one has answered, so its paths are not at fault.
        case otherMember
        /// Another member, of those whose model takes more.
        case longerMember
        /// Nowhere: nobody else would do better.
        case giveUp
    }

    /// What the runtime is told of the member.
    package enum Standing: Hashable, Sendable {
        /// It failed.
        case failed
        /// It works, and wants to be left alone for a while: degraded until then.
        case wantsPause
        /// Nothing.
        case untouched
    }

    package let next: Next
    package let standing: Standing
    /// An operator must mend something; no client and no retry can.
    package let alarm: GatewayAlarm.Code?
    /// What the client gets when nobody is left.
    package let status: Int
    /// `type` and `code` of the error in OpenAI's shape.
    package let errorType: String
    package let errorCode: String
    package let message: String
}

extension FailureClass {
    package var rule: FailureRule {
        switch self {
        case .nameResolution: .way(502, "upstream_unreachable", "The provider's name could not be resolved.")
        case .connectRefused: .member(502, "upstream_unreachable", "The provider refused the connection.")
        case .connectTimeout: .way(504, "upstream_timeout", "No connection to the provider in time.")
        case .unreachable: .way(502, "upstream_unreachable", "The network has no way to the provider.")
        case .noRoom: .harmless(503, "upstream_unreachable", "The gateway has no room for another connection.")
        case .tls: .member(502, "upstream_unreachable", "No secure connection to the provider.")
        case .headTimeout: .member(504, "upstream_timeout", "The provider did not answer in time.")
        case .firstTokenTimeout: .member(504, "upstream_timeout", "The provider's answer did not begin in time.")
        case .stall: .member(504, "upstream_timeout", "The provider's answer stalled.")
        case .total: .nobody(504, "upstream_timeout", "The request took longer than is allowed.")
        case .rateLimited: .limit
        case .overloaded: .member(503, "upstream_overloaded", "The provider is overloaded.")
        case .serverError: .member(502, "upstream_error", "The provider failed.")
        case .unauthorised: .operator(.upstreamUnauthorised, "The provider refused the gateway's credentials.")
        case .unknownUpstreamModel: .operator(.upstreamModelUnknown, "The provider does not know the model.")
        case .clientError: .nobody(400, "invalid_request", "The provider refused the request.")
        case .contextLength: .longer
        case .malformed: .member(502, "upstream_error", "The provider's answer could not be read.")
        case .errorFirstEvent, .errorMidStream: .member(502, "upstream_error", "The provider reported an error.")
        case .reset, .truncated: .way(502, "upstream_error", "The connection to the provider broke.")
        case .tooLarge: .surfeit
        case .pathDown: .path
        case .secretUnavailable: .operator(.secretUnavailable, "The gateway has no credentials for the provider.")
        case .priceUnknown: .harmless(503, "price_unknown", "No member of this model has a price that is known.")
        case .notCarried: .harmless(400, "unsupported_by_provider", "No provider of this model can carry the request.")
        case .retryBudget: .nobody(503, "retry_budget", "Too many requests of this model fail to try another provider.")
        }
    }
}

extension FailureRule {
    /// The way may be at fault.
    fileprivate static func way(_ status: Int, _ code: String, _ message: String) -> FailureRule {
        server(.otherCandidate, .failed, nil, status, code, message)
    }

    /// The member is at fault.
    fileprivate static func member(_ status: Int, _ code: String, _ message: String) -> FailureRule {
        server(.otherMember, .failed, nil, status, code, message)
    }

    /// The member cannot serve this request, which says nothing about its health.
    fileprivate static func harmless(_ status: Int, _ code: String, _ message: String) -> FailureRule {
        server(.otherMember, .untouched, nil, status, code, message)
    }

    /// The configuration is at fault. The client is told no more than that: whose key it is, is none of its business.
    fileprivate static func `operator`(_ alarm: GatewayAlarm.Code, _ message: String) -> FailureRule {
        server(.otherMember, .failed, alarm, 502, "upstream_misconfigured", message)
    }

    /// Trying elsewhere is of no use.
    fileprivate static func nobody(_ status: Int, _ code: String, _ message: String) -> FailureRule {
        FailureRule(
            next: .giveUp,
            standing: .untouched,
            alarm: nil,
            status: status,
            errorType: status < 500 ? "invalid_request_error" : "upstream_error",
            errorCode: code,
            message: message
        )
    }

    fileprivate static let path = server(
        .otherCandidate,
        .untouched,
        nil,
        503,
        "upstream_unreachable",
        "The way to the provider was lost."
    )

    /// Whoever was asked next would say as much.
    fileprivate static let surfeit = nobody(
        502,
        "answer_too_large",
        "The provider's answer has more than \(ExchangeLimits.plainAnswerBytes >> 20) MiB: ask for fewer at once, for a stream, or by URL."
    )

    fileprivate static let longer = server(
        .longerMember,
        .untouched,
        nil,
        400,
        "context_length_exceeded",
        "The request is longer than the model takes."
    )

    fileprivate static let limit = FailureRule(
        next: .otherMember,
        standing: .wantsPause,
        alarm: nil,
        status: 429,
        errorType: "rate_limit_error",
        errorCode: "rate_limit_exceeded",
        message: "The provider's rate limit is reached."
    )

    private static func server(
        _ next: Next,
        _ standing: Standing,
        _ alarm: GatewayAlarm.Code?,
        _ status: Int,
        _ code: String,
        _ message: String
    ) -> FailureRule {
        FailureRule(
            next: next,
            standing: standing,
            alarm: alarm,
            status: status,
            errorType: status < 500 ? "invalid_request_error" : "upstream_error",
            errorCode: code,
            message: message
        )
    }
}

extension FailureClass {
    /// Whether the provider has done its work and wants to be paid for it, though nobody can use it.
    var isOfWorkDone: Bool { self == .tooLarge }

    /// Whether no provider was asked: a reason of ours came before.
    var isOfOurOwn: Bool { self == .notCarried || self == .priceUnknown || self == .retryBudget }

    /// The class of an error inside a 200, before anything meaningful: providers that have sent their head say there what they
    /// would have said by a status.
    package init(inAnswer error: UpstreamError) {
        switch error.kind {
        case .rateLimited: self = .rateLimited
        case .overloaded: self = .overloaded
        case .authentication, .permission, .quota: self = .unauthorised
        case .invalidRequest, .tooLarge, .contentFilter: self = .clientError
        case .contextLength: self = .contextLength
        case .malformed: self = .malformed
        case .notFound, .timeout, .server: self = .errorFirstEvent
        }
    }

    /// What the body of an error answer makes of the class of its status.
    func refined(by error: UpstreamError) -> FailureClass {
        switch (self, error.kind) {
        case (.rateLimited, .quota), (.clientError, .authentication), (.clientError, .permission): .unauthorised
        case (.clientError, .contextLength): .contextLength
        case (.unknownUpstreamModel, .invalidRequest), (.unauthorised, .contentFilter): .clientError
        default: self
        }
    }

    /// Whether it is the client's request that is at fault, so that the provider's own words are what helps.
    var isOfTheRequest: Bool { self == .clientError || self == .contextLength }

    /// The class of an upstream's status; nil for 200…299, which is no failure.
    package init?(status: Int) {
        switch status {
        case 200...299: return nil
        case 401, 402, 403: self = .unauthorised
        case 404: self = .unknownUpstreamModel
        case 408: self = .serverError
        case 429: self = .rateLimited
        case 503, 529: self = .overloaded
        case 400...499: self = .clientError
        case 500...599: self = .serverError
        default: self = .malformed
        }
    }
}
