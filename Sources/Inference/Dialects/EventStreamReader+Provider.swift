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
}
