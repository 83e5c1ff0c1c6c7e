/// Why bytes are no message of HTTP/1.1 or HTTP/2 that may be acted upon, and what a server answers to that. Whatever two readers may
/// understand differently is refused: the one in front of us or behind us could be made to see other messages than we do.
package enum HTTPError: String, Error, Equatable, Sendable {
    /// No request line or status line (RFC 9112 §3, §4).
    case badStartLine = "the first line is none of HTTP/1.1"
    /// Neither `HTTP/1.0` nor `HTTP/1.1`.
    case badVersion = "the version is neither HTTP/1.0 nor HTTP/1.1"
    /// A target of none of the forms that a server takes (RFC 9112 §3.2), or with bytes that no URI holds.
    case badTarget = "the target is no path and no http address"
    /// A line ends with LF alone (§2.2 lets a recipient take it, but two recipients differ).
    case bareLineFeed = "a line ends with LF alone"
    /// CR without LF.
    case bareCarriageReturn = "a CR stands without LF"
    /// Another control character (RFC 9110 §5.5).
    case controlCharacter = "a control character stands in a line"
    /// A line that begins with a blank: one that continues the line before it (RFC 9112 §5.2).
    case foldedLine = "a line begins with a blank"
    /// A line without a colon, without a name, or with other bytes than a token's before the colon (RFC 9112 §5.1).
    case badField = "a line is no field: NAME: VALUE"
    /// None in a request of HTTP/1.1, more than one, or one that names no host (RFC 9112 §3.2).
    case badHost = "the host is missing, there twice, or none"
    /// `Content-Length` is no number, or stands there more than once (RFC 9112 §6.3).
    case badLength = "the content-length is no number or there twice"
    /// `Content-Length` and `Transfer-Encoding` in one head (RFC 9112 §6.1).
    case lengthAndCoding = "content-length and transfer-encoding exclude each other"
    /// `Transfer-Encoding` in a message of HTTP/1.0, which had none (RFC 9112 §6.1).
    case codingInHTTP10 = "HTTP/1.0 has no transfer-encoding"
    /// A transfer coding other than `chunked` alone.
    case unknownCoding = "the transfer-encoding is another than chunked"
    /// An `Expect` other than `100-continue` (RFC 9110 §10.1.1).
    case unknownExpectation = "nothing but 100-continue can be expected"
    /// An answer that changes the protocol, which nobody asked for.
    case unaskedUpgrade = "nobody asked for another protocol"
    /// More heads with a status below 200 than allowed.
    case tooManyInterim = "there are too many interim answers"
    /// No size of a chunk (RFC 9112 §7.1).
    case badChunkSize = "a chunk has no size"
    /// A chunk's bytes are not followed by CRLF.
    case badChunkEnd = "a chunk is longer than its size"
    case startLineTooLong = "the first line is too long"
    case fieldLineTooLong = "a field is too long"
    case tooManyFields = "there are too many fields"
    case headTooLarge = "the fields are too long together"
    case chunkLineTooLong = "the line before a chunk is too long"
    case extensionsTooLarge = "the extensions of chunks are too long together"
    case bodyTooLarge = "the body is too large"
    /// HTTP/2: a field that begins with a colon is missing, there twice, unknown, or stands behind the others (RFC 9113 §8.3).
    case badPseudoField = "a field that begins with a colon is missing, or is not for here"
    /// HTTP/2: names are in lower case (RFC 9113 §8.2.1).
    case upperCaseName = "a field's name is not in lower case"
    /// HTTP/2: a field that speaks of a connection (RFC 9113 §8.2.2).
    case connectionField = "a field speaks of a connection, which a stream has none of"
    /// The connection ended inside a message.
    case truncated = "the connection ended inside a message"

    /// The status that tells a client of it (RFC 9110 §15.5, §15.6; RFC 6585 §5).
    package var status: Int {
        switch self {
        case .bodyTooLarge: 413
        case .startLineTooLong: 414
        case .unknownExpectation: 417
        case .fieldLineTooLong, .tooManyFields, .headTooLarge: 431
        case .unknownCoding: 501
        case .badVersion: 505
        case .badStartLine, .badTarget, .bareLineFeed, .bareCarriageReturn, .controlCharacter, .foldedLine, .badField,
            .badHost, .badLength, .lengthAndCoding, .codingInHTTP10, .unaskedUpgrade, .tooManyInterim, .badChunkSize,
            .badChunkEnd, .chunkLineTooLong, .extensionsTooLarge, .badPseudoField, .upperCaseName, .connectionField,
            .truncated:
            400
        }
    }
}
