/// How messages are cut on the link to the gateway: four bytes of length, most significant first, then JSON, or decisions in bytes of
/// their own (docs/decisions/0003). Blocking, for threads that do nothing else.
import Foundation

enum LinkFrame {
    static func encode(_ message: some Encodable) throws -> Data {
        let body = try JSONEncoder().encode(message)
        let length = UInt32(clamping: body.count)
        return withUnsafeBytes(of: length.bigEndian) { Data($0) } + body
    }

    /// Writes all of it; false when the other end is gone.
    static func write(_ frame: Data, to descriptor: Int32) -> Bool {
        frame.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                let count = send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }
}

/// What the other end says, in as few calls as it takes.
struct LinkReader {
    /// What is longer than this is a defect, and nothing after it can be trusted.
    private static let longest = 16 << 20
    /// Bytes asked for at once.
    private static let piece = 64 << 10

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    /// What of the buffer is taken.
    private var place = 0

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Waits for messages: the bytes of each that has come, at least one. Nil when the other end is gone or says something that is no frame.
    mutating func next() -> [[UInt8]]? {
        while true {
            let messages = takeMessages()
            if !messages.isEmpty { return messages }
            guard (nextLength ?? 0) <= Self.longest, read() else { return nil }
        }
    }

    private mutating func takeMessages() -> [[UInt8]] {
        var messages: [[UInt8]] = []
        while let length = nextLength, length <= Self.longest, buffer.count - place - 4 >= length {
            messages.append(Array(buffer[place + 4..<place + 4 + length]))
            place += 4 + length
        }
        buffer.removeFirst(place)
        place = 0
        return messages
    }

    /// Of the message that begins at `place`.
    private var nextLength: Int? {
        guard buffer.count - place >= 4 else { return nil }
        return buffer[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func read() -> Bool {
        let piece = [UInt8](unsafeUninitializedCapacity: Self.piece) { [descriptor] bytes, count in
            repeat { count = recv(descriptor, bytes.baseAddress, bytes.count, 0) } while count < 0 && errno == EINTR
            count = max(0, count)
        }
        buffer += piece
        return !piece.isEmpty
    }
}
