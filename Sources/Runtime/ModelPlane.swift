/// The model plane's state in the daemon: which deployments are healthy, what the gateway is to serve by, what it decided.
///
/// The gateway process decides each request on a snapshot made here; what it learns of its members comes back as reports.
import ConfigSyntax
import Forwarding
package import Inference
import NetTypes
package import PolicyEngine

package struct ModelPlane: Sendable {
    package let configuration: ModelsConfiguration
    package internal(set) var groups: GroupTable
    /// The last decisions, oldest first: `mostDecisions` of them, and up to a quarter more that wait to be cut off.
    package internal(set) var decisions: [DecisionRecord] = []
    /// Of all of them together, roughly.
    var decisionBytes = 0
    /// Of the last snapshot made.
    package internal(set) var generation: UInt64 = 0
    /// The newest snapshot that the gateway says it serves by; nil while none runs.
    package internal(set) var servedGeneration: UInt64?
    /// What the gateway wants mended, newest last, one per code and object.
    package internal(set) var alarms: [GatewayAlarm] = []
    /// Counted since the daemon's start, by key.
    package internal(set) var counters: [CounterKey: UInt64] = [:]

    /// What `counters` cannot tell: times and tokens, since the daemon's start.
    package internal(set) var measures = ModelMeasures()
    /// Requests that each of the gateway's event loops serves now, as last told.
    package internal(set) var serving: [Int: Int] = [:]
    /// Requests that members have under way, as last told; those that have any.
    package internal(set) var underWay: [MemberCount] = []
    /// Reports that the gateway could not tell, since the daemon's start: each may have been a decision.
    package internal(set) var droppedReports: UInt64 = 0
    /// Keys that were made at run time.
    package internal(set) var storedKeys: [StoredKey] = []
    /// What members' providers still take, as they said last.
    var headrooms: [String: NotedHeadroom] = [:]
    /// When each key was last used since the daemon's start, in microseconds since 1970.
    package internal(set) var lastUsed: [String: UInt64] = [:]

    /// What counters may be named by.
    var names: MeasuredNames
    /// Whether members are judged by what was measured of them.
    let judgesMembers: Bool
    var needsSnapshot = true
    /// `NetworkPlane.revision` of the last snapshot made; nil: without network.
    var lastNetwork: UInt64?
    var touched: Set<GroupID> = []
    var noted: [GroupID: [NotedShare]] = [:]
    /// Parallel to `groups.members`.
    var breakers: [MemberBreaker]
    /// What probes have shown, of providers that are probed and have been.
    package internal(set) var watches: [ProviderWatch] = []
    /// What was read of the members at their servers, parallel to `groups.members`; nil: nothing is read there.
    package internal(set) var found: [FoundModel?] = []
    /// Parallel to `groups.members`; nil: none.
    let canaries: [MemberCanary?]
    var canaryPaces: [CanaryPace?]
    /// Members that are to be asked with this turn.
    var dueCanaries: [String] = []
    /// The moment of `Effect.wake` already asked for, if it is still to come.
    var wakeAt: Instant?

    /// Decisions kept for `show decisions` and `explain ID`; a record is a kilobyte or two.
    package static let mostDecisions = 2000

    /// What requests are counted by.
    package struct CounterKey: Hashable, Sendable, Comparable {
        package let group: String
        package let member: String
        package let outcome: Outcome

        package static func < (a: Self, b: Self) -> Bool {
            (a.group, a.member, a.outcome.rawValue) < (b.group, b.member, b.outcome.rawValue)
        }
    }

    /// - Parameter uses: what members had of a day's canaries, of which the old plane knows nothing.
    init(
        _ configuration: ModelsConfiguration,
        keeping old: ModelPlane?,
        canaries uses: [CanaryUse] = [],
        at now: Instant
    ) {
        self.configuration = configuration
        judgesMembers = Self.judges(configuration)
        names = MeasuredNames(configuration)
        groups = GroupTable(configuration.pricedGroups, keeping: old?.groups, at: now)
        breakers = groups.members.map { member in
            old.flatMap { old in old.groups.member(named: member.fullName).map { old.breakers[$0.id.index] } }
                ?? MemberBreaker()
        }
        let canaries = Self.canaries(configuration)
        self.canaries = canaries
        canaryPaces = groups.members.map { member in
            let before = old?.groups.member(named: member.fullName).flatMap { old?.canaryPaces[$0.id.index] }
            let use = uses.first { $0.member == member.fullName }
            return canaries[member.id.index].map {
                before ?? CanaryPace($0, after: use?.countedUntil ?? [], at: now)
            }
        }
        touched = Set(groups.groups.map(\.id))
        watches = Self.watches(configuration, keeping: old)
        found = Self.found(configuration, watches, keeping: old)
        defer { settlePresence(at: now) }
        guard let old else { return }
        (decisions, decisionBytes) = (old.decisions, old.decisionBytes)
        (generation, servedGeneration) = (old.generation, old.servedGeneration)
        (alarms, counters, wakeAt) = (old.alarms, old.counters, old.wakeAt)
        (measures, serving, droppedReports) = (old.measures, old.serving, old.droppedReports)
        underWay = old.underWay
        (storedKeys, lastUsed) = (old.storedKeys, old.lastUsed)
        headrooms = old.headrooms.filter { groups.member(named: $0.key) != nil }
    }

    mutating func set(_ admin: Admin, of member: String) -> Bool {
        guard let member = groups.member(named: member), groups.set(admin, of: member.id) else { return false }
        touch(member.group)
        return true
    }

    /// Nobody serves until there is a new one.
    mutating func gatewayEnded() {
        servedGeneration = nil
        (serving, underWay) = ([:], [])
    }

    /// A new gateway knows nothing yet.
    mutating func gatewayStarted() {
        servedGeneration = nil
        (serving, underWay) = ([:], [])
        needsSnapshot = true
    }

    mutating func touch(_ group: GroupID) {
        touched.insert(group)
        needsSnapshot = true
    }
}

