/// How do bytes that come from the control socket become head and body, whichever way the body's end is told (RFC 9112 §6.3)?
///
/// Without a socket: the client feeds it, the tests too.
import Wire

struct AnswerReader {
    /// Bytes of a head; the daemon's have a few hundred.
    private static let headLimit = 16 << 10

    /// For the words of its errors.
    private let path: String
    private var reader = HTTPReader(.answers, limits: HTTPLimits(head: headLimit))
    /// What came and was not taken: the beginning of a head, or of a line between chunks.
    private var waiting: [UInt8] = []
    private(set) var head: HTTPMessage?
    /// Whether the body is all there; false for ever when only the connection's end tells.
    private(set) var isComplete = false

    init(path: String) { self.path = path }

    /// Takes bytes in and gives those of the body.
    mutating func feed(_ bytes: [UInt8]) throws(ControlError) -> [UInt8] {
        waiting += bytes
        var body: [UInt8] = []
        do throws(HTTPError) {
            while !isComplete, try readEvent(&body) {}
        } catch {
            throw .notUnderstood("this is no HTTP answer: \(error.rawValue)")
        }
        return body
    }

    /// The connection has ended.
    /// - Throws: when the answer had not.
    mutating func end() throws(ControlError) {
        if isComplete { return }
        guard case .end? = try? reader.finish() else { throw .brokenOff(path: path, code: 0) }
        isComplete = true
    }

    /// False when more bytes are needed.
    private mutating func readEvent(_ body: inout [UInt8]) throws(HTTPError) -> Bool {
        var taken = 0
        // Two properties of one value cannot be lent at once.
        var bytes: [UInt8] = []
        swap(&bytes, &waiting)
        let event = try reader.next(bytes.span.bytes, taken: &taken)
        switch event {
        case .head(let head)?: self.head = head
        case .body(let place)?: body += bytes[place]
        case .end?: isComplete = true
        case .interim?, nil: break
        }
        bytes.removeFirst(taken)
        swap(&bytes, &waiting)
        return event != nil
    }
}
