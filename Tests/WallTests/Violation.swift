/// What does a broken rule look like, and what are the rules applied to?

/// A source of the package, by its path from the package's root.
struct SourceFile {
    let path: String
    let text: String

    /// `Sources/NetTypes/Mark.swift` belongs to `NetTypes`; nil when it stands in no target's folder.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count >= 3 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
}

/// One place where the wall has a hole, written as editors and people read it: `file:line: what`.
struct Violation: Hashable, Comparable, CustomStringConvertible {
    let file: String
    let line: Int
    let what: String

    var description: String { "\(file):\(line): \(what)" }

    static func < (a: Violation, b: Violation) -> Bool { (a.file, a.line, a.what) < (b.file, b.line, b.what) }
}
