/// What do event loops read while they serve? One snapshot with its look-ups made ready: immutable, replaced as a whole, read
/// without a lock.
import ConfigSyntax
package import NetTypes
package import PolicyEngine

/// Why a snapshot cannot be served from. It comes from our own daemon, so each of these is a defect there; the gateway keeps
/// what it has and says so.
package enum SnapshotError: Error, Hashable, Sendable {
    case deploymentsDoNotMatchMembers(deployments: Int, members: Int)
    case noSuchProvider(member: String, index: Int)
    case noSuchTarget(policy: String)
    case noSuchPathMember(index: Int)
    case noSuchTrial(index: Int)
    case budgetsDoNotMatchGroups(budgets: Int, groups: Int)
    case badKeyHash(key: String)
}

package final class RoutingView: Sendable {
    package let snapshot: GatewaySnapshot
    /// For splits, affinity and look-ups by secret values.
    package let hash: KeyedHash
    /// For names of what providers keep, parallel to `snapshot.providers`.
    let seals: [KeyedHash]
    /// Models as clients see them: groups, then `group.member`, in file order.
    package let listedModels: [ListedModel]

    /// Parallel to `snapshot.providers`.
    package let addresses: [ProviderAddress]

    /// Whether the providers speak several dialects.
    let hasSeveralDialects: Bool

    /// Full names, parallel to `snapshot.models.members`, and names parallel to `snapshot.models.groups`: a name is wanted for each
    /// request, and the rows it stands in are large.
    package let memberNames: [String]
    package let groupNames: [String]
    /// Parallel to `snapshot.models.members`.
    let groupOfMember: [GroupID]

    /// Who may ask.
    package let keys: KeyRing
    /// Who has limits.
    let load: LoadDirectory

    private let targetsByName: [String: GatewayPolicy.Target]
    let offers: OfferTable
    let conditions: PolicyProgram
    /// Headers that conditions or splits ask for, in lower case: the others are never made texts.
    package let askedHeaders: [String]
    /// Whether conditions ask for the time of day.
    package let asksForTime: Bool

    /// Parallel to `snapshot.models.members`: hashes of their names, and what stands for them in `memory`.
    let memberHashes: [UInt64]
    /// Parallel to `snapshot.models.groups`.
    let groupHashes: [UInt64]
    let memberIdentities: [AffinityMemory.Identity]
    /// Parallel to `snapshot.models.members`.
    package let loads: [MemberLoad]
    /// Parallel to `snapshot.providers`.
    package let servers: [ServerLoad]
    let memory: AffinityMemory
    let shortage: Shortage

    /// - Parameters:
    ///   - old: the view before, whose counters and memory go on.
    ///   - seals: for names of what providers keep, parallel to the snapshot's; nil, and where none is given: whoever knows this source can make names.
    ///   - book: where load is counted; nil: nowhere, and nothing is limited.
    package init(
        _ snapshot: GatewaySnapshot,
        after old: RoutingView? = nil,
        seals: [KeyedHash?] = [],
        book: LoadBook? = nil
    ) throws(SnapshotError) {
        try snapshot.check()
        self.snapshot = snapshot
        let hash = KeyedHash(key0: snapshot.hashKey0, key1: snapshot.hashKey1)
        self.hash = hash
        self.seals = snapshot.providers.indices.map { (seals.indices.contains($0) ? seals[$0] : nil) ?? hash }
        addresses = snapshot.providers.map(ProviderAddress.init)
        hasSeveralDialects = Set(snapshot.providers.map(\.dialect)).count > 1
        let models = snapshot.models
        keys = try KeyRing(snapshot, hash: hash, book: book)
        load = book.map { LoadDirectory(snapshot, $0) } ?? .none
        memberNames = models.members.map(\.fullName)
        groupNames = models.groups.map(\.definition.name.value)
        groupOfMember = models.members.map(\.group)
        let groups = models.groups.map { ($0.definition.name.value, GatewayPolicy.Target.group($0.id)) }
        let members = models.members.map { ($0.fullName, GatewayPolicy.Target.member($0.id)) }
        listedModels = snapshot.listedModels
        // Group and member names hold no dot, so that none of these can be the same.
        targetsByName = Dictionary(groups + members) { first, _ in first }
        let names = memberNames
        memberHashes = names.map { hash.hash($0) }
        groupHashes = groupNames.map { hash.hash($0) }
        memberIdentities = memberHashes.map { AffinityMemory.Identity(hash: $0) }
        loads = Self.loads(of: names, after: old)
        servers = Self.servers(of: snapshot.providers, after: old)
        memory = old?.memory ?? AffinityMemory()
        shortage = old?.shortage ?? Shortage()
        offers = OfferTable(snapshot)
        conditions = PolicyProgram(snapshot.policies.map(\.match))
        askedHeaders = snapshot.askedHeaders
        asksForTime = snapshot.policies.contains { $0.match.slots.contains(RequestFact.time.slot) }
    }

    private static func loads(of names: [String], after old: RoutingView?) -> [MemberLoad] {
        let before = Dictionary(zip(old?.memberNames ?? [], old?.loads ?? [])) { first, _ in first }
        return names.map { before[$0] ?? MemberLoad() }
    }

    private static func servers(of providers: [GatewayProvider], after old: RoutingView?) -> [ServerLoad] {
        guard let old else { return providers.map { _ in ServerLoad() } }
        return providers.map { provider in
            // Another address is another server, and who is read no more has no queue.
            let place = old.snapshot.providers.firstIndex { $0.isServer(of: provider) }
            return place.map { old.servers[$0] } ?? ServerLoad()
        }
    }

    /// What the name of a group or of `group.member` stands for.
    package func target(named name: String) -> GatewayPolicy.Target? { targetsByName[name] }

    /// Whom an offer leads to.
    func target(of id: OfferID) -> GatewayPolicy.Target {
        let offer = offers.all[id.index]
        return offer.member.map { .member($0) } ?? .group(offer.group)
    }

    /// What a request for an offer can be sent to, without what was tried already.
    package func candidates(for id: OfferID, _ need: RequestNeed, without tried: Exclusions) -> CandidateSet {
        let offer = offers.all[id.index]
        var misfit = snapshot.misfit(of: need, to: offer)
        if !offer.queues.isEmpty { misfit.full = full(offer) }
        guard tried.isEmpty else { return snapshot.candidates(for: offer, misfit, need.size, without: tried) }
        let size = offer.tellsSizes ? need.size ?? .small : nil
        return offer.kept.set(KeptSets.Kind(misfit: misfit, size: size)) {
            snapshot.candidates(for: offer, misfit, size, without: tried)
        }
    }

    /// What a request asks of whoever serves it for this offer.
    package func need(of facts: inout RequestFacts, for offer: OfferID) -> RequestNeed {
        facts.need(within: offers.all[offer.index].fitness)
    }

    /// Requests that members have under way now; those that have any.
    package var underWay: [MemberCount] {
        zip(memberNames, loads).compactMap { name, load in
            load.outstanding > 0 ? MemberCount(name, load.outstanding) : nil
        }
    }

    package func deployment(of member: MemberID) -> Deployment { snapshot.deployments[member.index] }

    package func provider(of member: MemberID) -> GatewayProvider {
        snapshot.providers[snapshot.deployments[member.index].provider]
    }
}

