import Wire

/// How is a provider's stream of JSON lines read?
extension JSONLineReader {
    /// The next line; nil when more bytes are needed.
    /// - Throws: `malformed` when a line is larger than anything a provider sends.
    mutating func nextOfProvider() throws(UpstreamError) -> JSONLine? {
        do {
            return try next()
        } catch {
            throw .malformed("The provider's stream cannot be read: \(error).")
        }
    }

    /// What is left when the provider has closed the stream: a last line whose end is left out, with that end. A line that was cut off
    /// within is nothing.
    mutating func lastOfProvider() -> JSONLine? {
        guard let rest = finish(), (try? JSONDocument(rest.text, limits: .answer)) != nil else { return nil }
        return rest.closed
    }
}
