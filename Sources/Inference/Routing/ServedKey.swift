/// What may this key use, and until when? One key of one snapshot, names made numbers: handed from a connection to its exchanges
/// as one reference.
package import PolicyEngine

package final class ServedKey: Sendable {
    package let key: GatewayKey
    /// In its ring.
    package let position: Int
    /// Nil: all of them. Sorted.
    private let groups: [GroupID]?
    /// Members of other groups than those.
    private let members: [MemberID]
    /// Microseconds since 1970.
    private let expires: UInt64
    /// Itself and its team, as far as they have limits.
    let subjects: [LoadSubject]
    /// Those of them that have a budget.
    let payers: [LoadSubject]

    /// Names that the model plane does not have (any more) open nothing.
    init(_ key: GatewayKey, position: Int, models: GroupTable, subjects: [LoadSubject]) {
        self.subjects = subjects
        payers = subjects.filter { $0.limits.budget != nil }
        (self.key, self.position) = (key, position)
        groups = key.models.map { names in names.compactMap { models.group(named: $0)?.id }.sorted() }
        members = (key.models ?? []).compactMap { models.member(named: $0)?.id }
        expires = key.expires.map { $0.multipliedReportingOverflow(by: 1_000_000) }.map { $1 ? .max : $0 } ?? .max
    }

    package var name: String { key.name }
    package var team: String? { key.team }
    package var tags: [String] { key.tags ?? [] }

    /// Whether it is for some models alone.
    package var isScoped: Bool { groups != nil }

    /// Whether it or its team has limits or a budget.
    package var isLimited: Bool { !subjects.isEmpty }

    /// Whether somebody's budget pays for it.
    package var hasBudget: Bool { !payers.isEmpty }

    /// Whether it has not expired at this time, in microseconds since 1970.
    package func isGood(at unixMicroseconds: UInt64) -> Bool { unixMicroseconds < expires }

    /// Whether it may be served by this: a member of its own, or anything in a group of its own.
    package func allows(_ target: GatewayPolicy.Target, groupOf: (MemberID) -> GroupID) -> Bool {
        guard let groups else { return true }
        switch target {
        case .group(let group): return groups.contains(group)
        case .member(let member): return members.contains(member) || groups.contains(groupOf(member))
        case .reject, .split: return true
        }
    }
}

extension RoutingView {
    /// Whether the key may be served by this.
    package func allows(_ target: GatewayPolicy.Target, to key: ServedKey?) -> Bool {
        key?.allows(target) { groupOfMember[$0.index] } ?? true
    }

    /// The models that the client of this key may use.
    package func listedModels(for key: ServedKey?) -> [ListedModel] {
        guard let key, key.isScoped else { return listedModels }
        return listedModels.filter { model in target(named: model.name).map { allows($0, to: key) } ?? false }
    }
}
