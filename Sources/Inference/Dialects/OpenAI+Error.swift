import Wire

/// How are errors told and read in the OpenAI dialect?
extension OpenAI {
    /// The body of an error answer. `type` says whose fault it is, `param` names the field, `code` is for programs.
    static func errorBody(_ error: ClientError) -> [UInt8] {
        var writer = JSONWriter(capacity: 128 + error.message.utf8.count)
        writer.beginObject()
        writer.key("error")
        writer.beginObject()
        writer.member("message", error.message)
        writer.member("type", error.type)
        writer.key("param")
        if let param = error.param { writer.string(param) } else { writer.null() }
        writer.member("code", error.code)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// What the client's library makes of a class of failures, in step with `clientStatus`.
    static func errorType(of kind: UpstreamError.Kind) -> String {
        switch kind {
        case .invalidRequest, .tooLarge, .contextLength, .contentFilter: "invalid_request_error"
        case .rateLimited: "rate_limit_error"
        case .authentication, .permission, .notFound, .quota, .overloaded, .timeout, .server, .malformed:
            "upstream_error"
        }
    }

    // MARK: Reading

    /// What an error answer of a provider says.
    package static func error(status: Int, body: [UInt8]) -> UpstreamError {
        let kind = UpstreamError.kind(ofStatus: status)
        guard let document = try? JSONDocument(body, limits: .answer), let object = errorObject(document) else {
            return UpstreamError(kind, status: status, message: "The provider answered with status \(status).")
        }
        let error = failure(object)
        if kind == .permission, isFlagged(object, error) { return error.flagged() }
        var refined = kind
        if kind == .rateLimited, error.kind == .quota { refined = .quota }
        if kind == .invalidRequest, UpstreamError.saysTooLong(code: error.code, message: error.message) {
            refined = .contextLength
        }
        return UpstreamError(refined, status: status, message: error.message, code: error.code)
    }

    /// The error inside a chunk or an answer, whatever its status: `{"error":{…}}`, or `{"object":"error",…}` as older vLLM
    /// writes it.
    static func embeddedError(_ document: JSONDocument) -> UpstreamError? {
        errorObject(document).map(failure)
    }

    private static func errorObject(_ document: JSONDocument) -> JSONView? {
        if let error = document["error"], !error.isNull { return error }
        return document["object"]?.string == "error" ? document.root : nil
    }

    /// OpenRouter tells beside its words what it has found, and where.
    private static func isFlagged(_ object: JSONView, _ error: UpstreamError) -> Bool {
        object["metadata"]?["flagged_input"] != nil
            || UpstreamError.saysFlagged(codes: [error.code, object["type"]?.string], message: error.message)
    }

    static func failure(_ error: JSONView) -> UpstreamError {
        // Some servers give a bare text, and some a status where OpenAI has a word.
        let message = error.string ?? error["message"]?.string ?? "The provider reported an error without words."
        let status = error["code"]?.unsigned.flatMap { (400...599).contains($0) ? Int($0) : nil }
        let word = error["code"]?.string ?? error["type"]?.string
        let (found, usual) = status.map { (UpstreamError.kind(ofStatus: $0), $0) } ?? meaning(of: error)
        let names = [word, error["type"]?.string]
        let isTooLong =
            found == .invalidRequest && names.contains { UpstreamError.saysTooLong(code: $0, message: message) }
        let kind = isTooLong ? UpstreamError.Kind.contextLength : found
        let failure = UpstreamError(kind, status: status ?? usual, message: message, code: word)
        return kind == .permission && isFlagged(error, failure) ? failure.flagged() : failure
    }

    private static func meaning(of error: JSONView) -> (UpstreamError.Kind, Int) {
        for word in [error["code"]?.string, error["type"]?.string] {
            switch word {
            case "insufficient_quota", "billing_hard_limit_reached": return (.quota, 429)
            case "rate_limit_exceeded", "rate_limit_error", "requests", "tokens": return (.rateLimited, 429)
            case "invalid_api_key", "authentication_error": return (.authentication, 401)
            case "model_not_found", "not_found_error": return (.notFound, 404)
            case "overloaded_error", "service_unavailable_error", "engine_overloaded": return (.overloaded, 503)
            case "invalid_request_error", "BadRequestError", "context_length_exceeded", "exceed_context_size_error":
                return (.invalidRequest, 400)
            default: continue
            }
        }
        return (.server, 500)
    }
}
