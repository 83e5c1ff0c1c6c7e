/// How two files become one configuration: maps merge by key, lists are appended, and nothing is ever overwritten.
import ConfigSyntax

enum NodeMerging {
    /// `second` merged into `first`. The same leaf in both is an error naming both places; the first stays.
    static func merged(_ first: Node, _ second: Node, path: String, into diagnostics: Diagnostics) -> Node {
        switch (first.kind, second.kind) {
        case (.map(let a), .map(let b)): return Node(.map(merged(a, b, path, diagnostics)), at: first.place)
        case (.list(let a), .list(let b)): return Node(.list(a + b), at: first.place)
        case (.scalar, _), (.list, _), (.map, _):
            let sameKind = first.kindName == second.kindName
            diagnostics.report(
                sameKind
                    ? "'\(path)' is set in another file already"
                    : "'\(path)' is \(second.kindName) here and \(first.kindName) in another file",
                at: second.place,
                related: first.place
            )
            return first
        }
    }

    private static func merged(
        _ first: [Node.Entry],
        _ second: [Node.Entry],
        _ path: String,
        _ diagnostics: Diagnostics
    ) -> [Node.Entry] {
        var result = first
        var positions: [String: Int] = [:]
        for (position, entry) in first.enumerated() { positions[entry.key.value] = position }
        for entry in second {
            guard let position = positions[entry.key.value] else {
                result.append(entry)
                continue
            }
            let inner = path.isEmpty ? entry.key.value : "\(path).\(entry.key.value)"
            let value = merged(first[position].value, entry.value, path: inner, into: diagnostics)
            result[position] = Node.Entry(key: first[position].key, value: value)
        }
        return result
    }
}
