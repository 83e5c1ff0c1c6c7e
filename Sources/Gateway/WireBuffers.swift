/// How does `Wire`'s reader meet NIO's buffers? Without a copy in between.
import NIOCore
import Wire

extension HTTPReader {
    /// The next event in these bytes, of which `taken` are to be dropped once it has been looked at.
    mutating func next(in buffer: ByteBuffer, taken: inout Int) throws(HTTPError) -> Event? {
        try next(buffer.readableBytesSpan, taken: &taken)
    }
}

extension ByteBuffer {
    /// Its readable bytes, in pieces that a slow provider can be seen to take.
    func inPieces(_ body: (ByteBuffer) -> Void) {
        var rest = self
        while rest.readableBytes > 0 {
            guard let piece = rest.readSlice(length: min(rest.readableBytes, GatewayLimits.uploadPiece)) else { return }
            body(piece)
        }
    }

    /// Appends the readable bytes at this place.
    func copy(_ place: Range<Int>, to bytes: inout [UInt8]) {
        withUnsafeReadableBytes { bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[place])) }
    }

    /// Appends what the readable bytes at this place come to when they are inflated.
    func inflate(
        _ place: Range<Int>,
        by inflater: BodyInflater,
        to bytes: inout [UInt8]
    ) throws(InflateError) {
        let result = withUnsafeReadableBytes { all -> InflateError? in
            do throws(InflateError) {
                try inflater.inflate(UnsafeRawBufferPointer(rebasing: all[place]), to: &bytes)
                return nil
            } catch {
                return error
            }
        }
        if let result { throw result }
    }
}
