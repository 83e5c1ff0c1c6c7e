/// Every BFD session of the host: which one a packet belongs to, and whose turn is next.
package import NetTypes
package import PolicyEngine

package struct BFDTable: Sendable {
    /// A session that is to be, with its key when it has one.
    package struct Order: Sendable {
        package let subject: BFDSubject
        package let key: BFDKey?

        package init(_ subject: BFDSubject, key: BFDKey?) { (self.subject, self.key) = (subject, key) }
    }

    /// Bytes to be sent to a session's peer.
    package struct Message: Hashable, Sendable {
        /// Which session: its place in the table, the same for as long as it lives.
        package let slot: Int
        package let bytes: [UInt8]
        /// The session has just lost its peer: what it sent from may be why, so this is to leave from a fresh socket.
        package let beginsAnew: Bool
    }

    /// Between two systems there is one session on a link (RFC 5881 §3).
    private struct Way: Hashable {
        let device: String?
        let peer: IPAddress
    }

    /// Each session reports at least this often.
    package static let reportInterval = Span.seconds(10)

    private var entries: [BFDEntry?] = []
    private var ways: [Way: Int] = [:]
    private var discriminators: [UInt32: Int] = [:]
    private var heap = WakeHeap()
    private let chance: KeyedHash
    private var draws: UInt64 = 0
    private var nextReport: Instant?
    /// Whether whoever calls runs with real-time priority; reports carry it.
    package var isRealTime = false
    /// Whether a session has something to tell before the next regular report.
    private var hasNews = false
    /// Packets that were no session's.
    package private(set) var strays: UInt64 = 0

    /// - Parameter chance: Keyed with what nobody outside knows.
    package init(chance: KeyedHash) { self.chance = chance }

    /// When `due` is to be called next; nil when there is no session.
    package var nextWake: Instant? {
        guard let wake = heap.first?.wake else { return nextReport }
        return min(wake, nextReport ?? wake)
    }

    /// Sessions that are wanted or still saying goodbye.
    package var count: Int { ways.count }

    /// What there is at a place of the table.
    package func subject(_ slot: Int) -> BFDSubject? { slot < entries.count ? entries[slot]?.subject : nil }

    /// All of them, with their places.
    package var subjects: [(slot: Int, subject: BFDSubject)] {
        entries.enumerated().compactMap { slot, entry in entry.map { (slot, $0.subject) } }
    }

    package func session(_ slot: Int) -> BFDSession? { slot < entries.count ? entries[slot]?.session : nil }

    private mutating func draw() -> UInt64 {
        draws &+= 1
        return chance.hash(draws, 0)
    }
}

// MARK: - What is kept

extension BFDTable {
    /// Keeps exactly these sessions. One whose device and peer stay goes on, with what else changed; one that is not named any
    /// more says AdminDown for a Detection Time. Of two orders for the same device and peer the first counts.
    package mutating func configure(_ orders: [Order], at now: Instant) -> [Message] {
        var messages: [Message] = []
        var wanted: Set<Way> = []
        for order in orders {
            let way = Way(device: order.subject.device, peer: order.subject.peer)
            guard wanted.insert(way).inserted else { continue }
            let draw = draw()
            if let slot = ways[way] {
                messages += change(slot) { $0?.configure(order.subject, key: order.key, at: now, draw: draw) }
            } else {
                begin(order, way, at: now, draw: draw)
            }
        }
        for (way, slot) in ways.sorted(by: { $0.value < $1.value }) where !wanted.contains(way) {
            let draw = draw()
            messages += change(slot) { $0?.leave(at: now, draw: draw) }
        }
        if !ways.isEmpty { nextReport = nextReport ?? now + Self.reportInterval }
        return messages
    }

    /// Says AdminDown for all sessions, as a daemon that ends does: once at once, and again as often as the other end could miss.
    package mutating func leave(at now: Instant) -> [Message] {
        let goodbyes = configure([], at: now)
        let copies = Int(entries.compactMap { $0?.subject.parameters.multiplier }.max() ?? 1)
        return (0..<min(copies, Self.mostGoodbyes)).flatMap { _ in goodbyes }
    }

    /// More would be a burst, and each is a loss of the same moment.
    private static let mostGoodbyes = 3

