/// When a probe is sent, when its time is up, and what the round's verdict is: for one member in one scope.
///
/// Rounds begin on a fixed grid (a phase of the member's own, then every interval), so that a member that falls silent
/// is `down` within interval × down-after + timeout: the first of the failing rounds begins less than one interval
/// after the death.
///
/// **A round is void, neither success nor failure, when the prober came too late to one of its two appointments**:
/// every round wants a turn at half its timeout and one at its end, and if either comes half a timeout late or later, a
/// missing answer says nothing about the member. So no standstill of the process or the machine, of whatever length,
/// fails a member that answers within half its timeout: a standstill over half-time alone ends before the deadline,
/// with the answer in the socket; one over the deadline alone begins after the answer came; one over both makes the
/// half-time turn half a timeout late. (The kernel's time stamps say when an answer came; the caller hands in what the
/// sockets hold before it asks `turn` for a judgement.) What is *known* to have failed, by an error from the kernel or
/// a router, still fails.
///
/// A target that every member finds silent while others answer is dead itself (`TargetWatch` finds that out): it is still asked,
/// and no longer counted.
///
/// A round that cannot begin within a quarter of its interval is left out, so that a standstill is not followed by
/// everybody's burst; never two in a row, so that a machine that is always late still probes.
package import NetTypes
package import PolicyEngine

package struct ProbeSchedule: Sendable {
    /// Whom the results are about: `group.member`.
    package let member: String
    package let scope: HealthScope
    package let plan: ProbePlan
    package let identifier: UInt16
    /// Whether somebody wants to know what becomes of each request.
    let isTraced: Bool
    private let nonces: KeyedHash
    private let generation: UInt64
    private let phase: UInt64
    private var nextRound: Instant
    private var leftOutLast = false
    private var open: [ProbeRound] = []
    private var nextNumber: UInt64 = 0
    package private(set) var window: ProbeWindow
    private var watch: LimitWatch?
    /// Each target's last round trip in microseconds.
    private var lastTrips: [UInt32]
    /// How many requests in a row each target has left unanswered.
    private(set) var silences: [UInt8]
    private(set) var uncounted: Set<Int> = []
    /// Targets whose silence has become remarkable, or has ended, since somebody asked.
    private(set) var news: [Int] = []
    package private(set) var late: UInt64 = 0
    package private(set) var voided: UInt64 = 0

    /// Silences in a row that are worth comparing with the other members'; below the fewest that take most members down.
    static let remarkableSilences = 2

    /// - Parameters:
    ///   - phase: Any number; what remains of it within the interval is the schedule's place on the grid.
    ///   - nonces: Keyed with what nobody outside knows.
    ///   - generation: Different for every schedule ever made with this key, so that no answer fits two of them.
    package init(
        member: String,
        scope: HealthScope,
        plan: ProbePlan,
        identifier: UInt16,
        isTraced: Bool = false,
        phase: UInt64,
        nonces: KeyedHash,
        generation: UInt64,
        at now: Instant
    ) {
        self.member = member
        self.scope = scope
        self.plan = plan
        self.identifier = identifier
        self.isTraced = isTraced
        self.nonces = nonces
        self.generation = generation
        self.phase = phase % UInt64(plan.interval.nanoseconds)
        window = ProbeWindow(rounds: plan.rounds)
        watch = plan.limits.map { LimitWatch($0) }
        lastTrips = Array(repeating: ProbeWindow.Round.none, count: plan.targets.count)
        silences = Array(repeating: 0, count: plan.targets.count)
        nextRound = now
        nextRound = gridPoint(after: now)
    }

    /// When `turn` is to be called next.
    package var wake: Instant {
        var wake = nextRound
        for round in open { wake = min(wake, round.wake) }
        return wake
    }

    private func gridPoint(after now: Instant) -> Instant {
        let interval = UInt64(plan.interval.nanoseconds)
        guard now.nanoseconds >= phase else { return Instant(nanoseconds: phase) }
        let since = (now.nanoseconds - phase) % interval
        return Instant(nanoseconds: now.nanoseconds - since) + plan.interval
    }
}

// MARK: - Time passes

extension ProbeSchedule {
    /// Ends the rounds whose time is up and begins the one that is due. Everything that arrived before `now` must have
    /// been handed in already.
    package mutating func turn(at now: Instant, _ actions: inout [ProbeAction]) {
        var index = 0
        while index < open.count {
            if now - open[index].wake >= plan.longestAbsence { open[index].taint() }
            open[index].passHalf(at: now)
            guard open[index].deadline <= now else {
                index += 1
                continue
            }
            let (lost, fault) = open[index].expire()
            if isTraced {
                for number in lost { trace(number, .failed(fault), &actions) }
                traceUnknown(in: open[index], &actions)
            }
            if plan.question.isHeldOpen {
                actions.append(.abandon(schedule: identifier, open[index].numbers))
            }
            settle(index, isOver: true, at: now, &actions)
        }
        if nextRound <= now { begin(at: now, &actions) }
    }