// MARK: - What it learns

extension ModelPlane {
    mutating func heard(_ report: GatewayReport, at now: Instant, _ effects: inout [Effect]) {
        switch report {
        case .ready(let generation): servedGeneration = generation
        case .signal(let member, _, let signal, _): tell(signal, member, at: now, &effects)
        case .answered(let member, let count, _):
            if let member = groups.member(named: member) { breakers[member.id.index].answered(count, at: now) }
        case .pause(let member, let cause, let until): pause(member, cause, until: until, at: now, &effects)
        case .probed(let provider, let outcomes, _): probed(provider, outcomes, at: now, &effects)
        case .decisions(let records):
            for record in records {
                measure(record, at: now)
                noteHeadroom(record)
            }
            keep(records, &effects)
        case .mended(let code, let object): alarms.removeAll { $0.code == code && $0.object == object }
        case .alarm(let alarm): raise(alarm, &effects)
        case .standing(let found):
            alarms.removeAll { old in
                old.code.isStanding && !found.contains { $0.code == old.code && $0.object == old.object }
            }
            for alarm in found.prefix(Self.mostAlarms) { raise(alarm, &effects) }
        case .serving(let loop, let requests): noteServing(loop, requests)
        case .underWay(let counts): noteUnderWay(counts)
        // Whoever counts them is the supervisor.
        case .alive: break
        case .dropped(let reports): droppedReports &+= UInt64(max(0, reports))
        }
    }
}

// MARK: - What follows

extension ModelPlane {
    mutating func settle(network: NetworkPlane?, _ effects: inout [Effect]) {
        for id in touched.sorted() { noteShares(of: id, &effects) }
        touched = []
        if network?.revision != lastNetwork {
            lastNetwork = network?.revision
            needsSnapshot = true
        }
        // A network plane that has not numbered its paths yet has nothing to bind upstream connections to.
        if needsSnapshot, network?.isNumbered ?? true {
            needsSnapshot = false
            generation += 1
            effects.append(.serve(snapshot(network)))
        }
        sendCanaries(&effects)
        if let next = nextMoment, wakeAt.map({ next < $0 }) ?? true {
            wakeAt = next
            effects.append(.wake(at: next))
        }
    }

    private mutating func noteShares(of id: GroupID, _ effects: inout [Effect]) {
        let shares = groups.shares(of: id, in: .any).carrying.map {
            NotedShare(member: groups[$0.member].fullName, weight: $0.weight)
        }
        guard noted.updateValue(shares, forKey: id) != shares else { return }
        effects.append(.note(.shares(.models, group: groups[id].definition.name.value, .any, shares)))
    }
}
