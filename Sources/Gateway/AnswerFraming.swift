/// How does an answer become bytes on the client's connection? HTTP/1.1 framing (RFC 9112 §6, §7), nothing else.
import Inference
import NIOCore
import Wire

struct AnswerFraming {
    /// HTTP/1.0 knows no chunks: a stream ends with its connection.
    let isHTTP11: Bool
    /// An answer to HEAD has a head only.
    let isHeadOnly: Bool
    /// Whether the connection serves on afterwards.
    private(set) var keepsAlive: Bool
    private var isChunked = false

    init(isHTTP11: Bool, isHeadOnly: Bool, keepsAlive: Bool) {
        self.isHTTP11 = isHTTP11
        self.isHeadOnly = isHeadOnly
        self.keepsAlive = keepsAlive
    }

    mutating func write(_ head: ClientHead, date: String, to buffer: inout ByteBuffer) {
        isChunked = head.length == nil && isHTTP11
        if head.length == nil, !isHTTP11 { keepsAlive = false }
        buffer.writeString("HTTP/1.1 \(head.status) \(Self.reason(head.status))\r\ndate: \(date)\r\n")
        for header in head.headers where HTTPField.isName(header.name) && HTTPField.isValue(header.value) {
            buffer.writeString("\(header.name): \(header.value)\r\n")
        }
        if let length = head.length {
            buffer.writeString("content-length: \(length)\r\n")
        } else if isChunked {
            buffer.writeString("transfer-encoding: chunked\r\n")
        }
        if !keepsAlive {
            buffer.writeString("connection: close\r\n")
        } else if !isHTTP11 {
            buffer.writeString("connection: keep-alive\r\n")
        }
        buffer.writeString("\r\n")
    }

    func write(_ bytes: [UInt8], to buffer: inout ByteBuffer) {
        // An empty chunk would end the body.
        guard !isHeadOnly, !bytes.isEmpty else { return }
        if isChunked { buffer.writeString(String(bytes.count, radix: 16) + "\r\n") }
        buffer.writeBytes(bytes)
        if isChunked { buffer.writeString("\r\n") }
    }

    func writeEnd(to buffer: inout ByteBuffer) {
        if isChunked, !isHeadOnly { buffer.writeString("0\r\n\r\n") }
    }

    /// The words of RFC 9110 §15 for the statuses that we send; clients do not read them.
    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}
