/// Whether the names of the models block fit together, and its paths with the network block.
import ConfigSyntax
import Forwarding
import Inference
import NetTypes
import PolicyEngine

struct ModelReferences {
    private let models: ModelsConfiguration
    private let network: NetworkConfiguration?
    private let diagnostics: Diagnostics
    private let declared: DeclaredNames
    private let groups: GroupNames

    init(
        _ models: ModelsConfiguration,
        _ network: NetworkConfiguration?,
        _ declared: DeclaredNames,
        _ diagnostics: Diagnostics
    ) {
        self.declared = declared
        self.models = models
        self.network = network
        self.diagnostics = diagnostics
        groups = GroupNames(models.groups.map(\.definition), plane: "models", declared, diagnostics)
    }

    func check() {
        for provider in models.providers { checkPath(provider) }
        for group in models.groups {
            for member in group.members {
                checkProvider(member)
                checkModel(member, of: group)
            }
            checkTwins(group)
            for lack in group.lacks(for: group.definition.strategy, group.definition.terms.aims) {
                let name = group.definition.name
                diagnostics.report("'models.groups.\(name.value).strategy' \(lack)", at: name.place)
            }
        }
        for policy in models.policies {
            checkTargets(policy)
            checkSets(policy)
            checkScopes(policy)
            checkStrategy(policy)
        }
        checkKeys()
        checkReachable()
    }

    /// What the gateway decides by is handed to it once: it does not follow files.
    private func checkSets(_ policy: ModelPolicy) {
        for name in policy.match.setNames {
            guard case .file? = network?.sets.first(where: { $0.name.value == name })?.content else { continue }
            diagnostics.noteUnserved("models.policies.\(policy.name.value).match: @\(name), a file", at: policy.place)
        }
    }

    private func checkPath(_ provider: ProviderDefinition) {
        guard let path = provider.path else { return }
        guard let network else {
            diagnostics.report(
                "the path '\(path.value)' needs a network plane",
                at: path.place,
                hint: "define it in network.groups"
            )
            return
        }
        let names = GroupNames(network.groups.map(\.definition), plane: "network", declared, diagnostics)
        guard let target = names.resolve(path) else { return }
        let group = network.groups.first { $0.definition.name == target.group.name }
        if group?.members.contains(where: { $0.backend != nil }) ?? false {
            diagnostics.report("'\(target.group.name.value)' holds backends, and a path is a next hop", at: path.place)
        } else if case .address(let address) = provider.url.host, names.isComplete(target.group),
            !target.scopes.contains(HealthScope(address.family))
        {
            diagnostics.report(
                "the provider is at \(address), and '\(path.value)' has no \(address.family.shownName)",
                at: path.place,
                related: target.group.name.place
            )
        }
    }

    private func checkProvider(_ member: ModelMember) {
        let known = declared.names("models", "providers")
        guard !known.contains(member.provider.value) else { return }
        diagnostics.report(
            "no provider is named '\(member.provider.value)'",
            at: member.provider.place,
            hint: known.isEmpty
                ? "no providers are defined" : NearestName.hint(for: member.provider.value, among: known)
        )
    }

    /// Only a probe that reads its server can tell what a member without a model asks for.
    private func checkModel(_ member: ModelMember, of group: ModelGroup) {
        guard member.model == nil, models.provider(of: member)?.probe?.kind.server == nil else { return }
        diagnostics.report(
            "'models.groups.\(group.definition.name.value).\(member.name.value)' lacks 'model'",
            at: member.place,
            hint: "write one, or let it be read from a local server: probe: { kind: ollama } at its provider"
        )
    }

    /// The same deployment twice in one group: a fallback to itself.
    private func checkTwins(_ group: ModelGroup) {
        for (position, member) in group.members.enumerated() {
            let twin = group.members[..<position].first {
                $0.provider.value == member.provider.value && $0.model?.value == member.model?.value
            }
            guard let twin else { continue }
            diagnostics.report(
                "'\(member.name.value)' is the same deployment as '\(twin.name.value)'",
                at: member.place,
                related: twin.place
            )
        }
    }

