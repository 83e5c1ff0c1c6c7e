/// What becomes of a condition when a set that it names holds something else.
package import NetTypes

extension Match {
    /// The same condition with what `content` says of each set; sets of which it says nothing stay.
    package func replacingSets(_ content: (String) -> AddressRanges?) -> Match {
        Match(root: Self.replacingSets(in: root, content), attributes: attributes)
    }

    private static func replacingSets(in step: Step, _ content: (String) -> AddressRanges?) -> Step {
        switch step {
        case .always: .always
        case .not(let inner): .not(replacingSets(in: inner, content))
        case .all(let parts): .all(parts.map { replacingSets(in: $0, content) })
        case .some(let parts): .some(parts.map { replacingSets(in: $0, content) })
        case .test(let slot, .set(let name, let old), let negated):
            .test(slot, .set(name, content(name) ?? old), negated: negated)
        case .test: step
        }
    }

    /// The sets that the condition names, in the order written, each once.
    package var setNames: [String] {
        var names: [String] = []
        var steps = [root]
        while let step = steps.popLast() {
            switch step {
            case .always: continue
            case .not(let inner): steps.append(inner)
            case .all(let parts), .some(let parts): steps += parts.reversed()
            case .test(_, .set(let name, _), _): if !names.contains(name) { names.append(name) }
            case .test: continue
            }
        }
        return names
    }
}
