import Wire

/// How are errors told and read in Ollama's API: one text, under `error`?
extension Ollama {
    /// The body of an error answer, and the line that breaks a stream off.
    static func errorBody(_ error: ClientError) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + error.message.utf8.count)
        writer.beginObject()
        writer.member("error", error.message)
        writer.endObject()
        return writer.bytes
    }

    // MARK: Reading

    /// What an error answer says.
    package static func error(status: Int, body: [UInt8]) -> UpstreamError {
        guard let document = try? JSONDocument(body, limits: .answer), let error = document["error"], !error.isNull
        else {
            let kind = UpstreamError.kind(ofStatus: status)
            return UpstreamError(kind, status: status, message: "The provider answered with status \(status).")
        }
        return failure(error, status: status)
    }

    /// The error in a line or an answer with status 200, which says no other.
    static func embeddedError(_ document: JSONDocument) -> UpstreamError? {
        guard let error = document["error"], !error.isNull else { return nil }
        return failure(error, status: 500)
    }

    private static func failure(_ error: JSONView, status: Int) -> UpstreamError {
        // A proxy before the server may have an object here.
        let message = error.string ?? error["message"]?.string ?? "The provider reported an error without words."
        var kind = UpstreamError.kind(ofStatus: status)
        let isTooLong = UpstreamError.saysTooLong(code: nil, message: message) || message.contains("context length")
        if kind == .invalidRequest, isTooLong { kind = .contextLength }
        return UpstreamError(kind, status: status, message: message)
    }
}
