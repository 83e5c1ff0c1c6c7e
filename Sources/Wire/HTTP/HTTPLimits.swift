/// How much of a message is read before its sender is sent away?
package struct HTTPLimits: Equatable, Sendable {
    /// Bytes of the first line. RFC 9112 §3 wants at least 8,000 for a request's.
    package var startLine: Int
    /// Bytes of one field line. Tokens that carry groups of their bearer are the longest in use, with some 10 KiB.
    package var fieldLine: Int
    /// Field lines of a head or a trailer section.
    package var fields: Int
    /// Bytes of a whole head or trailer section.
    package var head: Int
    /// Bytes of the line before a chunk, its extensions among them.
    package var chunkLine: Int
    /// Bytes of all chunk extensions of one message (RFC 9112 §7.1.1): without it, a body of one byte may cost a gigabyte.
    package var extensions: Int
    /// Bytes of one body.
    package var body: Int
    /// Heads with a status below 200 before the one that is an answer.
    package var interim: Int

    /// Limits of your own.
    package init(
        startLine: Int = 8 << 10,
        fieldLine: Int = 16 << 10,
        fields: Int = 100,
        head: Int = 32 << 10,
        chunkLine: Int = 1 << 10,
        extensions: Int = 16 << 10,
        body: Int = .max,
        interim: Int = 16
    ) {
        self.startLine = startLine
        self.fieldLine = fieldLine
        self.fields = fields
        self.head = head
        self.chunkLine = chunkLine
        self.extensions = extensions
        self.body = body
        self.interim = interim
    }
}
