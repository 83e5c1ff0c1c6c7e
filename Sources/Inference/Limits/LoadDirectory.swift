/// Who of one snapshot has limits? Names made numbers once, so that a request finds its subjects without looking anything up.
import ConfigSyntax
import PolicyEngine

/// Gives the words of a subject: the same ones for the same name, whatever the snapshot.
package typealias LoadBook = (LoadSubject.Kind, String) -> any LoadWords

struct LoadDirectory: Sendable {
    /// Parallel to the model table's groups; nil where a group has no limits, empty where none has.
    let groups: [LoadSubject?]
    /// Parallel to the model table's members; empty without a book.
    let members: [LoadSubject]

    static let none = LoadDirectory(groups: [], members: [])

    private init(groups: [LoadSubject?], members: [LoadSubject]) { (self.groups, self.members) = (groups, members) }

    init(_ snapshot: GatewaySnapshot, _ book: LoadBook) {
        let models = snapshot.models
        let limited = zip(models.groups, snapshot.groupLimits ?? []).map { group, limits in
            limits.isEmpty ? nil : LoadSubject(.group, group.definition.name.value, limits, book)
        }
        groups = limited.contains { $0 != nil } ? limited : []
        // Each has words, since its provider may limit it.
        members = zip(models.members, snapshot.deployments).map { member, deployment in
            LoadSubject(.member, member.fullName, deployment.limits ?? .none, book)
        }
    }

    func group(_ target: GatewayPolicy.Target, groupOf: (MemberID) -> GroupID) -> LoadSubject? {
        if groups.isEmpty { return nil }
        switch target {
        case .group(let group): return groups[group.index]
        case .member(let member): return groups[groupOf(member).index]
        case .reject, .split: return nil
        }
    }
}

extension GatewaySnapshot {
    /// Who may have limits in it.
    package func names(of kind: LoadSubject.Kind) -> [String] {
        switch kind {
        case .key: keys.map(\.name)
        case .team: keys.compactMap(\.team)
        case .group: models.groups.map(\.definition.name.value)
        case .member: models.members.map(\.fullName)
        }
    }
}

extension LoadSubject {
    convenience init(_ kind: Kind, _ name: String, _ limits: LoadLimits, _ book: LoadBook) {
        self.init(kind, name, limits, book(kind, name))
    }
}
