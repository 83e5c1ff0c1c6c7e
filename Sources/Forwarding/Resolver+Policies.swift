/// What policies become: a mark for each target, a rule and a table for each mark, and the chains that give the marks.
///
/// A target is a group, a member, or a refusal. Its table holds the group's next hop as default, and behind it an `unreachable` one.
/// Before the rules of the targets stands `lookup main suppress_prefixlength 0`: what the main table knows better than by a default
/// route, the LAN first of all, no policy leads away.
import ConfigSyntax
package import NetTypes
import PolicyEngine

/// Where a policy leads.
package enum PolicyTarget: Hashable, Sendable {
    /// By the group's own strategy, or the policy's.
    case group(Int, by: PolicyStrategy?)
    case member(group: Int, position: Int)
    case refusal(NetworkPolicy.Refusal)
}

/// A policy's target in one family, as things stand.
package enum PolicyState: Hashable, Sendable {
    case leads(PolicyTarget)
    /// No member can carry, and the next policy is asked.
    case passes
    /// The target has no member of the family: the policy is not about it.
    case isOfOtherFamily
}

extension Resolver {
    /// What the policy does with packets of the family now.
    package func state(of policy: NetworkPolicy, _ family: AddressFamily) -> PolicyState {
        guard let target = configuration.target(of: policy) else { return .isOfOtherFamily }
        switch target {
        case .refusal: return .leads(target)
        case .group(let index, let strategy):
            guard configuration.groups[index].has(family) else { return .isOfOtherFamily }
            let shares = shares(index, family, by: strategy)
            return state(of: policy, target, isDown: shares.carrying.isEmpty || shares.isKeptLast)
        case .member(let index, let position):
            guard configuration.groups[index].members[position].has(family) else { return .isOfOtherFamily }
            return state(of: policy, target, isDown: shares(index, family).all[position].reason.isOutage)
        }
    }

    private func state(of policy: NetworkPolicy, _ target: PolicyTarget, isDown: Bool) -> PolicyState {
        guard isDown, let otherwise = policy.otherwise else { return .leads(target) }
        switch otherwise {
        case .next: return .passes
        case .reject: return .leads(.refusal(.prohibited))
        }
    }

    /// The number that a target's mark, table and rule come from.
    package func path(of target: PolicyTarget) -> Path? { numbers.target(configuration.name(of: target)) }

    /// Rules and tables of all targets, and the rule that keeps the LAN reachable.
    func addTargets(to wish: inout Wish) {
        guard let first = configuration.policies.first else { return }
        for family in AddressFamily.allCases {
            let lan = Rule(
                family: family,
                preference: window.lanPreference,
                selectors: RuleSelectors(),
                action: .lookup(Self.mainTable),
                suppressedPrefixLength: 0,
                routeProtocol: window.routeProtocol
            )
            wish.rules.append(Wished(lan, cause: first.place))
            for (target, cause) in configuration.targets { add(target, family, cause, to: &wish) }
        }
    }

    private func add(_ target: PolicyTarget, _ family: AddressFamily, _ cause: Place, to wish: inout Wish) {
        guard let path = path(of: target) else { return }
        let rule = Rule(
            family: family,
            preference: path.preference,
            mark: path.mark.value,
            mask: window.markMask.bits,
            table: path.table,
            routeProtocol: window.routeProtocol
        )
        wish.rules.append(Wished(rule, cause: cause))
        let last: Route.Action
        var way: Route.Action?
        switch target {
        case .refusal(let refusal): last = refusal.action
        case .group(let index, let strategy):
            last = .unreachable
            if case .success(let action)? = groupAction(index, family, by: strategy) { way = action }
        case .member(let index, let position):
            last = .unreachable
            let name = configuration.groups[index].members[position].name.value
            if case .success(let action)? = memberAction(index, name, family) { way = action }
        }
        wish.routes.append(Wished(pathRoute(path, family, .max, last), cause: cause))
        if let way, way != last {
            wish.routes.append(Wished(pathRoute(path, family, window.metric, way), cause: cause))
        }
    }
}

extension AddressSetDefinition {
    /// The name of the kernel's set for one family.
    package func kernelName(_ family: AddressFamily) -> String {
        ConditionWriter.setName(name.value, family, isInterval: !addresses(family).areHosts)
    }
}

extension NetworkPolicy {
    /// The name of its counter in our nftables table.
    package var counter: String { "policy-\(name.value)" }
}

extension AddressSetDefinition {
    /// `list`, or the file it is read from.
    package var source: String {
        switch content {
        case .list: "list"
        case .domains: "domains"
        case .file(let file): file.value
        }
    }
}

extension NetworkPolicy.Refusal {
    var action: Route.Action {
        switch self {
        case .prohibited: .prohibit
        case .unreachable: .unreachable
        case .silent: .blackhole
        }
    }
}

extension NetworkConfiguration {
    /// The target that a policy names; nil where the name means nothing, which was reported when it was read.
    package func target(of policy: NetworkPolicy) -> PolicyTarget? {
        switch policy.action {
        case .reject(let refusal): return .refusal(refusal)
        case .use(let name):
            let parts = name.value.split(separator: ".", maxSplits: 1).map(String.init)
            guard let index = groups.firstIndex(where: { $0.name == parts.first }) else { return nil }
            guard parts.count == 2 else {
                let isOwn =
                    policy.strategy.map { $0.terms(in: groups[index].definition) }
                    == groups[index].definition.ownTerms
                return .group(index, by: isOwn ? nil : policy.strategy)
            }
            return groups[index].members.firstIndex { $0.name.value == parts[1] }.map {
                .member(group: index, position: $0)
            }
        }
    }

