/// Which members may carry load now: all groups of one plane with their members' health and admin state.
///
/// A plain value. The runtime holds one for the network and one for the models and is their only writer; the gateway holds a
/// copy that the runtime refreshes.
import ConfigSyntax
package import NetTypes

/// What the operator wants of a member, apart from its health.
package enum Admin: String, Hashable, Sendable, CaseIterable, Codable {
    case up
    /// No new load; what runs may finish.
    case drain
    case down
}

/// A plain value; `Codable`, because the runtime sends it to the gateway as part of a snapshot.
package struct GroupTable: Sendable, Codable, Equatable {
    package struct Member: Sendable, Codable, Equatable {
        package let id: MemberID
        package let group: GroupID
        package let definition: MemberDefinition
        /// `group.member`.
        package let fullName: String
        package fileprivate(set) var admin: Admin
        /// Parallel to `definition.scopes`.
        package fileprivate(set) var health: [Health]

        /// Health in one scope; nil when the member does not exist there.
        package func health(in scope: HealthScope) -> Health? {
            definition.scopes.firstIndex(of: scope).map { health[$0] }
        }
    }

    package struct Group: Sendable, Codable, Equatable {
        package let id: GroupID
        package let definition: GroupDefinition
        package let members: [MemberID]
        /// Who carried the load when somebody healthy last did, per scope (indexed like `HealthScope.allCases`).
        fileprivate var lastCarrying: [[MemberID]]
    }

    package private(set) var groups: [Group] = []
    package private(set) var members: [Member] = []

    /// Builds the table from definitions, carrying over the health and admin state of members that keep their full name.
    package init(_ definitions: [GroupDefinition], keeping old: GroupTable? = nil, at now: Instant) {
        for definition in definitions {
            let group = GroupID(groups.count)
            let first = members.count
            for member in definition.members {
                members.append(Self.member(member, id: members.count, in: definition, group, keeping: old, at: now))
            }
            groups.append(
                Group(
                    id: group,
                    definition: definition,
                    members: (first..<members.count).map { MemberID($0) },
                    lastCarrying: Self.lastCarrying(in: definition, firstMember: first, keeping: old)
                )
            )
        }
        for group in groups { rememberCarrying(group.id) }
    }

    /// Who carried the load last in the old table, as far as they are members still, by scope.
    private static func lastCarrying(
        in definition: GroupDefinition,
        firstMember: Int,
        keeping old: GroupTable?
    ) -> [[MemberID]] {
        HealthScope.allCases.indices.map { slot in
            guard let old, let before = old.group(named: definition.name.value) else { return [] }
            let names = Set(before.lastCarrying[slot].map { old[$0].definition.name.value })
            return definition.members.indices.filter { names.contains(definition.members[$0].name.value) }
                .map { MemberID(firstMember + $0) }
        }
    }

    private static func member(
        _ definition: MemberDefinition,
        id: Int,
        in group: GroupDefinition,
        _ groupID: GroupID,
        keeping old: GroupTable?,
        at now: Instant
    ) -> Member {
        let fullName = "\(group.name.value).\(definition.name.value)"
        let before = old?.member(named: fullName)
        let health = definition.scopes.map { scope in
            before?.health(in: scope)?.under(definition.hysteresis) ?? Health(definition.hysteresis, since: now)
        }
        return Member(
            id: MemberID(id),
            group: groupID,
            definition: definition,
            fullName: fullName,
            admin: before?.admin ?? .up,
            health: health
        )
    }

    package subscript(_ id: MemberID) -> Member { members[id.index] }
    package subscript(_ id: GroupID) -> Group { groups[id.index] }

    package func member(named fullName: String) -> Member? { members.first { $0.fullName == fullName } }
    package func group(named name: String) -> Group? { groups.first { $0.definition.name.value == name } }
}

// MARK: - What changes it

extension GroupTable {
    /// Feeds one signal; the answer says whether the member's health changed, which is when shares may have.
    package mutating func observe(
        _ signal: Signal,
        of member: MemberID,
        in scope: HealthScope,
        at now: Instant
    ) -> Health.Change {
        guard members.indices.contains(member.index),
            let position = members[member.index].definition.scopes.firstIndex(of: scope)
        else { return .none }
        let change = members[member.index].health[position].observe(signal, at: now)
        if change != .none { rememberCarrying(members[member.index].group) }
        return change
    }

    /// Puts a `down` member on trial (`Health.giveTrial`); true when it was down.
    package mutating func giveTrial(to member: MemberID, in scope: HealthScope, at now: Instant) -> Bool {
        guard members.indices.contains(member.index),
            let position = members[member.index].definition.scopes.firstIndex(of: scope),
            members[member.index].health[position].giveTrial(at: now)
        else { return false }
        rememberCarrying(members[member.index].group)
        return true
    }