    private mutating func begin(at now: Instant, _ actions: inout [ProbeAction]) {
        let isTooLate = now - nextRound > plan.latestStart
        nextRound = gridPoint(after: now)
        leftOutLast = isTooLate && !leftOutLast
        guard !leftOutLast else { return }
        open.append(ProbeRound(plan, first: nextNumber, uncounted: uncounted, at: now))
        for target in plan.targets {
            let request = ProbeRequest(
                schedule: identifier,
                number: nextNumber,
                target: target,
                nonce: nonce(nextNumber),
                timeout: plan.timeout
            )
            nextNumber &+= 1
            actions.append(.send(request))
        }
    }

    private func nonce(_ number: UInt64) -> UInt64 { nonces.hash(generation, number) }

    /// Reports the verdict if it has just become certain, and takes the round out when nothing more can come of it: its figures
    /// are in the report then.
    private mutating func settle(_ index: Int, isOver: Bool = false, at now: Instant, _ actions: inout [ProbeAction]) {
        let verdict = open[index].verdict()
        guard isOver || open[index].isOver else {
            if let verdict { actions.append(.report(result(verdict, of: open[index], at: now))) }
            return
        }
        let round = open.remove(at: index)
        take(round)
        if let verdict { actions.append(.report(result(verdict, of: round, at: now))) }
    }

    /// Counts what a closed round lost; a tainted one knows only what it does not know.
    private mutating func take(_ round: ProbeRound) {
        if round.isTainted, !round.isOver {
            if round.quorum.outcome == .open { voided &+= 1 }
        } else {
            window.add(round.summary(&lastTrips))
            watch?.judge(window.figures, isComplete: window.isFull)
        }
        noteSilences(in: round)
    }

    private mutating func noteSilences(in round: ProbeRound) {
        for index in silences.indices {
            switch round.outcome(index) {
            case .unknown: continue
            case .lost:
                silences[index] = min(silences[index], .max - 1) + 1
                if silences[index] >= Self.remarkableSilences, !uncounted.contains(index) { news.append(index) }
            case .answered:
                if silences[index] >= Self.remarkableSilences { news.append(index) }
                silences[index] = 0
            }
        }
    }

    private func result(_ verdict: ProbeRound.Verdict, of round: ProbeRound, at now: Instant) -> ProbeResult {
        let (signal, detail) = Self.signal(verdict, watch?.fault)
        return ProbeResult(
            member: member,
            scope: scope,
            signal: signal,
            detail: detail,
            at: now,
            rtt: round.fastest,
            clock: round.clock,
            figures: window.figures,
            late: late,
            voided: voided
        )
    }

    private static func signal(_ verdict: ProbeRound.Verdict, _ exceeded: ProbeFault?) -> (Signal, String?) {
        switch verdict {
        case .failure(let fault): return (.failure(fault.cause), fault.detail)
        case .success(let warning):
            guard let fault = exceeded ?? warning else { return (.success, nil) }
            return (.degraded(fault.cause), fault.detail)
        }
    }
}

// MARK: - Targets

extension ProbeSchedule {
    /// Takes notice of the targets whose silence should be looked at.
    mutating func takeNews() -> [Int] {
        defer { news = [] }
        return news
    }

    /// Whether any target but this one answered when it was last asked.
    func hasAnswer(besides index: Int) -> Bool {
        silences.indices.contains { $0 != index && silences[$0] == 0 && lastTrips[$0] != ProbeWindow.Round.none }
    }

    /// Whether a target's answers count from the next round on.
    mutating func count(_ index: Int, _ counts: Bool) {
        if counts { uncounted.remove(index) } else { uncounted.insert(index) }
    }
}

// MARK: - Something came of a request

extension ProbeSchedule {
    /// The request went out at `now`; its time counts from there.
    package mutating func sent(_ request: ProbeRequest, at now: Instant) {
        guard let index = open.firstIndex(where: { $0.contains(request.number) }) else { return }
        open[index].sent(request.number, at: now)
    }

    /// The request did not go out, or certainly stays without a good answer.
    package mutating func failed(_ number: UInt64, _ fault: ProbeFault, at now: Instant, _ actions: inout [ProbeAction])
    {
        _ = fail(number, fault, at: now, &actions)
    }

    /// Whether the request was made by this schedule, and not by one that had its identifier before.
    func made(_ request: ProbeRequest) -> Bool { request.nonce == nonce(request.number) }

