/// Over which network members can a provider be reached, and with what share of its load?
import NetTypes
import PolicyEngine

/// One network member, or the host's own routing.
struct Way: Hashable, Sendable {
    let path: MemberID?
    /// `group.member` of the network plane.
    let name: String?
    let mark: Mark?
    let families: [AddressFamily]
    let weight: UInt32
    let reason: Share.Reason

    /// The host's own routing.
    static let open = Way(path: nil, name: nil, mark: nil, families: [.v4, .v6], weight: 1, reason: .eligible)
}

extension GatewaySnapshot {
    /// The ways to a member's provider, those that carry nothing too.
    func ways(to member: MemberID, by terms: PolicyTerms, without tried: Exclusions) -> [Way] {
        let provider = providers[deployments[member.index].provider]
        let families = IPAddress(provider.host).map { [$0.family] } ?? [.v4, .v6]
        guard let name = provider.path else {
            return tried.contains(member, over: nil) || terms.asksForPaths ? [] : [.open]
        }
        guard let target = networkTarget(name) else { return [] }
        return ways(in: target.group, only: target.member, families) { path in
            tried.contains(member, over: path) ? .tried : breach(of: terms, over: path)
        }
    }

    /// The ways to a provider whatever its members, those that carry nothing too, without what was tried already.
    func ways(to provider: GatewayProvider, without tried: [MemberID?]) -> [Way] {
        guard let name = provider.path else { return tried.contains(nil) ? [] : [.open] }
        guard let target = networkTarget(name) else { return [] }
        let families = IPAddress(provider.host).map { [$0.family] } ?? [.v4, .v6]
        return ways(in: target.group, only: target.member, families) { tried.contains($0) ? .tried : nil }
    }

    /// What a provider's `path` names; nil when the network table has it not (any more).
    func networkTarget(_ name: String) -> (group: GroupID, member: MemberID?)? {
        if let group = network.group(named: name) { return (group.id, nil) }
        return network.member(named: name).map { ($0.group, $0.id) }
    }

    /// A path counts in each family in which its group gives it a share; its weight is the one of the first of them.
    private func ways(
        in group: GroupID,
        only: MemberID?,
        _ families: [AddressFamily],
        excluding: @escaping (MemberID) -> Cause?
    ) -> [Way] {
        func exclusion(_ path: MemberID) -> Cause? {
            if let only, only != path { return .notAsked }
            return mark(of: path) == nil ? .noMark : excluding(path)
        }
        let perFamily = families.map { network.shares(of: group, in: HealthScope($0), excluding: exclusion).all }
        let whole = network.shares(of: group, in: .any, excluding: exclusion).all
        return network[group].members.indices.compactMap { index in
            let path = network[group].members[index]
            guard only == nil || only == path else { return nil }
            if whole[index].reason != .outOfScope { return way(path, families, whole[index]) }
            let carrying = families.indices.filter { perFamily[$0][index].weight > 0 }
            let shown = perFamily[carrying.first ?? reasonIndex(perFamily.map { $0[index].reason })][index]
            return way(path, carrying.map { families[$0] }, shown)
        }
    }

    /// The family whose reason is worth showing: not that the member does not exist in it, if there is another.
    private func reasonIndex(_ reasons: [Share.Reason]) -> Int { reasons.firstIndex { $0 != .outOfScope } ?? 0 }

    private func way(_ path: MemberID, _ families: [AddressFamily], _ share: Share) -> Way {
        Way(
            path: path,
            name: network[path].fullName,
            mark: mark(of: path),
            families: families,
            weight: share.weight,
            reason: share.reason
        )
    }

    func mark(of path: MemberID) -> Mark? { paths.first { $0.member == path }?.mark }
}
