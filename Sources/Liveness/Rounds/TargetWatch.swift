/// Whose fault is a silence: the member's, or the target's?
///
/// When a target answers over no member, while over each of these members another target does answer, then the members are well
/// and the target is dead. From then on it is asked, but not counted, until it answers over one of them.
import NetTypes
import PolicyEngine

/// Which schedules ask which targets, and which of these are dead. Slots are the table's.
struct TargetWatch: Sendable {
    /// What is asked in one way by several members.
    struct Key: Hashable {
        let kind: String
        let target: ProbeTarget
        let scope: HealthScope
    }

    /// A target's place in one schedule.
    struct Asker: Hashable {
        let slot: Int
        let index: Int
    }

    private var askers: [Key: [Asker]] = [:]
    private var dead: Set<Key> = []

    /// A single member cannot tell a dead target from a way that leads to all but this one.
    private static let fewestMembers = 2

    static func key(_ index: Int, in schedule: ProbeSchedule) -> Key {
        let plan = schedule.plan
        return Key(kind: plan.question.name, target: plan.targets[index], scope: schedule.scope)
    }

    func askers(of key: Key) -> [Asker] { askers[key] ?? [] }

    func isDead(_ key: Key) -> Bool { dead.contains(key) }

    /// Notes a new schedule's targets. A schedule with one target alone can blame nobody, and nobody by it.
    mutating func add(_ schedule: ProbeSchedule, slot: Int) {
        guard schedule.plan.targets.count > 1, !schedule.isTraced else { return }
        for index in schedule.plan.targets.indices {
            askers[Self.key(index, in: schedule), default: []].append(Asker(slot: slot, index: index))
        }
    }

    /// Forgets a schedule; a target that too few ask now counts again for those who do.
    mutating func remove(_ schedule: ProbeSchedule, slot: Int) -> [Asker] {
        guard schedule.plan.targets.count > 1 else { return [] }
        var freed: [Asker] = []
        for index in schedule.plan.targets.indices {
            let key = Self.key(index, in: schedule)
            askers[key]?.removeAll { $0.slot == slot }
            let left = askers[key] ?? []
            if left.count < Self.fewestMembers, dead.remove(key) != nil { freed += left }
            if left.isEmpty { askers[key] = nil }
        }
        return freed
    }

    /// Judges a target anew: true when it turns out dead, false when it is alive again, nil when nothing changed.
    func judge(_ key: Key, _ schedule: (Int) -> ProbeSchedule?) -> Bool? {
        let askers = askers(of: key)
        if dead.contains(key) {
            let isBack = askers.contains { schedule($0.slot)?.silences[$0.index] == 0 }
            return isBack ? false : nil
        }
        guard askers.count >= Self.fewestMembers else { return nil }
        let isDead = askers.allSatisfy { asker in
            guard let schedule = schedule(asker.slot) else { return false }
            return schedule.silences[asker.index] >= ProbeSchedule.remarkableSilences
                && schedule.hasAnswer(besides: asker.index)
        }
        return isDead ? true : nil
    }

    mutating func note(_ key: Key, isDead: Bool) {
        if isDead { dead.insert(key) } else { dead.remove(key) }
    }
}
