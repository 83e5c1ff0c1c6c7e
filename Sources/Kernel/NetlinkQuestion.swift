/// How one request is put and its answers read to the end, on a socket that does nothing else.
import CShim
import Forwarding
import NetTypes

extension NetlinkSocket {
    /// Room for one request: the largest is a socket's identity with a filter behind it.
    private static let requestSize = 256

    /// Sends one request and shows every object of its answer to `body`, until the kernel says that this was all.
    ///
    /// Throws `refused` with the kernel's words, or `deadline` when an answer takes longer than `limit`.
    mutating func ask(
        within limit: Span,
        _ request: (inout MessageEncoder, UInt32) -> Bool,
        each body: (Message, RawSpan) throws(MalformedMessage) -> Void
    ) throws(NetlinkFailure) {
        let number = nextSequence()
        var encoder = MessageEncoder(capacity: Self.requestSize)
        guard request(&encoder, number) else { return }
        try encoder.withBytes { bytes throws(NetlinkFailure) in try send(bytes) }
        var end: AnswerEnd?
        while end == nil {
            try receive(until: .after(limit)) { message, bytes throws(MalformedMessage) in
                guard message.sequence == number else { return }
                if let found = try AnswerEnd(message, in: bytes) { end = found } else { try body(message, bytes) }
            }
        }
        if case .refused(let refusal) = end { throw .refused(refusal) }
    }
}
