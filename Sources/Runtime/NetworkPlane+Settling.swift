/// What the network plane does at the end of a turn: the fast way for groups whose members changed, then a plan if one is due.
import ConfigSyntax
import Forwarding
import Liveness
import NetTypes
import PolicyEngine

extension NetworkPlane {
    /// Plans up to this many changes go over the fast lane in one batch; longer ones in stages over both lanes.
    static let longestFastPlan = 1000

    mutating func settle(at now: Instant, _ effects: inout [Effect]) {
        advance(to: now)
        askToBeWokenToJudge(&effects)
        guard view.isComplete else {
            touched = []
            return
        }
        number(at: now, &effects)
        askForLocalTime(at: now, &effects)
        failOver(at: now, &effects)
        askForWatching(at: now, &effects)
        if !touched.isEmpty { failOver(at: now, &effects) }
        if needsPlan, stageToken == nil, !view.lacksRoutes {
            if view.gaps.count > Self.mostGaps { readRoutes(&effects) } else { replan(at: now, &effects) }
        }
        renumberFlows(&effects)
        settleFeeds(at: now, &effects)
        askToBeWoken(at: now, &effects)
    }

    mutating func number(at now: Instant, _ effects: inout [Effect]) {
        guard !isNumbered else { return }
        isNumbered = true
        revision += 1
        let unnumbered = numbers.assign(configuration, view: view)
        if !unnumbered.isEmpty { effects.append(.note(.unnumbered(unnumbered))) }
        if isAdopting { adoptHealth(at: now, &effects) }
        isAdopting = false
        // Said even if it is the same: files that probes need, of authorities, are read again.
        wantedProbes = nil
        askForProbes(&effects)
        touched.formUnion(groups.groups.map(\.id))
    }

    /// One next-hop message per (group, family) that changed, before anything slower.
    private mutating func failOver(at now: Instant, _ effects: inout [Effect]) {
        let resolver = resolver
        var changes: [KernelChange] = []
        let moved = touched.sorted()
        for id in moved {
            noteShares(of: id, &effects)
            let wished = resolver.groupNexthops(id.index).filter { holdsMembers(of: $0.object) }
            changes += Difference.changes(from: view, to: wished, window: configuration.ownership).changes
            if routesDepend(on: id) { needsPlan = true }
        }
        touched = []
        let due = changes.filter { isDue($0, at: now) }
        let token = due.isEmpty ? nil : nextToken
        program(.fast, due, &effects)
        if !moved.isEmpty || localTime.isNew { steer(at: now, &effects) }
        moveFlows(of: moved, after: token, &effects)
    }

    /// Marks and held flows follow health as the groups do, unless a whole plan is due anyway.
    private mutating func steer(at now: Instant, _ effects: inout [Effect]) {
        localTime.isNew = false
        // A long plan under way may have a change of the ruleset still to send: one from here would not fit with it.
        guard !needsPlan, stageToken == nil, view.ruleset != nil else {
            needsPlan = true
            return
        }
        let wished = resolver.ruleset()
        guard let change = RulesetChange.from(view.ruleset, to: wished?.object) else { return }
        let changes = [KernelChange(.changeRuleset(change), cause: wished?.cause)].filter { isDue($0, at: now) }
        program(change.size > Self.longestFastPlan ? .bulk : .fast, changes, &effects)
    }

    /// A group can be set ahead of the plan only if the kernel has what it is made of, and has it already.
    private func holdsMembers(of nexthop: Nexthop) -> Bool {
        guard let members = nexthop.kind.members, view.nexthops[nexthop.id] != nil else { return false }
        return members.allSatisfy { view.nexthops[$0.id] != nil }
    }

    /// Whether a route's own action, and not only the group it names, follows the group's health.
    private func routesDepend(on id: GroupID) -> Bool {
        let group = configuration.groups[id.index]
        if group.whenAllDown == .unreachable { return true }
        if configuration.routeUses.following.contains(group.name) { return true }
        return configuration.policies.contains { policy in
            if case .member(id.index, _)? = configuration.target(of: policy) { true } else { false }
        }
    }

