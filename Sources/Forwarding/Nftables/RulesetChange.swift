/// What has to change in our nftables table, as one batch that the kernel keeps whole or not at all.
///
/// A chain that differs is emptied and filled anew; sets and maps change by single elements; what counts, and sets that fill
/// themselves, stay. Never `flush ruleset`, and never the whole table unless it cannot be mended.
package struct RulesetChange: Hashable, Sendable, Codable {
    package enum Step: Hashable, Sendable, Codable {
        case addTable
        case deleteTable
        case addChain(String, Ruleset.Hook?)
        case flushChain(String)
        case deleteChain(String)
        /// At the end of the chain.
        case addRule(chain: String, Ruleset.Rule)
        case addSet(Ruleset.SetDeclaration)
        case deleteSet(String)
        case addElements(Ruleset.SetDeclaration, Ruleset.Elements)
        case deleteElements(Ruleset.SetDeclaration, Ruleset.Elements)
        case addObject(Ruleset.Object)
        case deleteObject(Ruleset.Object)
    }

    package let table: String
    package let steps: [Step]

    package init(table: String, _ steps: [Step]) {
        self.table = table
        self.steps = steps
    }

    /// How much there is to send, in elements and rules.
    package var size: Int {
        steps.reduce(0) { size, step in
            switch step {
            case .addElements(_, let elements), .deleteElements(_, let elements): size + elements.count
            case .addTable, .deleteTable, .addChain, .flushChain, .deleteChain, .addRule, .addSet, .deleteSet,
                .addObject,
                .deleteObject:
                size + 1
            }
        }
    }

    /// The change that makes the table as wished; nil when there is nothing to do.
    package static func from(_ there: RulesetState?, to wish: Ruleset?) -> RulesetChange? {
        guard let wish else { return there.map { RulesetChange(table: $0.name, [.deleteTable]) } }
        let wanted = RulesetState(wish)
        if let there, there.isSame(as: wanted) { return nil }
        let rebuilds = there.map { $0.needsRebuilding(for: wanted) } ?? false
        let difference = RulesetDifference(wish: wish, there: rebuilds ? nil : there)
        let start: [Step] = rebuilds ? [.deleteTable, .addTable] : there == nil ? [.addTable] : []
        return RulesetChange(table: wish.name, start + difference.steps)
    }

    /// The change that takes the table away.
    package static func removal(of table: String) -> RulesetChange { RulesetChange(table: table, [.deleteTable]) }
}

extension RulesetState {
    /// Whether only a new table will do: the kernel changes no set's type while rules look into it, and no object's kind.
    fileprivate func needsRebuilding(for wanted: RulesetState) -> Bool {
        if isBeyondRepair || name != wanted.name { return true }
        if sets.contains(where: { name, set in wanted.sets[name].map { $0.declaration != set.declaration } ?? false }) {
            return true
        }
        if chains.contains(where: { name, chain in
            wanted.chains[name].map { ($0.hook == nil) != (chain.hook == nil) } ?? false
        }) {
            return true
        }
        return objects.contains { name, kind in wanted.objects[name].map { $0 != kind } ?? false }
    }
}

private struct RulesetDifference {
    let wish: Ruleset
    let there: RulesetState?

    /// Make before break: chains that rules and elements lead to are there first, and what is obsolete goes when nothing leads to it.
    var steps: [RulesetChange.Step] {
        newObjects + newChains + newSets + emptied + elements + rules + obsolete
    }

    private var newObjects: [RulesetChange.Step] {
        wish.objects.filter { there?.objects[$0.name] == nil }.map { .addObject($0) }
    }

    /// A base chain that hangs elsewhere goes and comes again: nothing can lead to it.
    private var newChains: [RulesetChange.Step] {
        wish.chains.flatMap { chain -> [RulesetChange.Step] in
            guard let old = there?.chains[chain.name] else { return [.addChain(chain.name, chain.hook)] }
            guard old.hook != chain.hook else { return [] }
            return [.flushChain(chain.name), .deleteChain(chain.name), .addChain(chain.name, chain.hook)]
        }
    }

    private var newSets: [RulesetChange.Step] {
        wish.sets.filter { there?.sets[$0.name] == nil }.map { .addSet($0.declaration) }
    }

    private var changed: [Ruleset.Chain] {
        wish.chains.filter { chain in
            guard let old = there?.chains[chain.name] else { return true }
            return old.hook != chain.hook || old.rules != chain.rules.map(\.digest)
        }
    }

    /// Chains whose rules differ, and those that nobody wants: emptied before elements and rules change.
    private var emptied: [RulesetChange.Step] {
        let differing = changed.filter { chain in
            there?.chains[chain.name].map { $0.hook == chain.hook && !$0.rules.isEmpty } ?? false
        }
        return (differing.map(\.name) + obsoleteChains).map { .flushChain($0) }
    }

    private var elements: [RulesetChange.Step] {
        wish.sets.flatMap { set -> [RulesetChange.Step] in
            let old = there?.sets[set.name]?.elements ?? .listed([])
            let gone = old.subtracting(set.elements)
            let new = set.elements.subtracting(old)
            return (gone.isEmpty ? [] : [.deleteElements(set.declaration, gone)])
                + (new.isEmpty ? [] : [.addElements(set.declaration, new)])
        }
    }

    private var rules: [RulesetChange.Step] {
        changed.flatMap { chain in chain.rules.map { .addRule(chain: chain.name, $0) } }
    }

    private var obsoleteChains: [String] {
        let wanted = Set(wish.chains.map(\.name))
        return (there?.chains.keys.filter { !wanted.contains($0) } ?? []).sorted()
    }

    private var obsolete: [RulesetChange.Step] {
        let (sets, objects) = (Set(wish.sets.map(\.name)), Set(wish.objects.map(\.name)))
        let oldSets = (there?.sets.keys.filter { !sets.contains($0) } ?? []).sorted()
        let oldObjects = (there?.objects.filter { !objects.contains($0.key) } ?? [:]).sorted { $0.key < $1.key }
        return oldSets.map { .deleteSet($0) } + obsoleteChains.map { .deleteChain($0) }
            + oldObjects.map { .deleteObject(Ruleset.Object($0.key, $0.value)) }
    }
}
