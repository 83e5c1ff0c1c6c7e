/// When an ICMP probe is sent, when its time is up, and what the round's verdict is: for one member in one scope.
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
/// A round that cannot begin within a quarter of its interval is left out, so that a standstill is not followed by
/// everybody's burst; never two in a row, so that a machine that is always late still probes.
package import NetTypes
package import PolicyEngine

package struct ProbeSchedule: Sendable {
    /// Whom the results are about: `group.member`.
    package let member: String
    package let scope: HealthScope
    package let plan: EchoPlan
    package let identifier: UInt16
    private let nonces: KeyedHash
    private let generation: UInt64
    private let phase: UInt64
    private var nextRound: Instant
    private var leftOutLast = false
    private var open: [EchoRound] = []
    private var nextNumber: UInt64 = 0
    package private(set) var window = ProbeWindow()
    /// Each target's last round trip in microseconds.
    private var lastTrips: [UInt32]
    package private(set) var late: UInt64 = 0
    package private(set) var voided: UInt64 = 0

    /// - Parameters:
    ///   - phase: Any number; what remains of it within the interval is the schedule's place on the grid.
    ///   - nonces: Keyed with what nobody outside knows.
    ///   - generation: Different for every schedule ever made with this key, so that no answer fits two of them.
    package init(
        member: String,
        scope: HealthScope,
        plan: EchoPlan,
        identifier: UInt16,
        phase: UInt64,
        nonces: KeyedHash,
        generation: UInt64,
        at now: Instant
    ) {
        self.member = member
        self.scope = scope
        self.plan = plan
        self.identifier = identifier
        self.nonces = nonces
        self.generation = generation
        self.phase = phase % UInt64(plan.interval.nanoseconds)
        lastTrips = Array(repeating: ProbeWindow.Round.none, count: plan.targets.count)
        nextRound = now
        nextRound = gridPoint(after: now)
    }

    /// When `turn` is to be called next.
    package var wake: Instant { open.reduce(nextRound) { min($0, $1.wake) } }

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
    package mutating func turn(at now: Instant) -> [ProbeAction] {
        var actions: [ProbeAction] = []
        for index in open.indices {
            if now - open[index].wake >= plan.longestAbsence { open[index].taint() }
            open[index].passHalf(at: now)
            guard open[index].deadline <= now else { continue }
            open[index].expire()
            actions += decide(index, at: now)
        }
        close { $0.deadline <= now }
        if nextRound <= now { actions += begin(at: now) }
        return actions
    }

    private mutating func begin(at now: Instant) -> [ProbeAction] {
        let isTooLate = now - nextRound > plan.latestStart
        nextRound = gridPoint(after: now)
        leftOutLast = isTooLate && !leftOutLast
        guard !leftOutLast else { return [] }
        open.append(EchoRound(plan, first: nextNumber, at: now))
        return plan.targets.map { target in
            let number = nextNumber
            nextNumber &+= 1
            return .send(ProbeRequest(number: number, target: target, echo: echo(number)))
        }
    }

    private func echo(_ number: UInt64) -> Echo {
        Echo(
            identifier: identifier,
            sequence: UInt16(truncatingIfNeeded: number),
            nonce: nonces.hash(generation, number)
        )
    }

    /// Takes closed rounds out and counts what they lost; a tainted one knows only what it does not know.
    private mutating func close(where isOver: (EchoRound) -> Bool) {
        guard open.contains(where: isOver) else { return }
        for round in open where isOver(round) {
            if round.isTainted, !round.isOver {
                if round.quorum.outcome == .open { voided &+= 1 }
            } else {
                window.add(round.summary(&lastTrips))
            }
        }
        open.removeAll(where: isOver)
    }

    private mutating func decide(_ index: Int, at now: Instant) -> [ProbeAction] {
        guard let signal = open[index].verdict() else { return [] }
        return [.report(result(signal, of: open[index], at: now))]
    }

    /// The figures include the round that is just being closed.
    private func result(_ signal: Signal, of round: EchoRound, at now: Instant) -> ProbeResult {
        var window = window
        var trips = lastTrips
        if round.isOver { window.add(round.summary(&trips)) }
        return ProbeResult(
            member: member,
            scope: scope,
            signal: signal,
            at: now,
            rtt: round.fastest,
            figures: window.figures,
            late: late,
            voided: voided
        )
    }
}