    private func checkTargets(_ policy: ModelPolicy) {
        switch policy.action {
        case .use(let name): _ = groups.resolve(name)
        case .reject: break
        case .split(let parts, _):
            for part in parts { _ = groups.resolve(part.group) }
            if parts.allSatisfy({ $0.weight == 0 }) {
                diagnostics.report("the split of '\(policy.name.value)' gives nobody anything", at: policy.place)
            }
        }
    }

    /// A name that nobody has would rule out everybody, or nobody, in silence.
    private func checkScopes(_ policy: ModelPolicy) {
        let regions = models.providers.compactMap { $0.region?.value }
        for scope in [policy.constraints.only, policy.constraints.except] {
            check(scope.regions, "region", regions)
            check(scope.providers, "provider", declared.names("models", "providers"))
            for path in scope.paths { checkPath(path) }
            for capability in scope.capabilities { check(capability) }
        }
    }

    /// A capability that is said of nobody is one that nobody is known to have.
    private func check(_ capability: Located<Capability>) {
        let wanted = Capabilities(capability.value)
        let isKnown = models.groups.flatMap(\.members).contains {
            models.facts(of: $0).capabilities?.isSuperset(of: wanted) ?? false
        }
        guard !isKnown else { return }
        diagnostics.report(
            "no model is said to have the capability '\(capability.value.rawValue)'",
            at: capability.place,
            hint: "write it under 'capabilities' of a member, or of its model in 'models.catalogue'"
        )
    }

    private func check(_ names: [Located<String>], _ what: String, _ known: [String]) {
        for name in names where !known.contains(name.value) {
            diagnostics.report(
                "no provider has the \(what == "region" ? "region" : "name") '\(name.value)'",
                at: name.place,
                hint: NearestName.hint(for: name.value, among: known)
            )
        }
    }

    private func checkPath(_ path: Located<String>) {
        guard let network else {
            diagnostics.report("the path '\(path.value)' needs a network plane", at: path.place)
            return
        }
        _ = GroupNames(network.groups.map(\.definition), plane: "network", declared, diagnostics).resolve(path)
    }

    /// Whether the policy's own strategy can judge the members it is to choose among.
    private func checkStrategy(_ policy: ModelPolicy) {
        guard let own = policy.constraints.strategy else { return }
        let path = "models.policies.\(policy.name.value).strategy"
        for name in policy.action.targets {
            if name.value.contains(".") {
                let words = "'\(path)' chooses among members, and 'use' names one alone: '\(name.value)'"
                diagnostics.report(words, at: own.place)
            }
            guard let group = models.groups.first(where: { $0.definition.name.value == name.value }) else { continue }
            for lack in group.lacks(for: own.value, policy.constraints.aims) {
                diagnostics.report("'\(path)' \(lack)", at: own.place, related: group.definition.name.place)
            }
        }
    }

    /// One secret with two names would be counted under either.
    private func checkKeys() {
        for key in models.keys {
            for name in key.models ?? [] { _ = groups.resolve(name) }
            checkTeam(of: key)
        }
        for (position, key) in models.keys.enumerated() {
            guard let twin = models.keys[..<position].first(where: { $0.hash == key.hash }) else { continue }
            diagnostics.report(
                "'\(key.name.value)' is the same key as '\(twin.name.value)'",
                at: key.name.place,
                related: twin.name.place
            )
        }
    }

    /// Where teams are written down, one that is not is a typing error: its limits would hold for nobody.
    private func checkTeam(of key: ClientKey) {
        let known = declared.names("models", "teams")
        guard let team = key.team, !known.isEmpty, !known.contains(team.value) else { return }
        diagnostics.report(
            "no team in 'models.teams' is named '\(team.value)'",
            at: team.place,
            hint: NearestName.hint(for: team.value, among: known)
        )
    }

    /// Policies below one that matches everything are never asked: somebody believes they are.
    private func checkReachable() {
        guard let last = models.policies.firstIndex(where: { $0.match.root == .always && $0.otherwise == .reject })
        else {
            return
        }
        for policy in models.policies[(last + 1)...] {
            diagnostics.report(
                "'\(policy.name.value)' is never asked: '\(models.policies[last].name.value)' before it matches everything",
                at: policy.place,
                related: models.policies[last].place
            )
        }
    }
}

extension ModelPolicy.Action {
    fileprivate var targets: [Located<String>] {
        switch self {
        case .use(let name): [name]
        case .split(let parts, _): parts.map(\.group)
        case .reject: []
        }
    }
}
