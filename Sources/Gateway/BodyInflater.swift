/// How does a request's body in gzip (RFC 1952) become plain, piece by piece and in bounds?
import CZlib

/// Why a body in gzip is not taken.
enum InflateError: Error, Equatable {
    /// It is none, or its checksum is another.
    case malformed
    /// It ends before its end.
    case truncated
    /// More bytes than a request may have.
    case tooLarge
    /// So much from so little that only a bomb is like it.
    case tooDense
}

/// One body. An object, since zlib's state may not move. Touched on one loop only.
final class BodyInflater {
    /// Times its size that a body may grow to, once it is larger than `free`. Prompts come to 3 to 10, the densest logs to some 50; what
    /// is made to hurt comes to 1,000.
    static let ratio = 100
    /// Bytes of plain text that any body may come to.
    static let free = 1 << 20
    /// A window of 32 KiB, and gzip's head and tail alone (zlib.h, inflateInit2).
    private static let gzip: Int32 = 15 + 16
    private static let step = 64 << 10

    private let stream: UnsafeMutablePointer<z_stream>
    private let limit: Int
    private var taken = 0
    private var given = 0
    /// Between two members, of which a body may have several (RFC 1952 §2.2).
    private var isComplete = false

    /// - Parameter limit: bytes of the plain body.
    /// - Returns: nil when there is no memory for it.
    init?(limit: Int) {
        self.limit = limit
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(stream, Self.gzip, ZLIB_VERSION, size) == Z_OK else { return nil }
    }

    deinit {
        // Does nothing when there was no memory.
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Appends what these bytes come to.
    func inflate(_ bytes: UnsafeRawBufferPointer, to body: inout [UInt8]) throws(InflateError) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        taken += bytes.count
        // zlib does not write to its input; its interface lacks the word.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(clamping: bytes.count)
        defer { stream.pointee.next_in = nil }
        var isFull = true
        while stream.pointee.avail_in > 0 || isFull {
            if isComplete {
                guard stream.pointee.avail_in > 0 else { return }
                inflateReset(stream)
                isComplete = false
            }
            isFull = try step(to: &body)
        }
    }

    /// The body is over.
    func finish() throws(InflateError) {
        guard isComplete else { throw .truncated }
    }

    /// - Returns: whether there may be more to come without more bytes.
    private func step(to body: inout [UInt8]) throws(InflateError) -> Bool {
        let (status, count) = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.step) {
            room -> (Int32, Int) in
            stream.pointee.next_out = room.baseAddress
            stream.pointee.avail_out = UInt32(room.count)
            let status = zlibInflate(stream)
            let count = room.count - Int(stream.pointee.avail_out)
            body.append(contentsOf: room[..<count])
            return (status, count)
        }
        given += count
        guard given <= limit else { throw .tooLarge }
        guard given <= Self.free || given / Self.ratio <= taken else { throw .tooDense }
        switch status {
        case Z_STREAM_END:
            isComplete = true
            return false
        case Z_OK: return stream.pointee.avail_out == 0
        // No more can be done with what is there.
        case Z_BUF_ERROR where stream.pointee.avail_in == 0: return false
        default: throw .malformed
        }
    }

    private func zlibInflate(_ stream: UnsafeMutablePointer<z_stream>) -> Int32 { CZlib.inflate(stream, Z_NO_FLUSH) }
}
