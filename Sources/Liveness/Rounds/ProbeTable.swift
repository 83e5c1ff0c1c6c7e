/// Every probe schedule of the host, and whose turn is next.
package import NetTypes
package import PolicyEngine

/// All schedules by the identifier that their requests carry.
package struct ProbeTable: Sendable {
    /// What is to be probed: one member in one scope.
    package struct Subject: Hashable, Sendable {
        /// `group.member`: what keeps a schedule its own when the configuration changes.
        package let name: String
        package let scope: HealthScope
        package let plan: ProbePlan
        /// Whether somebody wants to know what becomes of each of its requests (`ProbeAction.traced`).
        package let isTraced: Bool

        package init(name: String, scope: HealthScope, plan: ProbePlan, isTraced: Bool = false) {
            self.name = name
            self.scope = scope
            self.plan = plan
            self.isTraced = isTraced
        }
    }

    /// More than any host has uplinks, and few enough for an echo identifier each, with as many left for ones just
    /// removed.
    package static let mostSchedules = 32768

    private struct Key: Hashable {
        let name: String
        let scope: HealthScope
    }

    /// The phases' key is fixed: a member keeps its place on the grid over restarts.
    private static let phases = KeyedHash(key0: 0x6D61_7274_6C65_7421, key1: 0x7068_6173_6573_2E2E)

    private let nonces: KeyedHash
    /// Identifiers are slots XOR this, so that they are no small numbers that others' pings use too.
    private let scatter: UInt16
    private var schedules: [ProbeSchedule?] = []
    private var slots: [Key: Int] = [:]
    private var free: [Int] = []
    private var heap = WakeHeap()
    private var generation: UInt64 = 0
    private var watch = TargetWatch()
    /// Messages that were no answer to any request of ours.
    package private(set) var strays: UInt64 = 0

    /// - Parameter nonces: Keyed with what nobody outside knows.
    package init(nonces: KeyedHash) {
        self.nonces = nonces
        scatter = UInt16(truncatingIfNeeded: nonces.hash("identifiers"))
    }

    private func slot(of identifier: UInt16) -> Int { Int(identifier ^ scatter) }
    private func identifier(of slot: Int) -> UInt16 { UInt16(truncatingIfNeeded: slot) ^ scatter }

    /// When `due(at:)` is to be called next; nil when nothing is probed.
    package var nextWake: Instant? { heap.first?.wake }

    /// How many schedules there are.
    package var count: Int { slots.count }

    package func schedule(_ identifier: UInt16) -> ProbeSchedule? {
        let slot = slot(of: identifier)
        return slot < schedules.count ? schedules[slot] : nil
    }
}

// MARK: - What is probed

extension ProbeTable {
    /// Makes the table probe exactly `subjects`. A schedule whose name, scope and plan stay goes on undisturbed; others
    /// begin anew.
    ///
    /// - Returns: The identifier of each subject, in order; nil for a subject named twice and for those beyond
    ///   `mostSchedules`.
    package mutating func configure(_ subjects: [Subject], at now: Instant) -> [UInt16?] {
        var wanted: [Key: ProbePlan] = [:]
        for subject in subjects {
            let key = Key(name: subject.name, scope: subject.scope)
            if wanted[key] == nil { wanted[key] = subject.plan }
        }
        removeAll { key, plan in wanted[key] != plan }
        var seen: Set<Key> = []
        return subjects.map { subject in
            let key = Key(name: subject.name, scope: subject.scope)
            guard seen.insert(key).inserted else { return nil }
            return place(subject, key, at: now).map(identifier(of:))
        }
    }

    private mutating func removeAll(where isUnwanted: (Key, ProbePlan) -> Bool) {
        let gone = slots.filter { key, slot in schedules[slot].map { isUnwanted(key, $0.plan) } ?? true }
        for (key, slot) in gone.sorted(by: { $0.value < $1.value }) {
            slots[key] = nil
            if let schedule = schedules[slot] {
                schedules[slot] = nil
                for asker in watch.remove(schedule, slot: slot) { schedules[asker.slot]?.count(asker.index, true) }
            }
            heap.remove(slot)
            free.append(slot)
        }
    }

    private mutating func place(_ subject: Subject, _ key: Key, at now: Instant) -> Int? {
        if let slot = slots[key] { return slot }
        guard let slot = emptySlot() else { return nil }
        generation &+= 1
        var schedule = ProbeSchedule(
            member: subject.name,
            scope: subject.scope,
            plan: subject.plan,
            identifier: identifier(of: slot),
            isTraced: subject.isTraced,
            phase: Self.phases.hash("\(subject.name)/\(subject.scope.name)"),
            nonces: nonces,
            generation: generation,
            at: now
        )
        watch.add(schedule, slot: slot)
        for index in schedule.plan.targets.indices where watch.isDead(TargetWatch.key(index, in: schedule)) {
            schedule.count(index, false)
        }
        schedules[slot] = schedule
        slots[key] = slot
        heap.set(slot, to: schedule.wake)
        return slot
    }

