/// What of a text may reach a terminal? Names of models and keys come from strangers: a control character or a change of
/// writing direction in them must not steer the operator's screen.
enum Printable {
    /// The text on one line.
    static func line(_ text: String) -> String { escaped(text) { _ in false } }

    /// The text with its line breaks.
    static func lines(_ text: String) -> String { escaped(text) { $0 == "\n" } }

    private static func escaped(_ text: String, except isKept: (Unicode.Scalar) -> Bool) -> String {
        guard text.unicodeScalars.contains(where: { isUnsafe($0) && !isKept($0) }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar), !isKept(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
