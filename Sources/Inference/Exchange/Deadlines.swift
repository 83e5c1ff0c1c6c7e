/// By when must what have happened? One slot per timer of an exchange.
///
/// The machine names the next moment it wants to be woken at, and the driver keeps one timer for it: a deadline that moves with
/// every chunk of a stream costs nothing but a store.
import NetTypes

struct Deadlines: Sendable {
    enum Slot: Int, CaseIterable {
        case connect, head, firstToken, silence, answer, total, heartbeat
    }

    private var moments = [Instant?](repeating: nil, count: Slot.allCases.count)

    subscript(slot: Slot) -> Instant? {
        get { moments[slot.rawValue] }
        set { moments[slot.rawValue] = newValue }
    }

    /// The earliest, or nil.
    var next: Instant? {
        var earliest: Instant?
        for case let moment? in moments where earliest.map({ moment < $0 }) ?? true { earliest = moment }
        return earliest
    }

    /// The first slot whose moment has come, taken out.
    mutating func takeExpired(at now: Instant) -> Slot? {
        for slot in Slot.allCases {
            if let moment = self[slot], moment <= now {
                self[slot] = nil
                return slot
            }
        }
        return nil
    }

    /// Ends everything that was about the attempt that is over.
    mutating func clearAttempt() {
        for slot in [Slot.connect, .head, .firstToken, .silence, .answer] { self[slot] = nil }
    }

    mutating func clear() {
        for slot in Slot.allCases { self[slot] = nil }
    }
}
