/// What lists of policies of both planes have in common in the file.
package import ConfigSyntax

extension BlockReader {
    /// The items of `policies`, each opened under its own name; a name that stands twice is reported.
    package func policies() -> [BlockReader] {
        var first: [String: Place] = [:]
        return list("policies").map { item in
            let name = item.policyName
            if let name, let earlier = first[name.value] {
                diagnostics.report("the policy '\(name.value)' is here twice", at: name.place, related: earlier)
            }
            if let name, first[name.value] == nil { first[name.value] = name.place }
            let inner = name.map { "\(path).policies.\($0.value)" } ?? "\(path).policies"
            return BlockReader(item, path: inner, into: diagnostics)
        }
    }

    /// A policy's `name`, which ends up in decisions and metrics.
    package func policyName() -> Located<String>? {
        guard let name = required("name", as: String.self) else { return nil }
        guard BlockReader.isName(name.value) else {
            diagnostics.report("'\(name.value)' is no name", at: name.place, hint: Self.nameRule)
            return nil
        }
        return name
    }
}

extension Node {
    /// The name of an item, before anything about it is checked.
    fileprivate var policyName: Located<String>? {
        guard case .map(let entries) = kind, let node = entries.first(where: { $0.key.value == "name" })?.value,
            let text = node.text, !text.isEmpty
        else { return nil }
        return Located(text, at: node.place)
    }
}
