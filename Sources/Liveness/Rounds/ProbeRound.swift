/// How one round of requests, one to each target, comes to its verdict.
import NetTypes
import PolicyEngine

/// One round. Its verdict is given once, as soon as it is certain; the round itself stays open until every target has
/// had its say or the deadline passes, so that loss and late answers are counted rightly.
struct ProbeRound: Sendable {
    private enum Target: Sendable {
        case waiting(since: Instant)
        case answered(Span)
        case lost
    }

    /// The number of the first target's request; the others follow.
    let first: UInt64
    private let timeout: Span
    private var targets: [Target]
    /// Targets that are known to be dead themselves: asked, and not counted. Empty: none.
    private let uncounted: Set<Int>
    private var waiting: Int
    private(set) var quorum: Quorum
    private(set) var deadline: Instant
    private var isPastHalf = false
    /// The prober was away for too long to take silence for a loss.
    private(set) var isTainted = false
    private var isDecided = false
    /// Round-trip time of the target that answered fastest.
    private(set) var fastest: Span?
    private(set) var clock = TripClock.kernel
    private var refusal: ProbeFault?
    /// What may be behind a silence, and does not count by itself.
    private var suspicion: ProbeFault?
    /// An answer that is good, but not for long.
    private var warning: ProbeFault?

    init(_ plan: ProbePlan, first: UInt64, uncounted: Set<Int> = [], at now: Instant) {
        self.first = first
        self.uncounted = uncounted
        timeout = plan.timeout
        targets = Array(repeating: .waiting(since: now), count: plan.targets.count)
        waiting = plan.targets.count
        quorum = Quorum(need: plan.need, of: plan.targets.count - uncounted.count)
        deadline = now + plan.timeout
    }

    /// The numbers of its requests.
    var numbers: Range<UInt64> { first..<first + UInt64(targets.count) }

    func contains(_ number: UInt64) -> Bool { number >= first && number - first < UInt64(targets.count) }

    /// When this round wants a turn: at half-time, to know whether the prober was there, and at the deadline.
    var wake: Instant {
        if isPastHalf { return deadline }
        return Instant(nanoseconds: deadline.nanoseconds - UInt64(clamping: timeout.nanoseconds / 2))
    }

    /// Whether nothing more can come of it.
    var isOver: Bool { waiting == 0 }

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

    enum Reception: Hashable, Sendable {
        case counted
        case late
        case repeated
    }

    /// How long an answered request took.
    func trip(_ number: UInt64) -> Span? {
        guard contains(number), case .answered(let trip) = targets[Int(number - first)] else { return nil }
        return trip
    }

    mutating func answered(_ number: UInt64, _ answer: ProbeAnswer, at now: Instant) -> Reception {
        guard contains(number), case .waiting(let since) = targets[Int(number - first)] else { return .repeated }
        guard now <= deadline else { return .late }
        let index = Int(number - first)
        let trip = answer.trip ?? now - since
        targets[index] = .answered(trip)
        waiting -= 1
        warning = warning ?? answer.warning
        if trip < fastest ?? .longest { (fastest, clock) = (trip, answer.clock) }
        if !uncounted.contains(index) { quorum.countAnswer() }
        return .counted
    }

    /// The request certainly stays without an answer; true when it was still waited for.
    mutating func lost(_ number: UInt64, _ fault: ProbeFault) -> Bool {
        guard let index = waitingIndex(number) else { return false }
        targets[index] = .lost
        waiting -= 1
        if !uncounted.contains(index) {
            quorum.countLoss()
            refusal = refusal ?? fault
        }
        return true
    }

    /// Something happened that does not count, but says more than silence will: an answer that came another way, an error that
    /// anybody may have sent.
    mutating func suspect(_ number: UInt64, _ fault: ProbeFault) {
        guard let index = waitingIndex(number), !uncounted.contains(index) else { return }
        suspicion = suspicion ?? fault
    }

    /// The deadline has passed: who has not answered is lost, unless silence proves nothing. The numbers of those lost, and why.
    mutating func expire() -> (lost: [UInt64], ProbeFault) {
        let fault = suspicion ?? ProbeFault(.probeTimeout)
        guard !isTainted, waiting > 0 else { return ([], fault) }
        var lost: [UInt64] = []
        for index in targets.indices {
            guard case .waiting = targets[index] else { continue }
            targets[index] = .lost
            waiting -= 1
            lost.append(first + UInt64(index))
            guard !uncounted.contains(index) else { continue }
            quorum.countLoss()
            refusal = refusal ?? suspicion
        }
        return (lost, fault)
    }

    enum Verdict: Sendable {
        case success(warning: ProbeFault?)
        case failure(ProbeFault)
    }

    /// The verdict, the first time it is certain; nil before and after.
    mutating func verdict() -> Verdict? {
        guard !isDecided else { return nil }
        switch quorum.outcome {
        case .open: return nil
        case .reached:
            isDecided = true
            return .success(warning: warning)
        case .missed:
            isDecided = true
            return .failure(refusal ?? ProbeFault(.probeTimeout))
        }
    }

    private func waitingIndex(_ number: UInt64) -> Int? {
        guard contains(number), case .waiting = targets[Int(number - first)] else { return nil }
        return Int(number - first)
    }
}

// MARK: - When it is over

extension ProbeRound {
    /// What became of one target.
    enum Outcome: Hashable, Sendable {
        case answered
        case lost
        /// The prober was away: nothing is known.
        case unknown
    }

    func outcome(_ index: Int) -> Outcome {
        switch targets[index] {
        case .answered: .answered
        case .lost: .lost
        case .waiting: .unknown
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
}

extension Span {
    fileprivate static let longest = Span(nanoseconds: .max)
}