    private mutating func replan(at now: Instant, _ effects: inout [Effect]) {
        needsPlan = false
        let wish = resolver.wish()
        let plan = Difference.plan(from: view, to: wish, window: configuration.ownership)
        pending = wish.pending
        (feeds.wished, feeds.written) = (wish.segments, wish.writtenKeys)
        feeds.isDue = true
        for conflict in plan.conflicts where !conflicts.contains(conflict) {
            effects.append(.note(.conflict(conflict)))
        }
        conflicts = plan.conflicts
        // What no longer needs a change has been mended some other way.
        let targets = retried.union(plan.changes.map(\.target))
        refusals = refusals.filter { targets.contains($0.key) }
        let allowed = plan.changes.filter { repairPace.isDue($0, at: now) }
        isHoldingRepairs = allowed.count < plan.changes.count
        let due = allowed.filter { isDue($0, at: now) && !waitsForFeeds($0) }
        guard !due.isEmpty else { return }
        effects.append(.note(.applied(plan: due.count, conflicts: conflicts.count)))
        if !plan.losses.isEmpty { effects.append(.note(.losses(plan.losses))) }
        if due.reduce(0, { $0 + $1.size }) <= Self.longestFastPlan { return program(.fast, due, &effects) }
        stages = Self.stages(of: due)
        startStage(&effects)
    }

    /// Runs of route changes and large sets go over the bulk lane, everything else over the fast one, in the plan's order.
    static func stages(of changes: [KernelChange]) -> [Stage] {
        var stages: [(lane: Lane, changes: [KernelChange])] = []
        for change in changes {
            let lane: Lane = change.family == .routes || change.size > longestFastPlan ? .bulk : .fast
            if stages.last?.lane == lane {
                stages[stages.count - 1].changes.append(change)
            } else {
                stages.append((lane, [change]))
            }
        }
        return stages.map { Stage(lane: $0.lane, changes: $0.changes) }
    }

    private mutating func startStage(_ effects: inout [Effect]) {
        // What was learnt meanwhile overtakes the rest: it is planned anew, from what has been sent so far.
        guard !stages.isEmpty, !needsPlan else {
            (stages, stageToken) = ([], nil)
            return
        }
        let stage = stages.removeFirst()
        stageToken = nextToken
        program(stage.lane, stage.changes, &effects)
    }

    private mutating func program(_ lane: Lane, _ changes: [KernelChange], _ effects: inout [Effect]) {
        guard !changes.isEmpty else { return }
        inFlight[nextToken] = changes.map { Sent(change: $0, displaced: view.expect($0)) }
        for change in changes {
            if refusals[change.target] != nil { retried.insert(change.target) }
            repairPace.sent(change)
        }
        tally.sent += changes.count
        effects.append(.program(lane, token: nextToken, changes))
        nextToken += 1
    }

    private mutating func noteShares(of id: GroupID, _ effects: inout [Effect]) {
        let group = configuration.groups[id.index]
        for family in AddressFamily.allCases where group.has(family) {
            let scope = HealthScope(family)
            let shares = groups.shares(of: id, in: scope).carrying.map {
                NotedShare(member: groups[$0.member].fullName, weight: $0.weight)
            }
            guard noted.updateValue(shares, forKey: NotedKey(group: group.name, scope: scope)) != shares else {
                continue
            }
            effects.append(.note(.shares(.network, group: group.name, scope, shares)))
        }
    }
}

// MARK: - The kernel's answers

