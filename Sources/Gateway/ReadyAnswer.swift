/// How is a request answered that no exchange is made for? Refusals; the pages of the gateway itself are in `OwnPages.swift`.
import Inference
import Wire

/// An answer that is ready.
struct ReadyAnswer {
    var status: Int
    var body: [UInt8]
    /// Besides type, length and decision.
    var headers: [Header] = []
    /// The `code` of the error; nil: it is none.
    var errorCode: String?
    /// The connection is of no use afterwards.
    var closes = false

    private var closing: ReadyAnswer {
        var answer = self
        answer.closes = true
        return answer
    }

    func head(decision: String) -> ClientHead {
        let own = [Header("content-type", "application/json"), Header("x-martlet-decision", decision)]
        return ClientHead(status: status, headers: own + headers, length: body.count)
    }

    /// An error in OpenAI's shape.
    static func error(_ status: Int, _ code: String, _ message: String, param: String? = nil, headers: [Header] = [])
        -> ReadyAnswer
    {
        let type = status < 500 ? "invalid_request_error" : "server_error"
        let body = OpenAI.errorBody(message: message, type: type, param: param, code: code)
        return ReadyAnswer(status: status, body: body, headers: headers, errorCode: code)
    }

    static let badKey = error(
        401,
        "invalid_api_key",
        "The API key is missing or wrong. Send it as 'Authorization: Bearer KEY'.",
        headers: [Header("www-authenticate", "Bearer")]
    )

    static let unknownPath = error(404, "unknown_url", "Nothing is served at this address.")

    static func wrongMethod(allowed: String) -> ReadyAnswer {
        error(405, "method_not_supported", "This address takes \(allowed) only.", headers: [Header("allow", allowed)])
    }

    static let tooLarge = error(
        413,
        "request_too_large",
        "The request is larger than \(GatewayLimits.requestBytes) bytes."
    ).closing

    static let encodedBody = error(415, "unsupported_encoding", "Bodies with a content-encoding are not served.")

    /// What is no request, or one that somebody else might read as another.
    static func unreadable(_ reason: HTTPError) -> ReadyAnswer {
        if reason == .bodyTooLarge { return tooLarge }
        return error(reason.status, "bad_request", "The request cannot be read: \(reason.rawValue).").closing
    }

    static let bodyTimeout = error(408, "request_timeout", "The request's body did not come in time.").closing

    static let notReady = error(503, "not_ready", "The gateway has no configuration yet or is about to end.")

    static func noModel(_ name: String) -> ReadyAnswer {
        error(404, "model_not_found", "The model '\(name)' does not exist.", param: "model")
    }

    static func page(_ body: [UInt8]) -> ReadyAnswer { ReadyAnswer(status: 200, body: body) }
}
