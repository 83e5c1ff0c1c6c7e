/// What do all loops count together, so that one failing provider does not become everybody's trouble? Retries against requests for
/// each group, and for each member on trial the one request that tries it. Atomics, kept over snapshots by name.
import Inference
import NetTypes
import PolicyEngine
import Synchronization

final class Brakes: Sendable {
    private let groupNames: [String]
    private let memberNames: [String]
    /// Parallel to the snapshot's groups.
    private let tallies: [SharedTally]
    private let budgets: [RetryBudget]
    /// Parallel to the snapshot's members.
    private let trials: [Trial]

    /// For a snapshot; what the one before counted goes on where names are the same.
    init(_ view: RoutingView, keeping old: Brakes?) {
        (groupNames, memberNames) = (view.groupNames, view.memberNames)
        tallies = groupNames.map { name in
            old.flatMap { old in old.groupNames.firstIndex(of: name).map { old.tallies[$0] } }
                ?? SharedTally(slice: RetryBudget.slice)
        }
        let budgets = view.snapshot.retryBudgets
        self.budgets = budgets.isEmpty ? groupNames.map { _ in .standard } : budgets
        trials = memberNames.map { name in
            old.flatMap { old in old.memberNames.firstIndex(of: name).map { old.trials[$0] } } ?? Trial()
        }
    }

    /// Grants what an order needs, and counts it, or says what is not granted. A trial that was granted must be ended.
    func grant(_ permission: Permission, at now: Instant) -> Result<Trial?, Refused> {
        let group = permission.group.index
        if permission.isRetry, !budgets[group].allows(after: tallies[group].sums(at: now)) {
            return .failure(Refused(denial: .retryBudget))
        }
        let trial = permission.isTrial ? trials[permission.member.index] : nil
        if let trial, !trial.begin() { return .failure(Refused(denial: .trialTaken)) }
        tallies[group].add(all: permission.isRetry ? 0 : 1, some: permission.isRetry ? 1 : 0, at: now)
        return .success(trial)
    }

    struct Refused: Error { let denial: Denial }

    /// Whether a request tries the member now.
    final class Trial: Sendable {
        private let isTaken = Atomic(false)

        func begin() -> Bool { !isTaken.exchange(true, ordering: .relaxed) }
        func end() { isTaken.store(false, ordering: .relaxed) }
    }
}

/// A `TallyWindow` with many writers.
final class SharedTally: Sendable {
    private final class Slot: Sendable {
        let word = Atomic<UInt64>(0)
    }

    private let slice: Span
    private let ring = (0..<TallyWindow.slots).map { _ in Slot() }

    init(slice: Span) { self.slice = slice }

    func add(all: UInt64, some: UInt64, at now: Instant) {
        let number = TallyWindow.number(at: now, slice)
        let slot = ring[TallyWindow.place(of: number)]
        var word = slot.word.load(ordering: .relaxed)
        while true {
            let next = TallySlot(word: word).adding(all: all, some: some, in: number).word
            let (isDone, found) = slot.word.weakCompareExchange(expected: word, desired: next, ordering: .relaxed)
            if isDone { return }
            word = found
        }
    }

    func sums(at now: Instant) -> Tally {
        let number = TallyWindow.number(at: now, slice)
        return ring.reduce(into: Tally()) { tally, slot in
            tally.add(TallySlot(word: slot.word.load(ordering: .relaxed)), in: number)
        }
    }
}