extension NetworkPlane {
    mutating func programmed(
        _ token: UInt64,
        _ outcomes: [ChangeOutcome],
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let batch = inFlight.removeValue(forKey: token) else { return }
        var reread: Set<KernelFamily> = []
        var unanswered = 0
        for (position, sent) in batch.enumerated() {
            let change = sent.change
            retried.remove(change.target)
            // An outcome that is missing is an answer that never came.
            switch position < outcomes.count ? outcomes[position] : .unknown {
            case .accepted:
                view.accepted(change)
                accepted(change, of: token, at: now)
            case .refused(let refusal) where change.isDone(by: refusal):
                view.unanswered(change)
                accepted(change, of: token, at: now)
            case .refused(let refusal):
                view.refused(change, displaced: sent.displaced)
                needsPlan = true
                hold(change, refusal, at: now, &effects)
                reread.formUnion(change.families)
            case .unknown:
                view.unanswered(change)
                unanswered += 1
                reread.formUnion(change.families)
            }
        }
        if unanswered > 0 { effects.append(.note(.unanswered(changes: unanswered))) }
        effects += KernelFamily.allCases.filter(reread.contains).map { .reread($0) }
        updatePresence(at: now, &effects)
        feeds.isDue = true
        moveFlows(after: token, &effects)
        if token == stageToken { startStage(&effects) }
    }

    private mutating func accepted(_ change: KernelChange, of token: UInt64, at now: Instant) {
        if token >= firstToken { tally.accepted += 1 }
        guard !refusals.isEmpty else { return }
        if refusals.removeValue(forKey: change.target) != nil { needsPlan = true }
        // What was refused for want of this next hop.
        guard case .setNexthop(let nexthop) = change.operation else { return }
        let waiting = refusals.filter { $0.value.change.operation.names(nexthop.id) }.keys
        for target in waiting {
            refusals[target]?.retryAt = now
            needsPlan = true
        }
    }

    /// Whether a change may be sent: another than the one refused, or the pause after that is over.
    private func isDue(_ change: KernelChange, at now: Instant) -> Bool {
        guard let held = refusals[change.target], held.change.operation == change.operation else { return true }
        return held.retryAt <= now
    }

    /// Has every refused change tried again in this turn.
    mutating func makeRefusalsDue(at now: Instant) {
        guard !refusals.isEmpty else { return }
        for target in refusals.keys { refusals[target]?.retryAt = now }
        needsPlan = true
    }

    /// First pause before a refused change is tried again, doubled each time: most refusals are a race with a link coming up.
    static let firstRetry = Span.milliseconds(100)
    static let longestRetry = Span.seconds(30)
    /// 100 ms doubled nine times is beyond the longest pause.
    static let mostDoublings = 9

    private mutating func hold(
        _ change: KernelChange,
        _ refusal: KernelRefusal,
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        let attempts = (refusals[change.target]?.attempts ?? 0) + 1
        let pause = min(
            Self.longestRetry,
            Span(nanoseconds: Self.firstRetry.nanoseconds << Int64(min(attempts - 1, Self.mostDoublings)))
        )
        let held = Refusal(change: change, refusal: refusal, attempts: attempts, retryAt: now + pause)
        refusals[change.target] = held
        effects.append(.note(.refused(change, refusal, retryAt: held.retryAt)))
    }

    /// Comes back when the next refused change is due.
    private mutating func askToBeWoken(at now: Instant, _ effects: inout [Effect]) {
        // While a long plan is under way its end is waited for; what is on its way again has no time of its own.
        guard stageToken == nil else { return }
        let waiting =
            refusals.filter { !retried.contains($0.key) }.values.map(\.retryAt)
            + feedRetry.filter { $0 > now }
            + (isHoldingRepairs ? repairPace.pauses(after: now) : [])
        guard let next = waiting.min(), wakeAt.map({ next < $0 }) ?? true else { return }
        wakeAt = next
        effects.append(.wake(at: next))
    }

    mutating func woke(at now: Instant) {
        // There is one alarm clock for both planes, and it has rung: what is still to come is asked for again.
        wakeAt = nil
        if isHoldingRepairs || refusals.values.contains(where: { $0.retryAt <= now }) { needsPlan = true }
        if feedRetry.contains(where: { $0 <= now }) { feeds.isDue = true }
    }
}
