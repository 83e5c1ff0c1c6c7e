/// How many bytes of long requests and unread answers does the gateway keep? A share of the memory that there is, for all its loops together: each
/// single one is bounded, and so are those who may ask, but whoever holds a good key could hold that many at once. `RoomBook` has the rules.
import NIOCore
import Synchronization

/// What all loops keep together. Locked only for bodies that are long.
final class BodySum: Sendable {
    private let state: Mutex<(book: RoomBook, hasToldFull: Bool)>
    private let cut: @Sendable (RoomBook.Cut) -> Void
    private let tell: @Sendable (_ isFull: Bool) -> Void

    /// - Parameters:
    ///   - limit: in bytes.
    ///   - cut: has `BodyRoom.cut` called on this loop, a turn later.
    ///   - tell: when something is refused or cut, and when a quarter is free again; it may not call back.
    init(
        limit: Int,
        cut: @escaping @Sendable (RoomBook.Cut) -> Void,
        tell: @escaping @Sendable (_ isFull: Bool) -> Void
    ) {
        state = Mutex((RoomBook(limit: limit), false))
        (self.cut, self.tell) = (cut, tell)
    }

    /// - Returns: false when there is no room for so many bytes more of this key's; none are taken then.
    func take(_ bytes: Int, for key: Int) -> Bool {
        state.withLock { state in
            if state.book.take(bytes, for: key) { return true }
            full(&state.hasToldFull)
            return false
        }
    }

    func give(_ bytes: Int, of key: Int) {
        state.withLock { state in
            state.book.give(bytes, of: key)
            tellIfRoomy(&state)
        }
    }

    fileprivate func wrote(_ bytes: Int, to reader: AnyObject, on loop: Int) -> (number: UInt64, isShort: Bool) {
        state.withLock { $0.book.wrote(bytes, to: ObjectIdentifier(reader), on: loop) }
    }

    fileprivate func gone(_ number: UInt64) {
        state.withLock { state in
            state.book.gone(number)
            tellIfRoomy(&state)
        }
    }

    fileprivate func relieve() {
        let cuts = state.withLock { state in
            let cuts = state.book.cut()
            if !cuts.isEmpty { full(&state.hasToldFull) }
            return cuts
        }
        for one in cuts { cut(one) }
    }

    fileprivate func press(on loop: Int) -> [UInt64] { state.withLock { $0.book.press(on: loop) } }

    // In the lock, or one might be told after the other that came before it.
    private func full(_ hasTold: inout Bool) {
        if !hasTold { tell(true) }
        hasTold = true
    }

    private func tellIfRoomy(_ state: inout (book: RoomBook, hasToldFull: Bool)) {
        guard state.hasToldFull, state.book.isRoomy else { return }
        state.hasToldFull = false
        tell(false)
    }
}

/// Somebody for whom answers wait. Touched on its own loop only.
protocol AnswerReader: AnyObject {
    /// It does not get what it has not read.
    /// - Parameter isPressing: all of its connection may be given up with it.
    func giveUp(isPressing: Bool)
}

/// What one loop keeps of it. Touched on that loop only.
final class BodyRoom {
    let sum: BodySum
    /// Counted from 0.
    private let loop: Int
    private let eventLoop: any EventLoop
    /// By the numbers of the answers that wait for them.
    private var readers: [UInt64: any AnswerReader] = [:]

    init(of sum: BodySum, loop: Int, on eventLoop: any EventLoop) {
        (self.sum, self.loop, self.eventLoop) = (sum, loop, eventLoop)
    }

    /// What tells that the client has taken an answer from us; nil: it is so short that nobody counts it.
    /// - Parameter bytes: of the answer, or of the piece of it that is written now.
    func answer(_ bytes: Int, to reader: any AnswerReader) -> EventLoopPromise<Void>? {
        guard bytes > GatewayLimits.uncountedBytes else { return nil }
        let (number, isShort) = sum.wrote(bytes, to: reader, on: loop)
        readers[number] = reader
        let written = eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.readers[number] = nil
            self.sum.gone(number)
        }
        // Who writes is in the middle of something, and may be who is cut.
        if isShort { eventLoop.assumeIsolated().execute { self.sum.relieve() } }
        return written
    }

    /// Gives an answer up, unless it was read meanwhile.
    func cut(_ number: UInt64) {
        readers[number]?.giveUp(isPressing: false)
        // What goes at once has gone a turn later.
        eventLoop.assumeIsolated().execute { self.press() }
    }

    private func press() {
        for number in sum.press(on: loop) { readers[number]?.giveUp(isPressing: true) }
    }
}

/// What a request keeps of the room, given back with its end.
struct BodyHold: ~Copyable {
    private let sum: BodySum
    /// The place in its ring of the key that it was asked by.
    private let key: Int
    private var bytes = 0

    init(of sum: BodySum, for key: Int) { (self.sum, self.key) = (sum, key) }

    deinit { if bytes > 0 { sum.give(bytes, of: key) } }

    /// - Parameter count: bytes of its body by now.
    /// - Returns: whether there is room for them.
    mutating func grow(to count: Int) -> Bool {
        guard count > GatewayLimits.uncountedBytes, count > bytes else { return true }
        guard sum.take(count - bytes, for: key) else { return false }
        bytes = count
        return true
    }
}
