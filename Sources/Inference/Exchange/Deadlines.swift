/// By when must what have happened? One slot per timer of an exchange.
///
/// The machine names the next moment it wants to be woken at, and the driver keeps one timer for it: a deadline that moves with
/// every chunk of a stream costs nothing but a store.
import NetTypes

struct Deadlines: Sendable {
    enum Slot: Int, CaseIterable {
        case connect, head, firstToken, silence, answer, total, heartbeat, unread
    }

    /// One for each slot, inside the exchange: it is made for every request.
    private var moments = InlineArray<8, Instant>(repeating: never)
    /// The end of time stands for none.
    private static let never = Instant(nanoseconds: .max)

    subscript(slot: Slot) -> Instant? {
        get { moments[slot.rawValue] == Self.never ? nil : moments[slot.rawValue] }
        set { moments[slot.rawValue] = newValue ?? Self.never }
    }

    /// The earliest, or nil.
    var next: Instant? {
        var earliest = Self.never
        for index in moments.indices where moments[index] < earliest { earliest = moments[index] }
        return earliest == Self.never ? nil : earliest
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
