/// How one round of requests, one to each target, comes to its verdict.
import NetTypes
import PolicyEngine

/// One round. Its verdict is given once, as soon as it is certain; the round itself stays open until every target has
/// had its say or the deadline passes, so that loss and late answers are counted rightly.
struct EchoRound: Sendable {
    private enum Target: Sendable {
        case waiting(since: Instant)
        case answered(Span)
        case lost
    }

    /// The number of the first target's request; the others follow.
    let first: UInt64
    private let timeout: Span
    private var targets: [Target]
    private(set) var quorum: Quorum
    private(set) var deadline: Instant
    private var isPastHalf = false
    /// The prober was away for too long to take silence for a loss.
    private(set) var isTainted = false
    private var isDecided = false
    /// Round-trip time of the target that answered fastest.
    private(set) var fastest: Span?
    private var refusal: Cause?

    init(_ plan: EchoPlan, first: UInt64, at now: Instant) {
        self.first = first
        timeout = plan.timeout
        targets = Array(repeating: .waiting(since: now), count: plan.targets.count)
        quorum = Quorum(need: plan.need, of: plan.targets.count)
        deadline = now + plan.timeout
    }

    func contains(_ number: UInt64) -> Bool { number >= first && number - first < UInt64(targets.count) }

    /// When this round wants a turn: at half-time, to know whether the prober was there, and at the deadline.
    var wake: Instant {
        if isPastHalf { return deadline }
        return Instant(nanoseconds: deadline.nanoseconds - UInt64(clamping: timeout.nanoseconds / 2))
    }

    /// Whether nothing more can come of it.
    var isOver: Bool { quorum.isComplete }

    mutating func passHalf(at now: Instant) {
        if wake <= now { isPastHalf = true }
    }

    mutating func taint() { isTainted = true }

    /// The request left later than planned: its time counts from then.
    mutating func sent(_ number: UInt64, at now: Instant) {
        guard let index = waitingIndex(number) else { return }
        targets[index] = .waiting(since: now)
        deadline = max(deadline, now + timeout)
    }

    enum Answer: Hashable, Sendable {
        case counted
        case late
        case repeated
    }

    mutating func answered(_ number: UInt64, at now: Instant) -> Answer {
        guard contains(number), case .waiting(let since) = targets[Int(number - first)] else { return .repeated }
        guard now <= deadline else { return .late }
        targets[Int(number - first)] = .answered(now - since)
        quorum.countAnswer()
        fastest = min(fastest ?? now - since, now - since)
        return .counted
    }

    /// The request certainly stays without an answer; true when it was still waited for.
    mutating func lost(_ number: UInt64, _ cause: Cause) -> Bool {
        guard let index = waitingIndex(number) else { return false }
        targets[index] = .lost
        quorum.countLoss()
        refusal = refusal ?? cause
        return true
    }

    /// The deadline has passed: who has not answered is lost, unless silence proves nothing.
    mutating func expire() {
        guard !isTainted else { return }
        for index in targets.indices {
            guard case .waiting = targets[index] else { continue }
            targets[index] = .lost
            quorum.countLoss()
        }
    }

    /// The verdict, the first time it is certain; nil before and after.
    mutating func verdict() -> Signal? {
        guard !isDecided else { return nil }
        switch quorum.outcome {
        case .open: return nil
        case .reached:
            isDecided = true
            return .success
        case .missed:
            isDecided = true
            return .failure(refusal ?? .probeTimeout)
        }
    }

    /// What the round adds to the window; `last` holds each target's last trip in microseconds and is brought up to date.
    func summary(_ last: inout [UInt32]) -> ProbeWindow.Round {
        var round = ProbeWindow.Round(sent: UInt16(clamping: quorum.total), lost: UInt16(clamping: quorum.lost))
        for (index, target) in targets.enumerated() {
            guard case .answered(let span) = target else { continue }
            let trip = min(UInt32(clamping: span.nanoseconds / 1000), ProbeWindow.Round.none - 1)
            round.trip = min(round.trip, trip)
            if last[index] != ProbeWindow.Round.none {
                round.differences += 1
                round.difference += UInt64(max(trip, last[index]) - min(trip, last[index]))
            }
            last[index] = trip
        }
        return round
    }

    private func waitingIndex(_ number: UInt64) -> Int? {
        guard contains(number), case .waiting = targets[Int(number - first)] else { return nil }
        return Int(number - first)
    }
}