    /// Every target that policies can lead to, each once, with the line that asks for it first.
    var targets: [(target: PolicyTarget, cause: Place)] {
        var seen: Set<PolicyTarget> = []
        return policies.flatMap { policy -> [(PolicyTarget, Place)] in
            let otherwise: PolicyTarget? = policy.otherwise == .reject ? .refusal(.prohibited) : nil
            return [target(of: policy), otherwise].compactMap { $0 }.map { ($0, policy.place) }
        }.filter { seen.insert($0.0).inserted }
    }

    package var targetCount: Int { targets.count }

    /// The strategies by which policies choose among the members of a group, each once, other than the group's own.
    package func strategies(over index: Int) -> [PolicyStrategy] {
        var found: [PolicyStrategy] = []
        for policy in policies where policy.strategy != nil {
            guard case .group(index, let strategy?)? = target(of: policy), !found.contains(strategy) else { continue }
            found.append(strategy)
        }
        return found
    }

    func strategies(over group: NetworkGroup) -> [PolicyStrategy] {
        groups.firstIndex { $0.name == group.name }.map { strategies(over: $0) } ?? []
    }

    /// `to wan`, `to wan by cost`, `to wan.fiber`, `reject prohibited`: the names that targets have their numbers by.
    package func name(of target: PolicyTarget) -> String {
        switch target {
        case .group(let index, let strategy):
            "to \(groups[index].name)" + (strategy.map { " by \($0.name)" } ?? "")
        case .member(let index, let position): "to \(groups[index].fullName(of: groups[index].members[position]))"
        case .refusal(let refusal): "reject \(refusal.rawValue)"
        }
    }
}

// MARK: - Chains

extension RulesetBuilder {
    /// The policies' chains, a counter for each policy, and a chain that marks for each target.
    mutating func addPolicies() {
        guard !configuration.policies.isEmpty else { return }
        var entries: [PolicyChains.Entry] = []
        for policy in configuration.policies {
            objects.append(Ruleset.Object(policy.counter, .counter))
            entries += self.entries(of: policy)
        }
        for (target, _) in configuration.targets { addChain(of: target) }
        var compiler = PolicyChains(secondOfDay: resolver.secondOfDay)
        chains += compiler.compile(entries)
        sets += compiler.maps + compiler.writer.sets.sorted { $0.key < $1.key }.map(\.value)
        addNamedSets(compiler.writer.usedSets)
    }

    /// One entry where both families go one way, else one for each way.
    private mutating func entries(of policy: NetworkPolicy) -> [PolicyChains.Entry] {
        var ways: [(target: PolicyTarget, families: [AddressFamily])] = []
        for family in AddressFamily.allCases {
            guard case .leads(let target) = resolver.state(of: policy, family) else { continue }
            if let position = ways.firstIndex(where: { $0.target == target }) {
                ways[position].families.append(family)
            } else {
                ways.append((target, [family]))
            }
        }
        return ways.enumerated().map { number, way in
            // Names have no dots, so no other policy's chain is called like that.
            let chain = "policy-\(policy.name.value)" + (number == 0 ? "" : ".\(number)")
            chains.append(
                Ruleset.Chain(
                    chain,
                    [
                        Ruleset.Rule(
                            policy.name.value,
                            [.countIn(policy.counter), .verdict(.goto(Self.chain(of: way.target, configuration)))]
                        )
                    ]
                )
            )
            return PolicyChains.Entry(
                name: policy.name.value,
                match: policy.match,
                chain: chain,
                families: way.families
            )
        }
    }

    /// `to-wan`, `to-wan.fiber`, `to-wan.by.cost`: names have no dots, so that no two targets share a chain.
    private static func chain(of target: PolicyTarget, _ configuration: NetworkConfiguration) -> String {
        var words = configuration.name(of: target).split(separator: " ")
        let head = words.prefix(2).joined(separator: "-")
        words.removeFirst(min(2, words.count))
        return ([head] + words.map(String.init)).joined(separator: ".")
    }

    private mutating func addChain(of target: PolicyTarget) {
        guard let path = resolver.path(of: target) else { return }
        let name = configuration.name(of: target)
        var rules = [Ruleset.Rule(name, setMark(path.mark))]
        rules += hold(on: target)
        rules.append(Ruleset.Rule(name, [.verdict(.accept)]))
        chains.append(Ruleset.Chain(Self.chain(of: target, configuration), rules))
    }

    /// A flow that is to be refused is held by nothing.
    private mutating func hold(on target: PolicyTarget) -> [Ruleset.Rule] {
        guard configuration.isTracking else { return [] }
        switch target {
        case .refusal: return []
        case .member: return hold(sticky: nil)
        case .group(let index, _):
            guard configuration.groups[index].flows == .sticky else { return hold(sticky: nil) }
            let name = "sticky-\(configuration.groups[index].name)"
            if !sets.contains(where: { $0.declaration.name == name }) { addMarks(name, of: [index]) }
            return hold(sticky: name)
        }
    }

    /// The sets of the configuration that conditions look into, by family.
    private mutating func addNamedSets(_ names: Set<String>) {
        for set in configuration.sets where names.contains(set.name.value) {
            for family in AddressFamily.allCases {
                let addresses = set.addresses(family)
                let declaration = Ruleset.SetDeclaration(
                    set.kernelName(family),
                    key: [ConditionWriter.kind(family)],
                    isInterval: !addresses.areHosts
                )
                sets.append(Ruleset.NamedSet(declaration, .addresses(addresses)))
            }
        }
    }
}
