/// What our nftables table is known to be in the kernel: as it was read, moved on by our own accepted changes.
///
/// Rules stand in it as digests: enough to tell whether a chain is as wished, and all that reading gives.
package struct RulesetState: Hashable, Sendable, Codable {
    package struct Chain: Hashable, Sendable, Codable {
        package let hook: Ruleset.Hook?
        /// A rule that is not ours has the digest 0.
        package let rules: [UInt64]

        package init(hook: Ruleset.Hook?, rules: [UInt64]) {
            self.hook = hook
            self.rules = rules
        }
    }

    package struct NamedSet: Hashable, Sendable, Codable {
        package let declaration: Ruleset.SetDeclaration
        package let elements: Ruleset.Elements

        package init(_ declaration: Ruleset.SetDeclaration, _ elements: Ruleset.Elements) {
            self.declaration = declaration
            self.elements = elements
        }
    }

    /// The table's name.
    package let name: String
    /// By name, as are sets and objects.
    package var chains: [String: Chain]
    package var sets: [String: NamedSet]
    package var objects: [String: Ruleset.Object.Kind]
    /// Something in it cannot be mended piece by piece (a stranger's object of a kind we do not make, a table that is switched
    /// off): it is to be made anew as a whole.
    package var isBeyondRepair: Bool

    package init(
        name: String,
        chains: [String: Chain] = [:],
        sets: [String: NamedSet] = [:],
        objects: [String: Ruleset.Object.Kind] = [:],
        isBeyondRepair: Bool = false
    ) {
        self.name = name
        self.chains = chains
        self.sets = sets
        self.objects = objects
        self.isBeyondRepair = isBeyondRepair
    }

    /// What the table is once it is as wished.
    package init(_ ruleset: Ruleset) {
        name = ruleset.name
        chains = Dictionary(
            ruleset.chains.map { ($0.name, Chain(hook: $0.hook, rules: $0.rules.map(\.digest))) },
            uniquingKeysWith: { $1 }
        )
        sets = Dictionary(
            ruleset.sets.map { ($0.name, NamedSet($0.declaration, $0.elements)) },
            uniquingKeysWith: { $1 }
        )
        objects = Dictionary(ruleset.objects.map { ($0.name, $0.kind) }, uniquingKeysWith: { $1 })
        isBeyondRepair = false
    }

    /// Whether the table holds what is wished; elements that come and go by themselves are no difference.
    package func isSame(as other: RulesetState) -> Bool {
        name == other.name && chains == other.chains && objects == other.objects && !isBeyondRepair
            && !other.isBeyondRepair && sets.count == other.sets.count
            && sets.allSatisfy { name, set in
                guard let there = other.sets[name] else { return false }
                return there.declaration == set.declaration && there.elements.isSame(as: set.elements)
            }
    }
}

// MARK: - Carrying out

extension RulesetState {
    /// The state after the change; nil when the table is gone.
    package static func after(_ change: RulesetChange, from before: RulesetState?) -> RulesetState? {
        var state = before
        for step in change.steps {
            switch step {
            case .deleteTable: state = nil
            case .addTable: if state == nil { state = RulesetState(name: change.table) }
            case .addChain, .flushChain, .deleteChain, .addRule, .addSet, .deleteSet, .addElements, .deleteElements,
                .addObject, .deleteObject:
                state?.carryOut(step)
            }
        }
        return state
    }

    private mutating func carryOut(_ step: RulesetChange.Step) {
        switch step {
        case .addTable, .deleteTable: return
        case .addChain(let name, let hook): chains[name] = Chain(hook: hook, rules: [])
        case .flushChain(let name): chains[name] = chains[name].map { Chain(hook: $0.hook, rules: []) }
        case .deleteChain(let name): chains[name] = nil
        case .addRule(let chain, let rule):
            chains[chain] = chains[chain].map { Chain(hook: $0.hook, rules: $0.rules + [rule.digest]) }
        case .addSet(let declaration):
            let isKept = declaration.timeout > 0
            sets[declaration.name] = NamedSet(declaration, isKept ? .kept : .listed([]))
        case .deleteSet(let name): sets[name] = nil
        case .addElements(let set, let elements):
            sets[set.name] = sets[set.name].map { NamedSet($0.declaration, $0.elements.adding(elements)) }
        case .deleteElements(let set, let elements):
            sets[set.name] = sets[set.name].map { NamedSet($0.declaration, $0.elements.subtracting(elements)) }
        case .addObject(let object): objects[object.name] = object.kind
        case .deleteObject(let object): objects[object.name] = nil
        }
    }
}
