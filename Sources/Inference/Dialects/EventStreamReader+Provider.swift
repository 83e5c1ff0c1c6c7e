import Wire

/// How is a provider's stream read, whichever dialect it is in?
extension EventStreamReader {
    /// The next event; nil when more bytes are needed.
    /// - Throws: `malformed` when the bytes are no event stream.
    mutating func nextOfProvider() throws(UpstreamError) -> ServerSentEvent? {
        do {
            return try next()
        } catch {
            throw .malformed("The provider's stream cannot be read: \(error).")
        }
    }

    /// What is left when the provider has closed the stream: an event whose last blank line some servers leave out, with that line. An
    /// event that was cut off within is nothing: what comes behind it must not become a part of it.
    mutating func lastOfProvider() -> ServerSentEvent? {
        guard let rest = finish() else { return nil }
        if let data = rest.data, OpenAI.isWhole(data) { return rest.closed }
        // The second half of a line's end, of which the first ended the event before, is no part of what was cut off.
        return rest.lineEndBefore
    }
}

extension OpenAI {
    /// Whether an event's data has come to its end, in either dialect: JSON has, or the mark of a stream's end.
    fileprivate static func isWhole(_ data: [UInt8]) -> Bool {
        data == doneMark || (try? JSONDocument(data, limits: .answer)) != nil
    }
}