// MARK: - Something came of a request

extension ProbeSchedule {
    /// The request went out at `now`; its time counts from there.
    package mutating func sent(_ request: ProbeRequest, at now: Instant) {
        guard let index = open.firstIndex(where: { $0.contains(request.number) }) else { return }
        open[index].sent(request.number, at: now)
    }

    /// The request did not go out at all.
    package mutating func refused(_ request: ProbeRequest, _ cause: Cause, at now: Instant) -> [ProbeAction] {
        fail(request.number, cause, at: now) ?? []
    }

    /// What a message turned out to be.
    package enum Reception: Hashable, Sendable {
        /// It was waited for.
        case counted
        /// Ours, but its round is over.
        case late
        /// Ours, and answered already.
        case repeated
        /// Not an answer to any request of this schedule.
        case stray
    }

    /// Takes an answer that reached this host at `arrival`.
    package mutating func received(
        _ message: ICMPMessage,
        from source: IPAddress,
        at arrival: Instant
    ) -> (Reception, [ProbeAction]) {
        switch message {
        case .reply(let echo): return replied(echo, from: source, at: arrival)
        case .failure(let failure, let quoted): return failed(quoted, Cause(failure), at: arrival)
        }
    }

    private mutating func replied(
        _ reply: Echo,
        from source: IPAddress,
        at arrival: Instant
    ) -> (Reception, [ProbeAction]) {
        // RFC 1122 §3.2.2.6 and RFC 4443 §4.2: a reply to a unicast request comes from where the request went.
        guard let number = number(of: reply.sequence), echo(number) == reply, target(of: number) == source else {
            return (.stray, [])
        }
        guard let index = open.firstIndex(where: { $0.contains(number) }) else { return countLate() }
        switch open[index].answered(number, at: arrival) {
        case .late: return countLate()
        case .repeated: return (.repeated, [])
        case .counted:
            let actions = decide(index, at: arrival)
            close { $0.isOver }
            return (.counted, actions)
        }
    }

    private mutating func countLate() -> (Reception, [ProbeAction]) {
        late &+= 1
        return (.late, [])
    }

    /// A quote without a nonce is believed on identifier, sequence and destination: RFC 792 asks a router
    /// for no more.
    private mutating func failed(
        _ quoted: QuotedEcho,
        _ cause: Cause,
        at arrival: Instant
    ) -> (Reception, [ProbeAction]) {
        guard quoted.identifier == identifier, let number = number(of: quoted.sequence),
            target(of: number) == quoted.destination,
            quoted.nonce.map({ $0 == echo(number).nonce }) ?? true
        else { return (.stray, []) }
        guard let actions = fail(number, cause, at: arrival) else { return countLate() }
        return (.counted, actions)
    }

    /// nil when nobody waits for that request any more.
    private mutating func fail(_ number: UInt64, _ cause: Cause, at now: Instant) -> [ProbeAction]? {
        guard let index = open.firstIndex(where: { $0.contains(number) }), open[index].lost(number, cause) else {
            return nil
        }
        let actions = decide(index, at: now)
        close { $0.isOver }
        return actions
    }

    /// The latest request with that sequence; nil when there was none.
    private func number(of sequence: UInt16) -> UInt64? {
        let back = UInt64(UInt16(truncatingIfNeeded: nextNumber) &- sequence)
        return back >= 1 && back <= nextNumber ? nextNumber - back : nil
    }

    /// Each round takes one number per target, in order.
    private func target(of number: UInt64) -> IPAddress { plan.targets[Int(number % UInt64(plan.targets.count))] }
}
