/// The network plane's state: who is healthy, what the kernel has, what was asked of it and refused.
import ConfigSyntax
package import Forwarding
package import Liveness
package import NetTypes
package import PolicyEngine

package struct NetworkPlane: Sendable {
    package internal(set) var configuration: NetworkConfiguration
    package let probes: [ProbeDefinition]
    package internal(set) var groups: GroupTable
    package internal(set) var view: KernelView
    package internal(set) var numbers: Numbers
    /// Last result of each probed member and scope, by full name, for `show probes`.
    package internal(set) var lastProbes: [ProbeKey: ProbeResult] = [:]
    /// Targets that answer over no member while others do, oldest first.
    package internal(set) var deadTargets: [TargetReport] = []
    /// Last report of the BFD session of each member and scope, for `show bfd`.
    package internal(set) var sessions: [ProbeKey: BFDReport] = [:]
    /// The sessions last asked for.
    var wantedSessions: [BFDSubject] = []
    /// The members last asked to be probed; nil before the first time.
    var wantedProbes: [ProbedMember]?
    /// Whether something changed that decides which sessions and probes they are.
    var needsWatching = true
    /// What the kernel refused, until it is tried again and taken.
    package internal(set) var refusals: [KernelChange.Target: Refusal] = [:]
    /// Strangers' objects in our way, as of the last plan.
    package internal(set) var conflicts: [ForeignConflict] = []
    /// What waits for a link, an address or a number, as of the last plan.
    package internal(set) var pending: [Pending] = []
    /// How often an object of ours had to be put back.
    package internal(set) var driftCount: UInt64 = 0
    /// How often forwarding hardware did not take a route of ours.
    package internal(set) var offloadFailures: UInt64 = 0
    /// How often the kernel's announcements of a family were lost.
    package internal(set) var overruns: [KernelFamily: UInt64] = [:]
    /// How often each of them since the configuration was applied.
    package internal(set) var drifts: [KernelChange.Target: Int] = [:]
    /// When the next time may be.
    var repairPace = RepairPace()
    /// Whether the last plan has repairs that wait for their time.
    var isHoldingRepairs = false

    /// Changes sent and taken since the configuration was applied.
    package internal(set) var tally = Tally()

    /// Routes of long lists: what is under way, and what went wrong.
    package internal(set) var feeds = FeedWork()

    /// Batches on their way to the kernel.
    var inFlight: [UInt64: [Sent]] = [:]
    /// Refused objects whose next try is on its way.
    var retried: Set<KernelChange.Target> = []
    /// Later parts of a plan that is too long for the fast lane, each waiting for the one before.
    var stages: [Stage] = []
    var stageToken: UInt64?
    var nextToken: UInt64 = 1
    var isNumbered = false
    /// Whether the first look at the kernel is still to come: what is found then was left by an earlier daemon.
    var isAdopting = true
    var needsPlan = true
    /// Groups whose shares changed in this turn.
    var touched: Set<GroupID> = []
    /// Shares as last noted, so that a note says only what is new.
    var noted: [NotedKey: [NotedShare]] = [:]
    /// The moment of `Effect.wake` already asked for, if it is still to come.
    var wakeAt: Instant?
    /// Grows whenever something changes that the model plane decides by: members, their admin state, verdicts, paths.
    var revision: UInt64 = 0
    /// What is known of the local time, if a policy asks for it.
    var localTime = LocalTime()
    /// Members that are out, and what is still owed to their flows.
    var flows = FlowLedger()
    /// Of the first batch sent for this configuration: what was sent before is not counted.
    var firstToken: UInt64 = 1

    /// How many changes were sent and how many of them the kernel took.
    package struct Tally: Hashable, Sendable {
        package internal(set) var sent = 0
        package internal(set) var accepted = 0
    }

    struct Sent: Sendable {
        let change: KernelChange
        let displaced: KernelView.Displaced
    }

    struct Stage: Sendable {
        let lane: Lane
        let changes: [KernelChange]
    }

    struct NotedKey: Hashable, Sendable {
        let group: String
        let scope: HealthScope
    }

    /// What a probe's result is about.
    package struct ProbeKey: Hashable, Sendable {
        package let member: String
        package let scope: HealthScope

        package init(member: String, scope: HealthScope) {
            self.member = member
            self.scope = scope
        }
    }

    /// A change that the kernel refused, how often so far, and when it is tried again.
    package struct Refusal: Hashable, Sendable {
        package let change: KernelChange
        package let refusal: KernelRefusal
        package let attempts: Int
        package internal(set) var retryAt: Instant
    }

    /// Takes a configuration over, keeping health, numbers and the view of the kernel where it may.
    init(
        _ configuration: NetworkConfiguration,
        _ probes: [ProbeDefinition],
        keeping old: NetworkPlane?,
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        self.configuration = configuration
        self.probes = probes
        groups = GroupTable(configuration.groups.map(\.definition), keeping: old?.groups, at: now)
        if let old, old.configuration.ownership == configuration.ownership {
            (view, numbers) = (old.view, old.numbers)
            // The rest of a long plan of the old configuration is dropped; the new plan waits for the part under way.
            (inFlight, stageToken, retried) = (old.inFlight, old.stageToken, old.retried)
            (driftCount, repairPace) = (old.driftCount, old.repairPace)
            (overruns, offloadFailures) = (old.overruns, old.offloadFailures)
            (refusals, conflicts, isAdopting) = (old.refusals, old.conflicts, old.isAdopting)
            feeds = old.feeds.underNewConfiguration
            makeRefusalsDue(at: now)
        } else {
            view = KernelView(window: configuration.ownership)
            numbers = Numbers(window: configuration.ownership)
            effects += KernelFamily.allCases.map { .reread($0) }
        }
        if view.look(at: RouteWatch(configuration)) { effects.append(.reread(.routes)) }
        if let old { keep(from: old) }
        updatePresence(at: now, &effects)
    }

    /// What outlives any change of configuration, as far as it is about members and groups that still are.
    private mutating func keep(from old: NetworkPlane) {
        (nextToken, firstToken, wakeAt, revision) = (old.nextToken, old.nextToken, old.wakeAt, old.revision + 1)
        lastProbes = old.lastProbes.filter { groups.member(named: $0.key.member) != nil }
        // A target that nobody asks any more is nobody's concern.
        let asked = probedMembers.flatMap(\.scopes).reduce(into: Set<ProbeTarget>()) { $0.formUnion($1.plan.targets) }
        deadTargets = old.deadTargets.filter { asked.contains($0.target) }
        sessions = old.sessions.filter { groups.member(named: $0.key.member) != nil }
        (wantedSessions, wantedProbes) = (old.wantedSessions, old.wantedProbes)
        noted = old.noted.filter { groups.group(named: $0.key.group) != nil }
        (localTime, flows) = (old.localTime, old.flows)
        noteWays(of: old)
    }

    mutating func set(_ admin: Admin, of member: String) -> Bool {
        guard let member = groups.member(named: member), groups.set(admin, of: member.id) else { return false }
        touched.insert(member.group)
        revision += 1
        return true
    }

    /// The local time of day as it is believed.
    package var secondOfDay: Int64? { localTime.secondOfDay }

    /// The resolver over the state of this moment.
    package var resolver: Resolver {
        let groups = groups
        return Resolver(
            configuration: configuration,
            view: view,
            numbers: numbers,
            secondOfDay: localTime.secondOfDay
        ) { index, family, strategy in
            let group = groups.groups[index]
            let terms = strategy?.terms(in: group.definition)
            return groups.shares(of: group.id, in: HealthScope(family), by: terms)
        }
    }

    /// What would be done to the kernel now; empty when it holds what the configuration says.
    package func plan() -> Plan { plan(from: view) }

    /// The same if the kernel held what `view` says.
    package func plan(from view: KernelView) -> Plan {
        Difference.plan(from: view, to: resolver.wish(), window: configuration.ownership)
    }

    /// The same for the routes of long lists. It looks at every one of them: not for a turn.
    package func feedPlan() -> FeedPlan { feedPlan(from: view) }

    package func feedPlan(from view: KernelView) -> FeedPlan {
        let wish = resolver.wish()
        return FeedPlan.answering(question(view, wished: wish.segments, written: wish.writtenKeys))
    }

    /// The members that are to be probed, in the configuration's order.
    var probedMembers: [ProbedMember] {
        let resolver = resolver
        return configuration.groups.flatMap { group in
            group.members.compactMap { member -> ProbedMember? in
                guard let name = member.probe?.value, let probe = probes.first(where: { $0.name.value == name }) else {
                    return nil
                }
                let fullName = group.fullName(of: member)
                return ProbedMember(
                    name: fullName,
                    device: member.device?.value,
                    mark: numbers.path(fullName)?.mark,
                    scopes: groups.member(named: fullName)?.definition.scopes ?? [],
                    probe: probe
                ) { Self.ownAddress(of: member, in: $0, resolver) }
            }
        }
    }

    /// What `{member}` stands for: a backend with its port, or the gateway that it has now.
    private static func ownAddress(
        of member: NetworkMember,
        in scope: HealthScope,
        _ resolver: Resolver
    ) -> ProbeTarget? {
        if let backend = member.backend { return ProbeTarget(backend.value) }
        return resolver.gateway(of: member, scope == .v6 ? .v6 : .v4).map { ProbeTarget($0) }
    }

    /// Whether a member is watched by a gateway that others put into the kernel: then their routes decide whom to ask.
    var watchesLearntGateways: Bool {
        configuration.groups.contains { $0.members.contains { $0.isAuto && $0.probe != nil } }
    }

    /// What a member is probed by, to be run on demand; nil when it has no probe, or none in any family of its own.
    package func probed(_ member: String) -> ProbedMember? {
        probedMembers.first { $0.name == member && !$0.scopes.isEmpty }
    }
}

