/// How messages are cut on the link to the gateway: four bytes of length, most significant first, then JSON
/// (docs/decisions/0003). Blocking, for threads that do nothing else.
import Foundation

enum LinkFrame {
    /// A decision record is a few kilobytes; what is longer is a defect, and nothing after it can be trusted.
    private static let longest = 16 << 20

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

    /// The next message's bytes; nil when the other end is gone or says something that is no frame.
    static func read(from descriptor: Int32) -> Data? {
        guard let head = read(4, from: descriptor) else { return nil }
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        return length <= longest ? read(length, from: descriptor) : nil
    }

    private static func read(_ count: Int, from descriptor: Int32) -> Data? {
        var data = Data(count: count)
        let isWhole = data.withUnsafeMutableBytes { bytes in
            var got = 0
            while got < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[got...])
                let step = recv(descriptor, rest.baseAddress, rest.count, 0)
                if step < 0, errno == EINTR { continue }
                guard step > 0 else { return false }
                got += step
            }
            return true
        }
        return isWhole ? data : nil
    }
}
