/// How is a request answered that no exchange is made for? Refusals; the pages of the gateway itself are in `OwnPages.swift`.
import Inference
import Wire

/// An answer that is ready, but for the dialect of the client it goes to.
struct ReadyAnswer {
    private enum Content {
        case page([UInt8])
        case error(ClientError)
    }

    private let content: Content
    /// Besides type, length and decision.
    var headers: [Header] = []
    /// The connection is of no use afterwards.
    var closes = false

    private init(content: Content, headers: [Header] = []) {
        self.content = content
        self.headers = headers
    }

    private var closing: ReadyAnswer {
        var answer = self
        answer.closes = true
        return answer
    }

    /// The `code` of the error; nil: it is none.
    var errorCode: String? {
        if case .error(let error) = content { error.code } else { nil }
    }

    /// - Parameter id: the request's name.
    func body(in dialect: ClientDialect, id: String) -> [UInt8] {
        switch content {
        case .page(let body): body
        case .error(let error): dialect.body(of: error, id: id)
        }
    }

    /// - Parameter length: of the body.
    func head(in dialect: ClientDialect, id: String, length: Int) -> ClientHead {
        let own = [Header("content-type", "application/json"), Header("x-martlet-decision", id)]
        return ClientHead(status: status(in: dialect), headers: own + headers, length: length)
    }

    func status(in dialect: ClientDialect) -> Int {
        switch content {
        case .page: 200
        case .error(let error): dialect.status(of: error)
        }
    }

    static func error(_ status: Int, _ code: String, _ message: String, headers: [Header] = []) -> ReadyAnswer {
        let type = status < 500 ? "invalid_request_error" : "server_error"
        return error(ClientError(status, type: type, code: code, message), headers: headers)
    }

    static func error(_ error: ClientError, headers: [Header] = []) -> ReadyAnswer {
        ReadyAnswer(content: .error(error), headers: headers)
    }

    static let badKey = error(
        401,
        "invalid_api_key",
        "The API key is missing or wrong. Send it as 'Authorization: Bearer KEY', 'x-api-key: KEY' or 'x-goog-api-key: KEY'.",
        headers: [Header("www-authenticate", "Bearer")]
    )

    static let expiredKey = error(
        401,
        "invalid_api_key",
        "The API key has expired.",
        headers: [Header("www-authenticate", "Bearer")]
    )

    static let unknownPath = error(404, "unknown_url", "Nothing is served at this address.")

    static let nothingStored = error(
        ClientError(
            400,
            type: "invalid_request_error",
            code: RequestError.Code.unsupported.rawValue,
            "Responses are not stored here: there is none to be read, cancelled or deleted.",
            param: "response_id"
        )
    )

    /// - Parameter id: as the client wrote it.
    static func noResponse(_ id: String) -> ReadyAnswer {
        error(404, "response_not_found", "Response with id '\(Responses.shown(id))' not found.")
    }

    static func wrongMethod(allowed: String) -> ReadyAnswer {
        error(405, "method_not_supported", "This address takes \(allowed) only.", headers: [Header("allow", allowed)])
    }

    static let tooLarge = error(
        413,
        "request_too_large",
        "The request is larger than \(GatewayLimits.requestBytes) bytes."
    ).closing

    /// With what is taken instead (RFC 9110 §15.5.16).
    static let encodedBody = error(
        415,
        "unsupported_encoding",
        "Bodies are taken plain or with 'content-encoding: gzip', and in no other encoding.",
        headers: [Header("accept-encoding", "gzip")]
    )

    /// A body in gzip that cannot be made plain, or may not.
    static func encoded(_ reason: InflateError) -> ReadyAnswer {
        switch reason {
        case .malformed: error(400, "bad_request", "The body is no gzip, or a broken one.")
        case .truncated: error(400, "bad_request", "The body ends before its gzip does.")
        case .tooLarge:
            error(413, "request_too_large", "The inflated body is larger than \(GatewayLimits.requestBytes) bytes.")
        case .tooDense:
            error(
                413,
                "request_too_large",
                "The inflated body is more than \(BodyInflater.ratio) times as large as the sent one."
            )
        }
    }

    /// What is no request, or one that somebody else might read as another.
    static func unreadable(_ reason: HTTPError) -> ReadyAnswer {
        if reason == .bodyTooLarge { return tooLarge }
        return error(reason.status, "bad_request", "The request cannot be read: \(reason.rawValue).").closing
    }

    static let bodyTimeout = error(408, "request_timeout", "The request's body did not come in time.").closing

    static let notReady = error(503, "not_ready", "The gateway has no configuration yet or is about to end.")

    /// Nobody was asked, and soon there may be room.
    static let noMemory = error(
        503,
        "memory_short",
        "The gateway keeps as many long requests and answers as it has memory for. Try again in a moment.",
        headers: [Header("retry-after", "1")]
    )

    static func noModel(_ name: String) -> ReadyAnswer { error(.unknownModel(name)) }

    static func page(_ body: [UInt8]) -> ReadyAnswer { ReadyAnswer(content: .page(body)) }
}