extension NetworkPlane {
    /// Whether nothing is under way and nothing is due.
    package var isSettled: Bool {
        view.isComplete && isNumbered && inFlight.isEmpty && stages.isEmpty && !needsPlan && feeds.isIdle
    }

    /// The group that a next-hop id of ours stands for, and the policies' strategy by which it shares, if it is not the group's own.
    package func groupOf(_ id: NexthopID) -> (index: Int, strategy: PolicyStrategy?)? {
        for (index, group) in configuration.groups.enumerated() {
            for family in AddressFamily.allCases {
                for strategy in [nil] + configuration.strategies(over: index)
                where numbers.nexthop(NexthopName.of(group, family, by: strategy)) == id {
                    return (index, strategy)
                }
            }
        }
        return nil
    }

    /// What a next-hop id of ours stands for: `group wan`, `group wan by cost`.
    package func nameOf(_ id: NexthopID) -> String? {
        if let (index, strategy) = groupOf(id) {
            return "group \(configuration.groups[index].name)" + (strategy.map { " by \($0.name)" } ?? "")
        }
        for family in AddressFamily.allCases {
            if numbers.nexthop(NexthopName.park(family)) == id { return NexthopName.park(family) }
            for group in configuration.groups {
                for member in group.members {
                    let fullName = group.fullName(of: member)
                    let names = NexthopName.all(of: fullName, family)
                    if names.contains(where: { numbers.nexthop($0) == id }) { return fullName }
                }
            }
        }
        for route in configuration.routes {
            for family in AddressFamily.allCases {
                guard let name = NexthopName.of(route, family), numbers.nexthop(name) == id else { continue }
                return name
            }
        }
        return nil
    }
}
