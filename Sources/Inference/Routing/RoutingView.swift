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
    /// What an untried request to a group can be sent to, parallel to `snapshot.models.groups`: the common case, worked out once.
    private let untried: [CandidateSet]

    /// - Parameter book: where load is counted; nil: nowhere, and nothing is limited.
    package init(_ snapshot: GatewaySnapshot, book: LoadBook? = nil) throws(SnapshotError) {
        try snapshot.check()
        self.snapshot = snapshot
        let hash = KeyedHash(key0: snapshot.hashKey0, key1: snapshot.hashKey1)
        self.hash = hash
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
        untried = models.groups.map { snapshot.candidates(for: .group($0.id), without: Exclusions()) }
    }

    /// What the name of a group or of `group.member` stands for.
    package func target(named name: String) -> GatewayPolicy.Target? { targetsByName[name] }

    /// What a request to the target can be sent to, without what was tried already.
    package func candidates(for target: GatewayPolicy.Target, without tried: Exclusions) -> CandidateSet {
        if case .group(let group) = target, tried.isEmpty { return untried[group.index] }
        return snapshot.candidates(for: target, without: tried)
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
        }
    }
}
