/// Where in the file each character of a condition stands.
package struct ExpressionText: Sendable, Hashable {
    package let text: String
    /// Of the scalar that holds the text.
    package let place: Place
    private let style: ScalarStyle

    /// Takes a scalar whose style maps back into the file character by character; others are reported.
    package static func read(_ node: Node, what: String, into diagnostics: Diagnostics) -> ExpressionText? {
        guard case .scalar(let text, let style) = node.kind else {
            diagnostics.report("'\(what)' must be a condition, not \(node.kindName)", at: node.place)
            return nil
        }
        switch style {
        case .plain, .singleQuoted, .literal:
            return ExpressionText(text: text, place: node.place, style: style)
        case .doubleQuoted, .folded:
            diagnostics.report(
                "'\(what)' is written in a way that errors cannot point into",
                at: node.place,
                hint: "write it on one line, plain or in single quotes, or as a literal block (|)"
            )
            return nil
        }
    }

    /// The place of the scalar at `offset` of the text; its end when the offset lies behind it.
    package func place(of offset: Int) -> Place {
        let before = text.unicodeScalars.prefix(max(0, offset))
        switch style {
        case .plain, .doubleQuoted, .folded: return place.advanced(by: before.count)
        case .singleQuoted: return place.advanced(by: 1 + before.count + before.count { $0 == "'" })
        case .literal(let firstLine, let indent):
            let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
            return Place(
                file: place.file,
                line: firstLine &+ UInt32(clamping: lines.count - 1),
                column: UInt32(clamping: Int(indent) + 1 + (lines.last?.count ?? 0))
            )
        }
    }

    /// Reports an error of the condition at its place in the file.
    package func report(_ error: ExpressionError, into diagnostics: Diagnostics) {
        diagnostics.report(error.message, at: place(of: error.offset), hint: error.hint)
    }
}
