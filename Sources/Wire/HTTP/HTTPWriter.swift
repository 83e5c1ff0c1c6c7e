/// How does a message become bytes (RFC 9112)? Piece by piece, in the order in which they are written: a first line, fields, the end of
/// the head, a body, its end. What may not stand in a head is left out.
package struct HTTPWriter: Sendable {
    /// What was written.
    package private(set) var bytes: [UInt8] = []

    /// A writer with room for `capacity` bytes.
    package init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    /// `METHOD TARGET HTTP/1.1`. Nothing is written that would be another line.
    /// - Returns: false when the target is none; the message is of no use then.
    package mutating func requestLine(_ method: StaticString, _ target: String) -> Bool {
        guard !target.isEmpty, target.utf8.allSatisfy({ HTTPOctets.isTarget($0) }) else { return false }
        put(method)
        put(" ")
        put(target)
        put(" HTTP/1.1\r\n")
        return true
    }

    /// `HTTP/1.1 STATUS WORDS`.
    package mutating func statusLine(_ status: Int) {
        if status == 200 { return put("HTTP/1.1 200 OK\r\n") }
        put("HTTP/1.1 ")
        put(String(min(max(status, 100), 999)))
        put(" ")
        put(Self.words(of: status))
        put("\r\n")
    }

    /// A field, if its name is a token and its value has no line end in it. Checked where it was written, and taken back.
    package mutating func field(_ name: String, _ value: String) {
        let start = bytes.count
        put(name)
        let colon = bytes.count
        put(": ")
        let from = bytes.count
        put(value)
        let isName = colon > start && bytes[start..<colon].allSatisfy { HTTPOctets.isToken($0) }
        guard isName, ByteScan.controlStop(bytes.span.bytes, from: from) == bytes.count else {
            return bytes.removeSubrange(start...)
        }
        put("\r\n")
    }

    /// A field that was checked when it was made.
    package mutating func field(_ field: HTTPField) { unchecked(field.name, field.value) }

    /// So many bytes of body follow.
    package mutating func contentLength(_ length: Int) {
        put("content-length: ")
        put(String(length))
        put("\r\n")
    }

    /// The body comes in chunks.
    package mutating func chunkedCoding() { put("transfer-encoding: chunked\r\n") }

    /// The blank line.
    package mutating func endOfHead() { put("\r\n") }

    /// What stands before a chunk's bytes; behind them stands a line end. Not for an empty one, which would end the body.
    package mutating func beginChunk(_ size: Int) {
        put(String(size, radix: 16))
        put("\r\n")
    }

    /// Bytes of a body.
    package mutating func body(_ body: [UInt8]) { bytes.append(contentsOf: body) }

    /// What stands behind a chunk's bytes.
    package mutating func endChunk() { put("\r\n") }

    /// The last chunk, and the fields behind it.
    package mutating func endOfChunks(trailers: [HTTPField] = []) {
        put("0\r\n")
        for trailer in trailers { field(trailer) }
        put("\r\n")
    }

    /// `HTTP/1.1 100 Continue`, whole.
    package mutating func goOn() { put("HTTP/1.1 100 Continue\r\n\r\n") }

    private mutating func unchecked(_ name: String, _ value: String) {
        put(name)
        put(": ")
        put(value)
        put("\r\n")
    }

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func put(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The words of RFC 9110 §15 for the statuses that we send; clients do not read them.
    private static func words(of status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
