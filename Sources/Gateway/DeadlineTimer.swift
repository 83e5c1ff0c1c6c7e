/// When must a connection or a stream be woken, if nothing happens before? Deadlines mostly move outwards, with every request and every chunk: a
/// timer that fires too early is set again then, and moving one costs nothing.
import NIOCore
import NetTypes

/// The one timer of whoever holds it. Touched on its own loop only.
struct DeadlineTimer {
    private var callback: NIOScheduledCallback?
    private var firesAt: Instant?

    /// Makes sure that it fires in time, which calls the handler back.
    mutating func arm(
        for deadline: Instant,
        in context: ChannelHandlerContext,
        _ handler: some NIOScheduledCallbackHandler
    ) {
        if let firesAt, firesAt <= deadline { return }
        callback?.cancel()
        firesAt = deadline
        let wait = deadline - GatewayClock.now()
        callback = try? context.eventLoop.assumeIsolated().scheduleCallback(in: wait.timeAmount, handler: handler)
    }

    /// It has fired: it is set for nothing any more.
    mutating func fired() { (callback, firesAt) = (nil, nil) }

    /// It fires no more.
    func cancel() { callback?.cancel() }
}
