/// Why does a client get no answer, or no more of one? One form for whatever went wrong and wherever; each dialect has its own
/// words for it (`ClientDialect.body(of:id:)`).
package struct ClientError: Equatable, Sendable {
    /// The HTTP status as OpenAI's dialect reckons; `ClientDialect.status(of:)` says what is sent.
    package let status: Int
    /// OpenAI's `type`: whose fault it is. Anthropic's follows from the status.
    package let type: String
    /// For a person.
    package let message: String
    /// The field of the request it is about.
    package let param: String?
    /// For programs and records.
    package let code: String

    /// An error of our own.
    package init(_ status: Int, type: String, code: String, _ message: String, param: String? = nil) {
        self.status = status
        self.type = type
        self.message = message
        self.param = param
        self.code = code
    }

    /// No policy and no name leads anywhere.
    package static func unknownModel(_ name: String) -> ClientError {
        ClientError(
            404,
            type: "invalid_request_error",
            code: "model_not_found",
            "The model '\(name)' does not exist or is not for this key.",
            param: "model"
        )
    }

    /// What is wrong with the client's request.
    package init(_ error: RequestError) {
        self.init(
            error.status,
            type: "invalid_request_error",
            code: error.code.rawValue,
            error.message,
            param: error.param
        )
    }

    /// How the provider failed.
    /// - Parameter status: nil for the one that `UpstreamError.clientStatus` gives.
    package init(_ error: UpstreamError, status: Int? = nil) {
        self.init(
            status ?? error.clientStatus,
            type: OpenAI.errorType(of: error.kind),
            code: error.clientCode,
            error.clientMessage
        )
    }

    /// What is told when nobody is left after a failure of this class.
    package init(_ rule: FailureRule) {
        self.init(rule.status, type: rule.errorType, code: rule.errorCode, rule.message)
    }
}
