import Wire

/// What does an error of the Messages API mean?
extension Anthropic {
    /// What an error answer says.
    package static func error(status: Int, body: [UInt8]) -> UpstreamError {
        guard let document = try? JSONDocument(body, limits: .answer), let error = document["error"], !error.isNull
        else {
            let kind = UpstreamError.kind(ofStatus: status)
            return UpstreamError(kind, status: status, message: "The provider answered with status \(status).")
        }
        return failure(error, status: status)
    }

    /// The error that a body with another status hides.
    static func embeddedError(_ value: JSONView) -> UpstreamError? {
        value["type"]?.string == "error" ? failure(value["error"], status: nil) : nil
    }

    /// - Parameter status: nil inside a stream, where the type alone speaks.
    static func failure(_ error: JSONView?, status: Int?) -> UpstreamError {
        let word = error?["type"]?.string
        let meaning = word.flatMap(meaning)
        let message = error?["message"]?.string ?? "The provider reported an error without words."
        var kind = meaning?.kind ?? UpstreamError.kind(ofStatus: status ?? 500)
        if kind == .invalidRequest, UpstreamError.saysTooLong(code: nil, message: message) { kind = .contextLength }
        let failure = UpstreamError(kind, status: status ?? meaning?.status ?? 500, message: message, code: word)
        guard kind == .permission, UpstreamError.saysFlagged(codes: [word], message: message) else { return failure }
        return failure.flagged()
    }

    /// The error types of the API and the statuses they come with.
    private static func meaning(of type: String) -> (kind: UpstreamError.Kind, status: Int)? {
        switch type {
        case "invalid_request_error": (.invalidRequest, 400)
        case "authentication_error": (.authentication, 401)
        case "billing_error": (.quota, 402)
        case "permission_error": (.permission, 403)
        case "not_found_error": (.notFound, 404)
        case "request_too_large": (.tooLarge, 413)
        case "rate_limit_error": (.rateLimited, 429)
        case "api_error": (.server, 500)
        case "timeout_error": (.timeout, 504)
        case "overloaded_error": (.overloaded, 529)
        default: nil
        }
    }
}

// MARK: - Telling

extension Anthropic {
    /// The body of an error answer.
    /// - Parameter id: the request's name.
    static func errorBody(_ error: ClientError, id: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 128 + error.message.utf8.count)
        writer.beginObject()
        writer.member("type", "error")
        writer.key("error")
        writer.beginObject()
        writer.member("type", errorType(ofStatus: error.status))
        writer.member("message", error.message)
        writer.endObject()
        writer.member("request_id", id)
        writer.endObject()
        return writer.bytes
    }

    /// What the client's library makes of a status, in step with `meaning(of:)`.
    private static func errorType(ofStatus status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 408, 504: "timeout_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503, overloadedStatus: "overloaded_error"
        case 400..<500: "invalid_request_error"
        default: "api_error"
        }
    }
}
