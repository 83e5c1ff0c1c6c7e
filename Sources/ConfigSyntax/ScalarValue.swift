/// What a scalar's text becomes once the schema has given it a type.
///
/// YAML's own guesses (`no`, `010`, `1:30`) never apply: every scalar is text until one of these reads it.
package protocol ScalarValue {
    /// `a duration such as 500ms`: completes "… must be".
    static var expectation: String { get }
    /// Reads the text; throws what is wrong with it, more exactly than the expectation where possible.
    static func parse(_ text: String) throws(ScalarError) -> Self
}

/// Why a scalar does not have the type its place asks for.
package enum ScalarError: Error, Equatable {
    /// Nothing more exact to say than the type's expectation.
    case notThis
    /// A sentence of its own, and what to write instead.
    case because(String, hint: String?)
    /// The same for a text that may hold a secret: neither the text nor its line is shown.
    case confidential(String, hint: String?)
}

extension ScalarValue {
    /// Reads a node, reporting a wrong shape or text; `what` is the path of the value.
    package static func read(_ node: Node, what: String, into diagnostics: Diagnostics) -> Located<Self>? {
        guard let text = node.text, !node.isEmptyText else {
            diagnostics.report("'\(what)' must be \(expectation), not \(node.kindName)", at: node.place)
            return nil
        }
        do {
            return Located(try parse(text), at: node.place)
        } catch {
            switch error {
            case .notThis: diagnostics.report("'\(what)' must be \(expectation), not '\(text)'", at: node.place)
            case .because(let reason, let hint): diagnostics.report("'\(what)': \(reason)", at: node.place, hint: hint)
            case .confidential(let reason, let hint):
                diagnostics.report(Diagnostic("'\(what)': \(reason)", at: node.place, hint: hint, hidesLine: true))
            }
            return nil
        }
    }
}

/// Enums of words get their reading for free, with the nearest right word.
extension ScalarValue where Self: CaseIterable & RawRepresentable, RawValue == String {
    package static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }

    package static func parse(_ text: String) throws(ScalarError) -> Self {
        if let value = Self(rawValue: text) { return value }
        throw .because(
            "'\(text)' is not one of " + allCases.map(\.rawValue).joined(separator: ", "),
            hint: NearestName.of(text, among: allCases.map(\.rawValue)).map { "did you mean '\($0)'?" }
        )
    }
}

extension String: ScalarValue {
    package static var expectation: String { "text" }

    /// Any text but none, and without control characters: it ends up on terminals, in logs and in other programs' hands.
    package static func parse(_ text: String) throws(ScalarError) -> String {
        guard !text.isEmpty else { throw .because("the text is empty", hint: nil) }
        guard !text.unicodeScalars.contains(where: \.isControl) else {
            throw .because("the text holds control characters", hint: nil)
        }
        return text
    }
}

extension Bool: ScalarValue {
    package static var expectation: String { "true or false" }

    package static func parse(_ text: String) throws(ScalarError) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default: throw .notThis
        }
    }
}

extension Int: ScalarValue {
    package static var expectation: String { "a whole number" }

    package static func parse(_ text: String) throws(ScalarError) -> Int {
        let digits = text.first == "-" ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .notThis }
        guard digits.count == 1 || digits.first != "0" else {
            throw .because("'\(text)' has a leading zero", hint: "numbers are decimal; write it without the zero")
        }
        guard let value = Int(text) else { throw .because("\(text) is too large", hint: nil) }
        return value
    }
}
