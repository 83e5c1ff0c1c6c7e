/// How many bytes of long requests and unread answers does a loop keep? A share of the memory that there is: each single one is bounded, and so
/// are those who may ask, but whoever holds a good key could hold that many at once. A request that finds no room is refused before it was
/// sent to anybody; for an answer, those are cut that have waited for their readers the longest.
import Inference
import NIOCore

/// Touched on its own loop only.
final class BodyRoom {
    /// An answer that was written and that its client has not read yet.
    private struct Unread {
        weak var client: (any LoopClient)?
        let bytes: Int
        let number: UInt64
    }

    private let limit: Int
    /// Told when something is refused or cut, and when a quarter is free again.
    private let tell: (_ isFull: Bool) -> Void
    private var taken = 0
    /// By age, the oldest first.
    private var unread: [Unread] = []
    private var count: UInt64 = 0
    private var hasToldFull = false

    /// - Parameter limit: in bytes.
    init(limit: Int, tell: @escaping (_ isFull: Bool) -> Void) { (self.limit, self.tell) = (limit, tell) }

    /// - Returns: false when there is no room for so many bytes more; none are taken then.
    func take(_ bytes: Int) -> Bool {
        guard taken + bytes <= limit else {
            full()
            return false
        }
        taken += bytes
        return true
    }

    func give(_ bytes: Int) {
        taken -= bytes
        guard hasToldFull, taken <= limit - limit / 4 else { return }
        hasToldFull = false
        tell(false)
    }

    /// What tells that the client has taken an answer from us; nil: it is so short that nobody counts it.
    /// - Parameter bytes: of the answer, or of the piece of it that is written now.
    func answer(_ bytes: Int, to client: any LoopClient, on eventLoop: any EventLoop) -> EventLoopPromise<Void>? {
        guard bytes > GatewayLimits.uncountedBytes else { return nil }
        taken += bytes
        let number = count
        count += 1
        unread.append(Unread(client: client, bytes: bytes, number: number))
        let written = eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.unread.removeAll { $0.number == number }
            self.give(bytes)
        }
        // Who writes is in the middle of something, and may be who is cut.
        if taken > limit { eventLoop.assumeIsolated().execute { self.cutOldest() } }
        return written
    }

    private func cutOldest() {
        var excess = taken - limit
        guard excess > 0 else { return }
        full()
        while excess > 0, !unread.isEmpty {
            let oldest = unread.removeFirst()
            excess -= oldest.bytes
            oldest.client?.close()
        }
    }

    private func full() {
        if !hasToldFull { tell(true) }
        hasToldFull = true
    }
}

/// What a request keeps of a loop's room, given back with its end.
struct BodyHold: ~Copyable {
    private let room: BodyRoom
    private var bytes = 0

    init(of room: BodyRoom) { self.room = room }

    deinit { room.give(bytes) }

    /// - Parameter count: bytes of its body by now.
    /// - Returns: whether there is room for them.
    mutating func grow(to count: Int) -> Bool {
        guard count > GatewayLimits.uncountedBytes, count > bytes else { return true }
        guard room.take(count - bytes) else { return false }
        bytes = count
        return true
    }
}