    private mutating func begin(_ order: Order, _ way: Way, at now: Instant, draw: UInt64) {
        let slot = entries.firstIndex { $0 == nil } ?? entries.count
        if slot == entries.count { entries.append(nil) }
        let discriminator = freeDiscriminator()
        let entry = BFDEntry(order.subject, key: order.key, localDiscriminator: discriminator, at: now, draw: draw)
        entries[slot] = entry
        ways[way] = slot
        discriminators[discriminator] = slot
        heap.set(slot, to: entry.wake ?? now)
        hasNews = true
    }

    /// Random, so that packets of before a restart are nobody's (§6.8.1 bfd.LocalDiscr).
    private mutating func freeDiscriminator() -> UInt32 {
        while true {
            let candidate = UInt32(truncatingIfNeeded: draw())
            if candidate != 0, discriminators[candidate] == nil { return candidate }
        }
    }

    private mutating func remove(_ slot: Int) {
        guard let entry = entries[slot] else { return }
        entries[slot] = nil
        ways[Way(device: entry.subject.device, peer: entry.subject.peer)] = nil
        discriminators[entry.session.localDiscriminator] = nil
        heap.remove(slot)
        if ways.isEmpty { nextReport = nil }
    }
}

// MARK: - What happens

extension BFDTable {
    /// A UDP payload that reached this host at `arrival`. By the discriminator, else by who sent it (§6.3); in both cases only on
    /// the session's own device: what comes by another way proves nothing about this one.
    package mutating func received(
        _ bytes: RawSpan,
        from source: IPAddress,
        on device: String?,
        at arrival: Instant
    ) -> [Message] {
        guard let packet = try? BFDPacket(bytes), let slot = slot(of: packet, from: source, on: device) else {
            strays &+= 1
            return []
        }
        let draw = draw()
        return change(slot) { $0?.received(packet, bytes, at: arrival, draw: draw) }
    }

    private func slot(of packet: BFDPacket, from source: IPAddress, on device: String?) -> Int? {
        guard packet.yourDiscriminator != 0 else { return ways[Way(device: device, peer: source)] }
        guard let slot = discriminators[packet.yourDiscriminator], let subject = entries[slot]?.subject,
            subject.device == device, subject.peer.family == source.family
        else { return nil }
        return slot
    }

    /// Gives every session whose time has come its turn. All packets that arrived before `now` must have been handed in.
    ///
    /// - Parameter horizon: As in `BFDSession.turn`.
    package mutating func due(at now: Instant, horizon: Instant) -> [Message] {
        var messages: [Message] = []
        // Taken out first, so that each has one turn whatever it asks for next.
        var slots: [Int] = []
        while let (slot, wake) = heap.first, wake <= max(now, horizon) {
            heap.remove(slot)
            slots.append(slot)
        }
        for slot in slots {
            if let end = entries[slot]?.leavingAt, end <= now {
                remove(slot)
                continue
            }
            let draw = draw()
            messages += change(slot) { $0?.turn(at: now, horizon: horizon, draw: draw) }
        }
        return messages
    }

    /// The kernel took a message, or did not for this cause.
    package mutating func sent(_ slot: Int, _ failure: Cause?) {
        guard slot < entries.count else { return }
        entries[slot]?.sent(failure)
    }

    /// What the sessions have to tell.
    package mutating func reports(at now: Instant) -> [BFDReport] {
        let isDue = nextReport.map { $0 <= now } ?? false
        guard isDue || hasNews else { return [] }
        hasNews = false
        if isDue { nextReport = now + Self.reportInterval }
        return entries.indices.compactMap { slot in
            entries[slot]?.report(at: now, isDue: isDue, isRealTime: isRealTime)
        }
    }

    /// Changes one session in its place, and moves it to its new place in the heap.
    private mutating func change(_ slot: Int, _ body: (inout BFDEntry?) -> BFDEntry.Packets?) -> [Message] {
        guard slot < entries.count, let packets = body(&entries[slot]) else { return [] }
        if let wake = entries[slot]?.wake { heap.set(slot, to: wake) } else { heap.remove(slot) }
        if entries[slot]?.isNews == true { hasNews = true }
        return packets.bytes.map { Message(slot: slot, bytes: $0, beginsAnew: packets.beginAnew) }
    }
}
