/// What the network plane learns: from the kernel, from probes, from the kernel's answers.
import ConfigSyntax
import Forwarding
import Liveness
import NetTypes
import PolicyEngine

extension NetworkPlane {
    mutating func observe(_ fact: Fact, at now: Instant, _ effects: inout [Effect]) {
        switch fact {
        case .kernel(let reports): for report in reports { take(report, at: now, &effects) }
        case .dumpBegan(let family):
            view.dumpBegan(family)
            if family == .routes { feeds.isDumpVoid = feeds.job != nil }
        case .segments(let found): take(found)
        case .dumpEnded(let family): if view.dumpEnded(family) { needsPlan = true }
        case .overrun(let family):
            overruns[family, default: 0] += 1
            effects.append(.note(.overrun(family)))
        case .ruleset(let table): found(table, at: now, &effects)
        case .list, .set, .feedsPlanned, .feedsProgress, .feedsProgrammed, .programmed, .probed, .bfd, .targets,
            .gateway,
            .gatewayStarted,
            .gatewayEnded, .bytesCounted, .overrides, .storedKeys, .admin, .usage, .canaries, .localTime, .flowsMoved,
            .woke:
            return
        }
        updatePresence(at: now, &effects)
    }

    private mutating func found(_ table: RulesetState?, at now: Instant, _ effects: inout [Effect]) {
        let wasComplete = view.isComplete
        guard view.found(table) else { return }
        needsPlan = true
        if wasComplete {
            driftCount += 1
            repairPace.drifted(.ruleset, at: now)
            effects.append(.note(.tableDrift(isGone: table == nil)))
        }
    }

    /// Objects whose repairs are counted one by one: somebody may flush a table of a million.
    private static let mostDrifts = 10_000

    private mutating func take(_ report: KernelReport, at now: Instant, _ effects: inout [Effect]) {
        let wasComplete = view.isComplete
        let isOurs = concernsUs(report)
        guard view.apply(report) else { return }
        if case .routeOffload(let key, let flags) = report { return noteOffload(flags, of: key, &effects) }
        if case .nexthopOffload = report { return }
        needsPlan = true
        switch report {
        // What the kernel refused for want of a link or an address is worth another try at once.
        case .link, .address:
            makeRefusalsDue(at: now)
            needsWatching = true
            repairPace.forget()
        case .linkGone, .addressGone: needsWatching = true
        case .nexthop, .nexthopGone, .route, .routeGone:
            if !isOurs, watchesLearntGateways { needsWatching = true }
        case .nexthopOffload, .routeOffload, .rule, .ruleGone: break
        }
        if case .routeGone(let route) = report, mayHideAnother(route) { effects.append(.reread(.routes)) }
        if wasComplete, isOurs {
            driftCount += 1
            if let target = report.target {
                if drifts.count < Self.mostDrifts { drifts[target, default: 0] += 1 }
                repairPace.drifted(target, at: now)
            }
            if view.gaps.count <= Self.mostNotedGaps { effects.append(.note(.drift(report))) }
        }
    }

    /// When somebody flushes a list, no more of its routes than this are named one by one.
    private static let mostNotedGaps = 100

    /// IPv6 keeps the routes of several advertising routers under one key, of which the view holds one: when that goes, another may be
    /// the gateway to follow.
    private func mayHideAnother(_ route: Route) -> Bool {
        guard route.key.prefix == .everything(.v6), route.key.table == Resolver.mainTable,
            !configuration.ownership.owns(route)
        else { return false }
        let follows = configuration.routes.contains { if case .auto = $0.use { true } else { false } }
        return follows || configuration.groups.contains { $0.members.contains(where: \.isAuto) }
    }

    /// When hardware is full, no more routes than this are named one by one.
    private static let mostNotedOffloads: UInt64 = 20

    private mutating func noteOffload(_ flags: Offload, of key: Route.Key, _ effects: inout [Effect]) {
        guard flags.contains(.failed) else { return }
        offloadFailures += 1
        if offloadFailures <= Self.mostNotedOffloads { effects.append(.note(.offloadFailed(key))) }
    }

