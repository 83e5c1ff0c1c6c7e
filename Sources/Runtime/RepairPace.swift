/// How soon is an object put back that somebody changed? At once, unless that was of no use the last times.
///
/// Two daemons that each put back what the other changed, or a kernel that shows an object otherwise than it was asked for, would
/// keep both busy for ever. The more often the same change was undone, the longer it waits; whatever else has to be done to the
/// object, a failover above all, waits for nothing.
import Forwarding
import NetTypes

struct RepairPace: Sendable {
    private struct Repairs: Sendable {
        /// What was sent last for the object; nil until its first repair.
        var operation: KernelChange.Operation?
        /// Drifts without a rest of `memory` between them.
        var count = 0
        var drifted: Instant
        /// The next repair of this kind is due then.
        var dueAt: Instant
    }

    /// Repairs in a row that are made at once: somebody tries something out, or scripts run twice.
    static let free = 3
    /// An object that was left alone for this long begins anew.
    static let memory = Span.seconds(60)
    /// Objects that are remembered: somebody may flush a table of a million.
    static let most = 10_000
    /// 100 ms doubled nine times is beyond the longest pause.
    private static let mostDoublings = 9

    private static let betweenForgetting = Span.seconds(1)

    private var repairs: [KernelChange.Target: Repairs] = [:]
    private var madeRoomAt: Instant?

    /// Somebody changed or removed the object.
    mutating func drifted(_ target: KernelChange.Target, at now: Instant) {
        var entry = repairs[target] ?? Repairs(drifted: now, dueAt: now)
        if now - entry.drifted > Self.memory { entry = Repairs(drifted: now, dueAt: now) }
        guard repairs[target] != nil || makeRoom(at: now) else { return }
        entry.count += 1
        (entry.drifted, entry.dueAt) = (now, now + Self.pause(after: entry.count))
        repairs[target] = entry
    }

    /// A change is on its way.
    mutating func sent(_ change: KernelChange) {
        guard !repairs.isEmpty else { return }
        repairs[change.target]?.operation = change.operation
    }

    /// Whether the change is another than the one that was undone, or its pause is over.
    func isDue(_ change: KernelChange, at now: Instant) -> Bool {
        guard let entry = repairs[change.target], entry.operation == change.operation else { return true }
        return entry.dueAt <= now
    }

    /// What is in the way now may be gone: a link or an address came.
    mutating func forget() { repairs.removeAll() }

    /// The ends of all pauses that are still to come.
    func pauses(after now: Instant) -> [Instant] { repairs.values.map(\.dueAt).filter { $0 > now } }

    /// Forgetting looks at all that is remembered, so it may not be done for each object of a table that is being flushed.
    private mutating func makeRoom(at now: Instant) -> Bool {
        guard repairs.count >= Self.most else { return true }
        guard madeRoomAt.map({ now - $0 >= Self.betweenForgetting }) ?? true else { return false }
        madeRoomAt = now
        repairs = repairs.filter { now - $0.value.drifted <= Self.memory }
        return repairs.count < Self.most
    }

    private static func pause(after count: Int) -> Span {
        guard count > free else { return .zero }
        let doubled = NetworkPlane.firstRetry.nanoseconds << Int64(min(count - free - 1, mostDoublings))
        return min(NetworkPlane.longestRetry, Span(nanoseconds: doubled))
    }
}
