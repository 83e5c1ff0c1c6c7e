/// A connection that is being made: whoever stops waiting for it ends it, and its socket with it. Else each address that leads nowhere would
/// hold one for as long as the kernel goes on asking.
import NIOCore

/// Touched on its own loop only.
final class Dial {
    private var channel: (any Channel)?
    private var isOver = false

    /// The socket is there.
    /// - Throws: when nobody waits for it any more.
    func began(_ channel: any Channel) throws {
        guard !isOver else { throw ChannelError.eof }
        self.channel = channel
    }

    /// It is made, or failed: it is no dial any more.
    func forget() { channel = nil }

    /// Nobody waits for it any more.
    func end() {
        isOver = true
        channel?.close(promise: nil)
        channel = nil
    }
}
