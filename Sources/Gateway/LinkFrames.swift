/// How are messages cut on the link between daemon and gateway? Four bytes of length, most significant first, then JSON, or
/// decisions in bytes of their own.
package import NIOCore

/// Cuts what arrives into frames. The length comes from our own daemon, but a defect there must not take all memory here.
package struct LinkFrames: Sendable {
    package enum Malformed: Error, Equatable {
        case tooLarge(bytes: Int, limit: Int)
    }

    private let limit: Int
    private var buffer = ByteBuffer()

    /// - Parameter limit: bytes of one frame.
    package init(limit: Int) { self.limit = limit }

    package mutating func append(_ bytes: inout ByteBuffer) { buffer.writeBuffer(&bytes) }

    /// The next whole frame, or nil.
    package mutating func next() throws(Malformed) -> ByteBuffer? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        guard Int(length) <= limit else { throw .tooLarge(bytes: Int(length), limit: limit) }
        guard buffer.readableBytes >= 4 + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        let frame = buffer.readSlice(length: Int(length))
        buffer.discardReadBytes()
        return frame
    }

    /// Appends one frame.
    package static func write(_ bytes: some Collection<UInt8>, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(clamping: bytes.count))
        buffer.writeBytes(bytes)
    }
}
