/// Who has how much of the memory for long bodies, and who gives some of it back when there is too little? Requests are refused beyond their part of
/// it, and beyond one key's part of that; answers, which somebody has paid for, are not: beyond their part those are cut that have waited for their
/// readers the longest.
import Inference

struct RoomBook: Sendable {
    /// An answer that was written and that its client has not read yet.
    private struct Unread {
        /// In the order of their writing.
        let number: UInt64
        let reader: ObjectIdentifier
        let loop: Int
        let bytes: Int
        var state = State.waiting
    }

    private enum State {
        case waiting
        /// It was cut, and its bytes are about to go; or they did not, and its connection was closed.
        case leaving, pressed
    }

    /// An answer that is to be given up, and where.
    struct Cut: Hashable {
        let number: UInt64
        let loop: Int
    }

    /// In bytes: of everything, of all answers, of all requests, of those of one key, and of what was cut and is not gone.
    private let limit: Int
    private let answerLimit: Int
    private let requestLimit: Int
    private let keyLimit: Int
    private let leavingLimit: Int
    /// Bytes by now.
    private(set) var taken = 0
    private var requests = 0
    private var leaving = 0
    private var pressed = 0
    /// By the key's place in its ring. When keys come and go, another may have that place: its share is smaller then until those requests end.
    private var byKey: [Int: Int] = [:]
    /// By age, the oldest first.
    private var unread: [Unread] = []
    private var count: UInt64 = 0

    /// - Parameter limit: in bytes. A part of it is for answers alone, so that there is always room for one that is as long as it may be, and a fifth
    ///   for requests; no key has more than half of what requests may take, or than one request that is as long as it may be.
    init(limit: Int) {
        self.limit = limit
        answerLimit = limit / 5 * 4
        requestLimit = limit - min(ExchangeLimits.plainAnswerBytes, limit / 5 * 2)
        keyLimit = max(requestLimit / 2, min(requestLimit, GatewayLimits.requestBytes))
        leavingLimit = limit / 4
    }

    /// Whether a quarter is free.
    var isRoomy: Bool { taken <= limit - limit / 4 }

    // MARK: Requests

    /// - Returns: false when there is no room for so many bytes more; none are taken then.
    mutating func take(_ bytes: Int, for key: Int) -> Bool {
        let ofKey = byKey[key, default: 0] + bytes
        guard taken + bytes <= limit, requests + bytes <= requestLimit, ofKey <= keyLimit else { return false }
        (taken, requests, byKey[key]) = (taken + bytes, requests + bytes, ofKey)
        return true
    }

    mutating func give(_ bytes: Int, of key: Int) {
        guard bytes > 0 else { return }
        let left = byKey[key, default: 0] - bytes
        (taken, requests, byKey[key]) = (taken - bytes, requests - bytes, left > 0 ? left : nil)
    }

    // MARK: Answers

    /// - Returns: the number by which it is known from now on, and whether there is too little room now.
    mutating func wrote(_ bytes: Int, to reader: ObjectIdentifier, on loop: Int) -> (number: UInt64, isShort: Bool) {
        defer { count += 1 }
        unread.append(Unread(number: count, reader: reader, loop: loop, bytes: bytes))
        taken += bytes
        return (count, isShort)
    }

    /// It was read, or is gone.
    mutating func gone(_ number: UInt64) {
        guard let place = place(of: number) else { return }
        let answer = unread.remove(at: place)
        taken -= answer.bytes
        if answer.state != .waiting { leaving -= answer.bytes }
        if answer.state == .pressed { pressed -= answer.bytes }
    }

    private func place(of number: UInt64) -> Int? {
        var (low, high) = (0, unread.count)
        while low < high {
            let middle = (low + high) / 2
            if unread[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < unread.count && unread[low].number == number ? low : nil
    }

    /// What was cut already is about to go.
    private var isShort: Bool { taken - leaving > limit || taken - requests - leaving > answerLimit }

    /// Those whose readers are to be told that they do not get them: all that a reader has goes with the first.
    mutating func cut() -> [Cut] {
        var cuts: [Cut] = []
        for place in unread.indices where unread[place].state == .waiting {
            guard isShort else { break }
            let oldest = unread[place]
            cuts.append(Cut(number: oldest.number, loop: oldest.loop))
            leave(oldest.reader, from: place)
        }
        return cuts
    }

    private mutating func leave(_ reader: ObjectIdentifier, from first: Int) {
        for place in first..<unread.count where unread[place].reader == reader && unread[place].state == .waiting {
            unread[place].state = .leaving
            leaving += unread[place].bytes
        }
    }

    /// Those that were cut on this loop and have not gone, where too many have not: there is no time left to wait for their clients.
    mutating func press(on loop: Int) -> [UInt64] {
        var numbers: [UInt64] = []
        for place in unread.indices where leaving - pressed > leavingLimit {
            guard unread[place].loop == loop, unread[place].state == .leaving else { continue }
            unread[place].state = .pressed
            pressed += unread[place].bytes
            numbers.append(unread[place].number)
        }
        return numbers
    }
}
