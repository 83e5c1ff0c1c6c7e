/// What policies of both planes have in common in the file.
package import ConfigSyntax

extension BlockReader {
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