    /// Sets what the operator wants; true when that is a change.
    package mutating func set(_ admin: Admin, of member: MemberID) -> Bool {
        guard members.indices.contains(member.index), members[member.index].admin != admin else { return false }
        members[member.index].admin = admin
        rememberCarrying(members[member.index].group)
        return true
    }

    private mutating func rememberCarrying(_ group: GroupID) {
        for (slot, scope) in HealthScope.allCases.enumerated() {
            let eligible = activeMembers(of: groups[group.index], in: scope) { _ in nil }.members
            if !eligible.isEmpty { groups[group.index].lastCarrying[slot] = eligible }
        }
    }
}

// MARK: - What it answers

extension GroupTable {
    /// The division of a group's load in one scope. `excluding` rules members out for this one question.
    package func shares(
        of group: GroupID,
        in scope: HealthScope,
        excluding: (MemberID) -> Cause? = { _ in nil }
    ) -> Shares {
        let group = groups[group.index]
        let (tier, active) = activeMembers(of: group, in: scope, excluding: excluding)
        if active.isEmpty, group.definition.keepsLast {
            return keptShares(of: group, in: scope, excluding: excluding)
        }
        let takesAll = group.definition.strategy == .static ? active.first : nil
        // All of them are degraded, or none.
        let isHealthy = active.first.map { self[$0].health(in: scope)?.verdict != .degraded } ?? false
        let all = group.members.map { id in
            let isOutdone = isHealthy && self[id].health(in: scope)?.verdict == .degraded
            return share(of: id, in: scope, tier: tier, isOutdone, takesAll: takesAll, excluding: excluding)
        }
        return Shares(all: all, activeTier: tier)
    }

    /// Members of the lowest tier that has a healthy one, in file order, and that tier. Degraded members carry the load only
    /// when no tier has a healthy member; then those of the lowest tier do.
    private func activeMembers(
        of group: Group,
        in scope: HealthScope,
        excluding: (MemberID) -> Cause?
    ) -> (tier: Int?, members: [MemberID]) {
        let able = group.members.filter { ineligibility(of: $0, in: scope, excluding: excluding) == nil }
        let healthy = able.filter { self[$0].health(in: scope)?.verdict != .degraded }
        let eligible = healthy.isEmpty ? able : healthy
        let tier = eligible.map { self[$0].definition.tier }.min()
        return (tier, eligible.filter { self[$0].definition.tier == tier })
    }

    private func share(
        of id: MemberID,
        in scope: HealthScope,
        tier: Int?,
        _ isOutdone: Bool,
        takesAll: MemberID?,
        excluding: (MemberID) -> Cause?
    ) -> Share {
        if let reason = ineligibility(of: id, in: scope, excluding: excluding) {
            return Share(member: id, weight: 0, reason: reason)
        }
        if isOutdone { return Share(member: id, weight: 0, reason: .degraded) }
        let definition = self[id].definition
        if let tier, definition.tier != tier {
            return Share(member: id, weight: 0, reason: .standby(activeTier: tier))
        }
        if let takesAll, takesAll != id { return Share(member: id, weight: 0, reason: .behind(takesAll)) }
        return Share(member: id, weight: UInt32(clamping: max(1, definition.weight)), reason: .eligible)
    }

    /// Why a member may not carry load; nil when it may.
    private func ineligibility(
        of id: MemberID,
        in scope: HealthScope,
        excluding: (MemberID) -> Cause?
    ) -> Share.Reason? {
        let member = self[id]
        guard let health = member.health(in: scope) else { return .outOfScope }
        switch member.admin {
        case .down: return .adminDown
        case .drain: return .drained
        case .up: break
        }
        if let absence = health.absence { return .absent(absence) }
        if health.verdict == .down { return .down }
        return excluding(id).map { .excluded($0) }
    }

    /// Nobody is healthy: those that carried the load last go on, if they are there at all and the operator does not mind.
    private func keptShares(of group: Group, in scope: HealthScope, excluding: (MemberID) -> Cause?) -> Shares {
        let slot = HealthScope.allCases.firstIndex(of: scope) ?? 0
        let mayCarry = { (id: MemberID) in
            ineligibility(of: id, in: scope, excluding: excluding) == .down && excluding(id) == nil
        }
        var kept = group.lastCarrying[slot].filter(mayCarry)
        if kept.isEmpty { kept = group.members.filter(mayCarry) }
        if group.definition.strategy == .static { kept = Array(kept.prefix(1)) }
        let all = group.members.map { id in
            if kept.contains(id) {
                return Share(
                    member: id,
                    weight: UInt32(clamping: max(1, self[id].definition.weight)),
                    reason: .keptLast
                )
            }
            return Share(
                member: id,
                weight: 0,
                reason: ineligibility(of: id, in: scope, excluding: excluding) ?? .down
            )
        }
        return Shares(all: all, activeTier: kept.first.map { self[$0].definition.tier })
    }
}