    /// Whether the report, not taken in yet, is about an object that only we should have changed.
    private func concernsUs(_ report: KernelReport) -> Bool {
        let window = configuration.ownership
        switch report {
        case .link, .linkGone, .address, .addressGone, .nexthopOffload, .routeOffload: return false
        case .nexthop(let nexthop): return window.owns(nexthop)
        case .nexthopGone(let id): return view.nexthops[id].map(window.owns) ?? false
        case .route(let route), .routeGone(let route): return window.owns(route)
        case .rule(let rule), .ruleGone(let rule): return window.owns(rule)
        }
    }

    /// Carries over to the members what links and addresses say (facts 1 and 16).
    mutating func updatePresence(at now: Instant, _ effects: inout [Effect]) {
        guard view.known.isSuperset(of: [.links, .addresses]) else { return }
        let resolver = resolver
        for (groupIndex, group) in configuration.groups.enumerated() {
            for (position, member) in group.members.enumerated() {
                let id = groups[GroupID(groupIndex)].members[position]
                for family in AddressFamily.allCases where member.has(family) {
                    var absence = refusal(of: group.fullName(of: member), family)
                    if case .failure(let why) = resolver.wayOut(of: member, family) { absence = why.cause }
                    tell(absence.map { .absent($0) } ?? .present, id, HealthScope(family), at: now, &effects)
                }
            }
        }
    }

    /// A member whose next hop the kernel does not take, or a stranger holds, can carry nothing; the others of its group can.
    private func refusal(of member: String, _ family: AddressFamily) -> Cause? {
        let ids = NexthopName.all(of: member, family).compactMap(numbers.nexthop)
        if ids.contains(where: { view.nexthops[$0].map { !configuration.ownership.owns($0) } ?? false }) {
            return Absence.taken
        }
        return ids.contains { refusals[.nexthop($0)] != nil } ? Absence.refused : nil
    }

    /// Says who is to be probed, when that is not what was said last. A result of what is asked no more is forgotten.
    mutating func askForProbes(_ effects: inout [Effect]) {
        let wanted = probedMembers
        guard isNumbered, wanted != wantedProbes else { return }
        wantedProbes = wanted
        let kept = Set(
            wanted.flatMap { member in member.scopes.map { ProbeKey(member: member.name, scope: $0.scope) } }
        )
        lastProbes = lastProbes.filter { kept.contains($0.key) }
        effects.append(.probe(wanted))
    }

    mutating func probed(_ results: [ProbeResult], at now: Instant, _ effects: inout [Effect]) {
        for result in results {
            lastProbes[ProbeKey(member: result.member, scope: result.scope)] = result
            guard let member = groups.member(named: result.member) else { continue }
            tell(result.signal, member.id, result.scope, at: now, &effects)
            measure(result, member.id, at: now)
        }
    }

    mutating func heard(_ reports: [TargetReport], _ effects: inout [Effect]) {
        for report in reports {
            deadTargets.removeAll { $0.kind == report.kind && $0.target == report.target }
            if report.isDead { deadTargets.append(report) }
            effects.append(.note(.target(report)))
        }
    }

    mutating func tell(
        _ signal: Signal,
        _ id: MemberID,
        _ scope: HealthScope,
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        let change = groups.observe(signal, of: id, in: scope, at: now)
        let member = groups[id]
        switch change {
        case .none: return
        case .became(let verdict, let old):
            let cause = member.health(in: scope)?.cause
            effects.append(
                .note(.health(.network, member: member.fullName, scope, from: old, to: verdict, cause))
            )
        case .appeared:
            needsPlan = true
            makeRefusalsDue(at: now)
            effects.append(.note(.presence(member: member.fullName, scope, absent: nil)))
        case .vanished(let cause):
            needsPlan = true
            effects.append(.note(.presence(member: member.fullName, scope, absent: cause)))
        }
        touched.insert(member.group)
        revision += 1
    }
}
