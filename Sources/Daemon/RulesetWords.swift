/// How a change of our nftables table is told in one line: what is made anew, how many elements come and go.
import Forwarding

extension RulesetChange {
    var verb: String {
        steps.contains(.deleteTable) ? (steps.contains(.addTable) ? "replace" : "delete") : "change"
    }

    /// `: 3 chains, 12 rules, 40 elements`.
    var words: String {
        var chains: Set<String> = []
        var (rules, sets, added, removed) = (0, 0, 0, 0)
        for step in steps {
            switch step {
            case .addChain(let name, _), .flushChain(let name), .deleteChain(let name): chains.insert(name)
            case .addRule(let chain, _):
                chains.insert(chain)
                rules += 1
            case .addSet, .deleteSet: sets += 1
            case .addElements(_, let elements): added += elements.count
            case .deleteElements(_, let elements): removed += elements.count
            case .addTable, .deleteTable, .addObject, .deleteObject: continue
            }
        }
        let parts = [
            Self.counted(chains.count, "chain"), Self.counted(rules, "rule"), Self.counted(sets, "set"),
            added == 0 ? nil : "\(added) elements more", removed == 0 ? nil : "\(removed) elements less",
        ]
        let told = parts.compactMap { $0 }
        return told.isEmpty ? "" : ": " + told.joined(separator: ", ")
    }

    private static func counted(_ count: Int, _ noun: String) -> String? {
        count == 0 ? nil : "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
