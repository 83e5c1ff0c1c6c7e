/// How many clients are let in at once? As many as leave room for what has to be asked for them: a process without a descriptor left accepts
/// nobody, asks nobody, and turns round and round over both. Whoever comes beyond that waits in the socket's queue.
import Glibc
import Inference
import NIOCore

/// Stands before what accepts on one listening socket. Touched on that socket's loop only.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    /// Descriptors for what is neither a client's nor a provider's: logs, loops, segments, names being resolved.
    private static let other = 64

    private let limit: Int
    /// Told when somebody has to wait, and when there is room again, for good as far as one can see.
    private let tell: (_ isFull: Bool) -> Void
    private var connected = 0
    private var isHeldBack = false
    private var hasToldFull = false
    private var context: ChannelHandlerContext?

    init(limit: Int, tell: @escaping (_ isFull: Bool) -> Void) { (self.limit, self.tell) = (limit, tell) }

    /// Clients of one of so many listening sockets: half of the descriptors that this process may have, in equal shares.
    static func limit(sockets: Int) -> Int {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { return 1024 }
        let all = Int(clamping: limits.rlim_cur)
        return max(1, (all - min(all, other)) / 2 / max(1, sockets))
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        guard connected >= limit else { return context.read() }
        guard !isHeldBack else { return }
        isHeldBack = true
        if !hasToldFull { tell(true) }
        hasToldFull = true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connected += 1
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).assumeIsolated().whenComplete { _ in self.ended() }
        context.fireChannelRead(data)
    }

    private func ended() {
        connected -= 1
        if hasToldFull, connected < limit - limit / 4 {
            hasToldFull = false
            tell(false)
        }
        guard isHeldBack, connected < limit, let context else { return }
        isHeldBack = false
        // One that is about to close takes nobody any more.
        guard (try? context.channel.syncOptions?.getOption(.autoRead)) == true else { return }
        context.read()
    }
}
