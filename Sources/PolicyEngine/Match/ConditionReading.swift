/// Reads a `match` condition of a policy: text in the file → expression → match, with every error at its column.
package import ConfigSyntax

extension Match {
    /// The compiled condition, or nil after its errors were reported.
    package static func read(
        _ node: Node,
        what: String,
        schema: FactSchema,
        sets: SetTable,
        into diagnostics: Diagnostics
    ) -> Match? {
        guard let text = ExpressionText.read(node, what: what, into: diagnostics) else { return nil }
        let expression: Expression
        do {
            expression = try Expression(parsing: text.text)
        } catch {
            text.report(error, into: diagnostics)
            return nil
        }
        switch compile(expression, schema: schema, sets: sets) {
        case .failure(let errors):
            for error in errors.all { text.report(error, into: diagnostics) }
            return nil
        case .success(let match): return match
        }
    }
}