extension GatewaySnapshot {
    /// Every number in it must name something: nothing after this check has to look again.
    fileprivate func check() throws(SnapshotError) {
        guard deployments.count == models.members.count else {
            throw .deploymentsDoNotMatchMembers(deployments: deployments.count, members: models.members.count)
        }
        for (deployment, member) in zip(deployments, models.members)
        where !providers.indices.contains(deployment.provider) {
            throw .noSuchProvider(member: member.fullName, index: deployment.provider)
        }
        for trial in trials where !models.members.indices.contains(trial.index) {
            throw .noSuchTrial(index: trial.index)
        }
        guard retryBudgets.isEmpty || retryBudgets.count == models.groups.count else {
            throw .budgetsDoNotMatchGroups(budgets: retryBudgets.count, groups: models.groups.count)
        }
        for policy in policies where !has(policy.target) { throw .noSuchTarget(policy: policy.name) }
        for path in paths where !network.members.indices.contains(path.member.index) {
            throw .noSuchPathMember(index: path.member.index)
        }
    }

    private func has(_ target: GatewayPolicy.Target) -> Bool {
        switch target {
        case .group(let group): models.groups.indices.contains(group.index)
        case .member(let member): models.members.indices.contains(member.index)
        case .reject: true
        case .split(let arms, _): arms.allSatisfy { models.groups.indices.contains($0.group.index) }
        }
    }

    fileprivate var askedHeaders: [String] {
        var names: [String] = []
        for name in policies.flatMap(\.match.fieldNames) where !names.contains(name) { names.append(name) }
        let splitsBySession = policies.contains { policy in
            if case .split(_, .session) = policy.target { true } else { false }
        }
        let sessions = routing.compactMap(\.affinity).filter { $0.by == .session }.map(\.header)
        for name in (splitsBySession ? [Affinity.standardHeader] : []) + sessions where !names.contains(name) {
            names.append(name)
        }
        return names
    }
}

extension GatewayProvider {
    /// Whether this was the same server, read in the same way.
    fileprivate func isServer(of other: GatewayProvider) -> Bool {
        name == other.name && isTLS == other.isTLS && host == other.host && port == other.port
            && pathPrefix == other.pathPrefix && probe == other.probe
    }
}
