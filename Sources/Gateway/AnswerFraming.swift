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
        // These have no body and say nothing of its length (RFC 9110 §6.4.1, §8.6).
        let hasBody = head.status != 204 && head.status != 304
        isChunked = head.length == nil && isHTTP11 && hasBody
        if head.length == nil, !isHTTP11, hasBody { keepsAlive = false }
        var writer = HTTPWriter()
        writer.statusLine(head.status)
        writer.field("date", date)
        for header in head.headers { writer.field(header.name, header.value) }
        if let length = head.length, hasBody {
            writer.contentLength(length)
        } else if isChunked {
            writer.chunkedCoding()
        }
        if !keepsAlive {
            writer.field("connection", "close")
        } else if !isHTTP11 {
            writer.field("connection", "keep-alive")
        }
        writer.endOfHead()
        buffer.writeBytes(writer.bytes)
    }

    func write(_ bytes: [UInt8], to buffer: inout ByteBuffer) {
        guard !isHeadOnly, !bytes.isEmpty else { return }
        guard isChunked else {
            buffer.writeBytes(bytes)
            return
        }
        var writer = HTTPWriter(capacity: bytes.count + Self.chunkFrame)
        writer.beginChunk(bytes.count)
        writer.body(bytes)
        writer.endChunk()
        buffer.writeBytes(writer.bytes)
    }

    /// Bytes around a chunk: the digits of its size and two line ends.
    private static let chunkFrame = 20

    func writeEnd(to buffer: inout ByteBuffer) {
        guard isChunked, !isHeadOnly else { return }
        var writer = HTTPWriter(capacity: 8)
        writer.endOfChunks()
        buffer.writeBytes(writer.bytes)
    }
}
