import Wire

/// What does an error of Gemini's API mean?
extension Gemini {
    /// What an error answer says.
    package static func error(status: Int, body: [UInt8]) -> UpstreamError {
        guard let document = try? JSONDocument(body, limits: .answer), let error = errorObject(document.root) else {
            let kind = UpstreamError.kind(ofStatus: status)
            return UpstreamError(kind, status: status, message: "The provider answered with status \(status).")
        }
        return failure(error, status: status)
    }

    /// The error that a body with another status hides.
    static func embeddedError(_ root: JSONView) -> UpstreamError? {
        errorObject(root).map { failure($0, status: nil) }
    }

    /// Where a stream was asked for the error stands in an array, as what else comes in it would.
    private static func errorObject(_ root: JSONView) -> JSONView? {
        let error = root["error"] ?? root.elements.first { _ in true }?["error"]
        return error.flatMap { $0.kind == .object ? $0 : nil }
    }

    /// - Parameter status: nil inside an answer, where the error alone speaks.
    private static func failure(_ error: JSONView, status: Int?) -> UpstreamError {
        let word = error["status"]?.string
        let own = error["code"]?.unsigned.flatMap { (400...599).contains($0) ? Int($0) : nil }
        let status = status ?? own ?? 500
        let message = error["message"]?.string ?? "The provider reported an error without words."
        var failure = UpstreamError(
            kind(word, of: error, status: status, message: message),
            status: status,
            message: message,
            code: word
        )
        failure.retryAfter = retryAfter(error)
        return failure
    }

    private static func kind(
        _ word: String?,
        of error: JSONView,
        status: Int,
        message: String
    ) -> UpstreamError.Kind {
        // A wrong key is said to be a wrong argument.
        if details(error).contains(where: { $0["reason"]?.string == "API_KEY_INVALID" }) { return .authentication }
        switch word {
        case "INVALID_ARGUMENT", "OUT_OF_RANGE":
            return saysTooLong(message) ? .contextLength : .invalidRequest
        // The account's country or bill is not as the provider wants it.
        case "FAILED_PRECONDITION", "PERMISSION_DENIED": return .permission
        case "UNAUTHENTICATED": return .authentication
        case "NOT_FOUND": return .notFound
        case "RESOURCE_EXHAUSTED": return .rateLimited
        case "UNAVAILABLE": return .overloaded
        case "DEADLINE_EXCEEDED": return .timeout
        case "INTERNAL", "UNKNOWN", "CANCELLED", "ABORTED", "DATA_LOSS", "UNIMPLEMENTED": return .server
        default: return UpstreamError.kind(ofStatus: status)
        }
    }

    private static func saysTooLong(_ message: String) -> Bool {
        UpstreamError.saysTooLong(code: nil, message: message)
            || (message.contains("input token count") && message.contains("exceeds the maximum number of tokens"))
    }

    private static func details(_ error: JSONView) -> JSONView.Elements { (error["details"] ?? error).elements }

    /// `google.rpc.RetryInfo` in whole seconds, rounded up: there is no header that says so.
    private static func retryAfter(_ error: JSONView) -> String? {
        for detail in details(error) where detail["@type"]?.string?.hasSuffix("google.rpc.RetryInfo") ?? false {
            guard let text = detail["retryDelay"]?.string, text.hasSuffix("s"), let seconds = Double(text.dropLast()),
                (0...86_400).contains(seconds)
            else { continue }
            return "\(Int(seconds.rounded(.up)))"
        }
        return nil
    }
}
