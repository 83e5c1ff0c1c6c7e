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
        /// Parallel to `definition.scopes`.
        package fileprivate(set) var standing: [Standing]
        /// What is believed of it for each class of load, over all scopes; `definition.loadClasses` of them.
        package fileprivate(set) var classStanding: [Standing]
        /// What is left of its allowance; nil: it has none.
        package fileprivate(set) var allowance: AllowanceLeft?

        /// Health in one scope; nil when the member does not exist there.
        package func health(in scope: HealthScope) -> Health? {
            definition.scopes.firstIndex(of: scope).map { health[$0] }
        }

        /// What is believed of it in one scope; nil when the member does not exist there.
        package func standing(in scope: HealthScope) -> Standing? {
            definition.scopes.firstIndex(of: scope).map { standing[$0] }
        }
    }

    package struct Group: Sendable, Codable, Equatable {
        package let id: GroupID
        package let definition: GroupDefinition
        package let members: [MemberID]
        /// Who carried the load when somebody healthy last did, per scope (indexed like `HealthScope.allCases`).
        fileprivate(set) var lastCarrying: [[MemberID]]
        /// Whether its members have been measured as far as they will be, by scope like `lastCarrying`: until then weights decide,
        /// so that load does not move to whoever happens to be measured first.
        fileprivate(set) var isJudging: [Bool]
    }

    package private(set) var groups: [Group] = []
    package private(set) var members: [Member] = []
    /// When time alone may change shares next; nil: never.
    package private(set) var nextMoment: Instant?

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
                    lastCarrying: Self.lastCarrying(in: definition, firstMember: first, keeping: old),
                    isJudging: old?.group(named: definition.name.value)?.isJudging
                        ?? HealthScope.allCases.map { _ in false }
                )
            )
        }
        for member in members { wait(for: member) }
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
        let standing = definition.scopes.map { scope in
            before?.standing(in: scope)?.under(group.terms, at: now) ?? Standing(at: now)
        }
        return Member(
            id: MemberID(id),
            group: groupID,
            definition: definition,
            fullName: fullName,
            admin: before?.admin ?? .up,
            health: health,
            standing: standing,
            classStanding: (0..<definition.loadClasses).map { index in
                let known = before.flatMap { index < $0.classStanding.count ? $0.classStanding[index] : nil }
                return known?.under(group.terms, at: now) ?? Standing(at: now)
            },
            allowance: before?.allowance
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
        return change(member, position, at: now) { $0.observe(signal, at: now) }
    }

    /// Puts a member down at once (`Health.trip`).
    package mutating func trip(_ member: MemberID, in scope: HealthScope, because cause: Cause, at now: Instant)
        -> Health.Change
    {
        guard members.indices.contains(member.index),
            let position = members[member.index].definition.scopes.firstIndex(of: scope)
        else { return .none }
        return change(member, position, at: now) { $0.trip(cause, at: now) }
    }

    private mutating func change(
        _ member: MemberID,
        _ position: Int,
        at now: Instant,
        _ body: (inout Health) -> Health.Change
    ) -> Health.Change {
        let wasEligible = members[member.index].health[position].isEligible
        let change = body(&members[member.index].health[position])
        if wasEligible, !members[member.index].health[position].isEligible {
            let terms = groups[members[member.index].group.index].definition.terms
            _ = members[member.index].standing[position].failed(under: terms, at: now)
            wait(for: members[member.index])
        }
        if change != .none { rememberCarrying(members[member.index].group) }
        return change
    }

    /// Takes a measurement; true when it changed what is believed of the member, which is when shares may have changed.
    ///
    /// - Parameter loadClass: the class of load that it was taken of; nil: none.
    package mutating func measure(
        _ sample: Sample,
        of member: MemberID,
        in scope: HealthScope,
        loadClass: Int? = nil,
        at now: Instant
    ) -> Bool {
        guard members.indices.contains(member.index),
            let position = members[member.index].definition.scopes.firstIndex(of: scope)
        else { return false }
        let group = members[member.index].group
        let terms = groups[group.index].definition.terms
        var hasChanged = members[member.index].standing[position].take(sample, under: terms, at: now)
        if let loadClass, members[member.index].classStanding.indices.contains(loadClass),
            members[member.index].classStanding[loadClass].take(sample, under: terms, at: now)
        {
            hasChanged = true
        }
        wait(for: members[member.index])
        if hasChanged { rememberCarrying(group) }
        return hasChanged
    }

    /// Says what is left of a member's allowance; true when that is a change.
    package mutating func set(_ allowance: AllowanceLeft?, of member: MemberID) -> Bool {
        guard members.indices.contains(member.index), members[member.index].allowance != allowance else { return false }
        members[member.index].allowance = allowance
        rememberCarrying(members[member.index].group)
        return true
    }

    /// Lets time pass; the groups whose shares may have changed by it, in order.
    package mutating func advance(to now: Instant) -> [GroupID] {
        guard let due = nextMoment, due <= now else { return [] }
        nextMoment = nil
        var changed: [GroupID] = []
        for index in members.indices {
            let group = members[index].group
            let terms = groups[group.index].definition.terms
            for position in members[index].standing.indices
            where members[index].standing[position].advance(to: now, under: terms) && changed.last != group {
                changed.append(group)
            }
            for position in members[index].classStanding.indices
            where members[index].classStanding[position].advance(to: now, under: terms) && changed.last != group {
                changed.append(group)
            }
            wait(for: members[index])
        }
        for group in changed { rememberCarrying(group) }
        return changed
    }

    private mutating func wait(for member: Member) {
        let terms = groups[member.group.index].definition.terms
        guard let moment = (member.standing + member.classStanding).compactMap({ $0.nextMoment(under: terms) }).min()
        else { return }
        nextMoment = min(nextMoment ?? moment, moment)
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
            judgeIfMeasured(group, scope, slot)
            let carrying = bearers(of: groups[group.index], in: scope)
            if !carrying.isEmpty { groups[group.index].lastCarrying[slot] = carrying }
        }
    }

    /// A group that judges once goes on judging: a new member is explored.
    private mutating func judgeIfMeasured(_ group: GroupID, _ scope: HealthScope, _ slot: Int) {
        guard !groups[group.index].isJudging[slot] else { return }
        let standings = groups[group.index].members.filter { members[$0.index].health(in: scope)?.isEligible == true }
            .compactMap { members[$0.index].standing(in: scope) }
        groups[group.index].isJudging[slot] =
            standings.contains { $0.measured != nil } && !standings.contains { $0.isFresh }
    }
}