    private mutating func emptySlot() -> Int? {
        guard slots.count < Self.mostSchedules else { return nil }
        if !free.isEmpty { return free.removeFirst() }
        schedules.append(nil)
        return schedules.count - 1
    }
}

// MARK: - What happens

extension ProbeTable {
    /// Gives every schedule whose time has come its turn, earliest first. All answers that arrived before `now` must
    /// have been handed in already.
    package mutating func due(at now: Instant) -> [ProbeAction] {
        var actions: [ProbeAction] = []
        // Taken out first, so that each has one turn whatever it asks for next.
        var slots: [Int] = []
        while let (slot, wake) = heap.first, wake <= now {
            heap.remove(slot)
            slots.append(slot)
        }
        for slot in slots { _ = change(slot, at: now, &actions) { $0.turn(at: now, &$1) } }
        return actions
    }

    /// The request went out at `now`.
    package mutating func sent(_ request: ProbeRequest, at now: Instant) {
        var actions: [ProbeAction] = []
        _ = change(slot(of: request.schedule), at: now, &actions) { schedule, _ in schedule.sent(request, at: now) }
    }

    /// The request did not go out, or certainly stays without a good answer.
    package mutating func failed(
        _ request: ProbeRequest,
        _ fault: ProbeFault,
        at now: Instant
    ) -> [ProbeAction] {
        var actions: [ProbeAction] = []
        _ = change(slot(of: request.schedule), at: now, &actions) { schedule, actions in
            if schedule.made(request) { schedule.failed(request.number, fault, at: now, &actions) }
        }
        return actions
    }

    /// A good answer to the request reached this host at `arrival`.
    package mutating func answered(
        _ request: ProbeRequest,
        _ answer: ProbeAnswer,
        at arrival: Instant
    ) -> [ProbeAction] {
        var actions: [ProbeAction] = []
        let reception = change(slot(of: request.schedule), at: arrival, &actions) { schedule, actions in
            schedule.made(request) ? schedule.answered(request.number, answer, at: arrival, &actions) : .stray
        }
        if reception == .stray || reception == nil { strays &+= 1 }
        return actions
    }

    /// An ICMP message reached this host at `arrival`.
    ///
    /// - Parameter elsewhere: The device it came in by, when that is not the one its member's requests leave by.
    package mutating func received(
        _ message: ICMPMessage,
        from source: IPAddress,
        elsewhere: String? = nil,
        clock: TripClock = .kernel,
        at arrival: Instant
    ) -> [ProbeAction] {
        var actions: [ProbeAction] = []
        let reception = change(slot(of: message.identifier), at: arrival, &actions) {
            $0.received(message, from: source, elsewhere: elsewhere, clock: clock, at: arrival, &$1)
        }
        if reception == .stray || reception == nil { strays &+= 1 }
        return actions
    }

    /// Changes one schedule and moves it to its new place in the heap; nil when there is none.
    private mutating func change<Answer>(
        _ slot: Int,
        at now: Instant,
        _ actions: inout [ProbeAction],
        _ body: (inout ProbeSchedule, inout [ProbeAction]) -> Answer
    ) -> Answer? {
        guard slot < schedules.count, var schedule = schedules[slot] else { return nil }
        schedules[slot] = nil
        let answer = body(&schedule, &actions)
        heap.set(slot, to: schedule.wake)
        let news = schedule.takeNews()
        schedules[slot] = schedule
        for index in news { look(at: TargetWatch.key(index, in: schedule), at: now, &actions) }
        return answer
    }

    /// Finds out whether a target is dead itself, and tells everybody who asks it.
    private mutating func look(at key: TargetWatch.Key, at now: Instant, _ actions: inout [ProbeAction]) {
        guard let isDead = watch.judge(key, { schedules[$0] }) else { return }
        watch.note(key, isDead: isDead)
        let askers = watch.askers(of: key)
        for asker in askers { schedules[asker.slot]?.count(asker.index, !isDead) }
        let members = askers.compactMap { schedules[$0.slot]?.member }.sorted()
        actions.append(
            .target(TargetReport(kind: key.kind, target: key.target, isDead: isDead, members: members, at: now))
        )
    }
}

extension ICMPMessage {
    /// The identifier of the echo that this is about.
    package var identifier: UInt16 {
        switch self {
        case .reply(let echo): echo.identifier
        case .failure(_, let quoted): quoted.identifier
        }
    }
}