    /// What a message turned out to be.
    package enum Reception: Hashable, Sendable {
        /// It was waited for.
        case counted
        /// Ours, but its round is over.
        case late
        /// Ours, and answered already.
        case repeated
        /// Ours, but it came in by another device than the member's.
        case elsewhere
        /// About a request of ours, by what can be guessed: it explains a silence, and makes none.
        case hearsay
        /// Not an answer to any request of this schedule.
        case stray
    }

    /// A good answer to the request reached this host at `arrival`.
    package mutating func answered(
        _ number: UInt64,
        _ answer: ProbeAnswer,
        at arrival: Instant,
        _ actions: inout [ProbeAction]
    ) -> Reception {
        guard let index = open.firstIndex(where: { $0.contains(number) }) else { return countLate() }
        switch open[index].answered(number, answer, at: arrival) {
        case .late: return countLate()
        case .repeated: return .repeated
        case .counted:
            if isTraced, let trip = open[index].trip(number) {
                trace(number, .answered(trip, answer.clock, warning: answer.warning), &actions)
            }
            settle(index, at: arrival, &actions)
            return .counted
        }
    }

    /// Takes an ICMP message that reached this host at `arrival`.
    ///
    /// - Parameter elsewhere: The device it came in by, when that is not the member's.
    package mutating func received(
        _ message: ICMPMessage,
        from source: IPAddress,
        elsewhere: String? = nil,
        clock: TripClock,
        at arrival: Instant,
        _ actions: inout [ProbeAction]
    ) -> Reception {
        switch message {
        case .reply(let reply):
            // RFC 1122 §3.2.2.6 and RFC 4443 §4.2: a reply to a unicast request comes from where the request went.
            guard let number = number(of: reply.sequence), reply.identifier == identifier,
                nonce(number) == reply.nonce, target(of: number).address == source
            else { return .stray }
            if let elsewhere {
                let fault = ProbeFault(.answeredElsewhere, "the answer came in by \(elsewhere)")
                return suspect(number, fault, as: .elsewhere)
            }
            return answered(number, ProbeAnswer(clock: clock), at: arrival, &actions)
        case .failure(let failure, let quoted):
            return failed(quoted, ProbeFault(Cause(failure), "said by \(source)"), at: arrival, &actions)
        }
    }

    private mutating func suspect(_ number: UInt64, _ fault: ProbeFault, as reception: Reception) -> Reception {
        guard let index = open.firstIndex(where: { $0.contains(number) }) else { return countLate() }
        open[index].suspect(number, fault)
        return reception
    }

    private mutating func countLate() -> Reception {
        late &+= 1
        return .late
    }

    /// RFC 792 asks a router to quote no more than identifier and sequence, which count up where everybody can see them; without
    /// the nonce nobody need have seen the request to say so. Then silence has to say it too.
    private mutating func failed(
        _ quoted: QuotedEcho,
        _ fault: ProbeFault,
        at arrival: Instant,
        _ actions: inout [ProbeAction]
    ) -> Reception {
        guard quoted.identifier == identifier, let number = number(of: quoted.sequence),
            target(of: number).address == quoted.destination,
            quoted.nonce.map({ $0 == nonce(number) }) ?? true
        else { return .stray }
        guard quoted.nonce != nil else { return suspect(number, fault, as: .hearsay) }
        return fail(number, fault, at: arrival, &actions) ? .counted : countLate()
    }

    /// False when nobody waits for that request any more.
    private mutating func fail(
        _ number: UInt64,
        _ fault: ProbeFault,
        at now: Instant,
        _ actions: inout [ProbeAction]
    ) -> Bool {
        guard let index = open.firstIndex(where: { $0.contains(number) }), open[index].lost(number, fault) else {
            return false
        }
        if isTraced { trace(number, .failed(fault), &actions) }
        settle(index, at: now, &actions)
        return true
    }

    /// Silence proves nothing where nobody listened; who waits for word of it is told so.
    private func traceUnknown(in round: ProbeRound, _ actions: inout [ProbeAction]) {
        for (index, number) in round.numbers.enumerated() where round.outcome(index) == .unknown {
            trace(number, .failed(ProbeFault(.probeTimeout, "the prober itself was held up")), &actions)
        }
    }

    private func trace(_ number: UInt64, _ outcome: ProbeTrace.Outcome, _ actions: inout [ProbeAction]) {
        actions.append(.traced(ProbeTrace(schedule: identifier, number: number, outcome: outcome)))
    }

    /// The latest request with that sequence; nil when there was none.
    private func number(of sequence: UInt16) -> UInt64? {
        let back = UInt64(UInt16(truncatingIfNeeded: nextNumber) &- sequence)
        return back >= 1 && back <= nextNumber ? nextNumber - back : nil
    }

    /// Each round takes one number per target, in order.
    private func target(of number: UInt64) -> ProbeTarget { plan.targets[Int(number % UInt64(plan.targets.count))] }
}
