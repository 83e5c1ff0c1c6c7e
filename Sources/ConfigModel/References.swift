/// What references between blocks resolve to: groups and their members by name.
import ConfigSyntax
import PolicyEngine

/// The groups of one plane, by name, as references see them.
struct GroupNames {
    private let groups: [GroupDefinition]
    private let declared: DeclaredNames
    private let diagnostics: Diagnostics
    /// `network` or `models`.
    private let plane: String

    init(_ groups: [GroupDefinition], plane: String, _ declared: DeclaredNames, _ diagnostics: Diagnostics) {
        self.groups = groups
        self.plane = plane
        self.declared = declared
        self.diagnostics = diagnostics
    }

    /// What a reference stands for; nil after an error.
    struct Target {
        let group: GroupDefinition
        /// Nil: the whole group.
        let member: MemberDefinition?

        /// The scopes in which it can carry load.
        var scopes: Set<HealthScope> { Set(member?.scopes ?? group.members.flatMap(\.scopes)) }
    }

    /// Looks up `group` or `group.member`.
    func resolve(_ reference: Located<String>) -> Target? {
        let parts = reference.value.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let group = groups.first(where: { $0.name.value == name }) else {
            reportMissing(name, in: declared.names(plane, "groups"), at: reference.place)
            return nil
        }
        guard parts.count == 2 else { return Target(group: group, member: nil) }
        let memberName = String(parts[1])
        guard let member = group.members.first(where: { $0.name.value == memberName }) else {
            let known = declared.names(plane, "groups", name, "members")
            guard !known.contains(memberName) else { return nil }
            diagnostics.report(
                "the group '\(name)' has no member '\(memberName)'",
                at: reference.place.advanced(by: name.unicodeScalars.count + 1),
                hint: NearestName.hint(for: memberName, among: known)
            )
            return nil
        }
        return Target(group: group, member: member)
    }

    private func reportMissing(_ name: String, in known: [String], at place: Place) {
        guard !known.contains(name) else { return }
        diagnostics.report(
            "no group in '\(plane).groups' is named '\(name)'",
            at: place,
            hint: known.isEmpty ? "no groups are defined there" : NearestName.hint(for: name, among: known)
        )
    }

    /// Whether every member that the file defines was read: only then do scopes say something.
    func isComplete(_ group: GroupDefinition) -> Bool {
        declared.names(plane, "groups", group.name.value, "members").count == group.members.count
    }
}
