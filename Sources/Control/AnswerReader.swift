/// How do bytes that come from the control socket become head and body, whichever way the body's end is told (RFC 9112 §6.3)?
///
/// Without a socket: the client feeds it, the tests too.
import Wire

struct AnswerReader {
    /// For the words of its errors.
    private let path: String
    private var waiting: [UInt8] = []
    private(set) var head: HTTPResponseHead?
    private var left = 0
    private var chunks = HTTPChunkReader()

    init(path: String) { self.path = path }

    /// Whether the body is all there; false for ever when only the connection's end tells.
    var isComplete: Bool {
        switch head?.framing {
        case .length: left == 0
        case .chunked: chunks.isComplete
        case .untilClose, nil: false
        }
    }

    /// Takes bytes in and gives those of the body.
    mutating func feed(_ bytes: [UInt8]) throws(ControlError) -> [UInt8] {
        guard head == nil else { return try body(bytes) }
        waiting += bytes
        guard let (head, length) = try parse(waiting) else { return [] }
        self.head = head
        if case .length(let count) = head.framing { left = count }
        let rest = Array(waiting.dropFirst(length))
        waiting = []
        return try body(rest)
    }

    /// The connection has ended.
    /// - Throws: when the answer had not.
    mutating func end() throws(ControlError) {
        guard let head, head.framing == .untilClose || isComplete else { throw .brokenOff(path: path, code: 0) }
    }

    private func parse(_ bytes: [UInt8]) throws(ControlError) -> (head: HTTPResponseHead, length: Int)? {
        do {
            return try HTTPResponseHead.parse(bytes)
        } catch {
            throw .notUnderstood("this is no HTTP answer (\(error))")
        }
    }

    private mutating func body(_ bytes: [UInt8]) throws(ControlError) -> [UInt8] {
        switch head?.framing {
        case .untilClose, nil: return bytes
        case .length:
            let count = min(left, bytes.count)
            left -= count
            return Array(bytes.prefix(count))
        case .chunked:
            do {
                return try chunks.feed(bytes)
            } catch {
                throw .notUnderstood("the answer's chunks do not fit together (\(error))")
            }
        }
    }
}
