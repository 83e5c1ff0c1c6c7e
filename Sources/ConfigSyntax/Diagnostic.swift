/// One thing wrong with a configuration, said where it was written.
package struct Diagnostic: Hashable, Sendable {
    package let place: Place
    /// What is wrong, in one sentence without a full stop.
    package let message: String
    /// The nearest right name or what to do, if we know.
    package let hint: String?
    /// Another place that belongs to the error: the first of two duplicates.
    package let related: Place?
    /// The line may hold a secret and is not shown.
    package let hidesLine: Bool

    package init(
        _ message: String,
        at place: Place,
        hint: String? = nil,
        related: Place? = nil,
        hidesLine: Bool = false
    ) {
        self.hidesLine = hidesLine
        self.message = message
        self.place = place
        self.hint = hint
        self.related = related
    }

    /// The error as an operator reads it: `file:line:column: error: …`, the source line, a caret, the hint.
    package func rendered(with sources: SourceMap) -> String {
        var lines = ["\(sources.describe(place)): error: \(message)"]
        if !hidesLine, let line = sources.line(at: place) {
            // Tabs and control characters would move the caret, or the terminal.
            let shown = String(String.UnicodeScalarView(line.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
            let before = min(max(Int(place.column) - 1, 0), line.unicodeScalars.count)
            lines += ["    " + shown, "    " + String(repeating: " ", count: before) + "^"]
        }
        if let hint { lines.append("    hint: \(hint)") }
        if let related { lines.append("    see also: \(sources.describe(related))") }
        return lines.joined(separator: "\n")
    }
}

/// Collects every error of one reading, so that the operator sees all of them at once.
///
/// A reference, because readers of nested blocks share it; it lives for one parse on one thread.
package final class Diagnostics {
    package private(set) var errors: [Diagnostic] = []
    /// What parses and checks, but this version does not serve: refused by name at apply, never ignored.
    package private(set) var unserved: [Diagnostic] = []

    package init() {}

    package var isEmpty: Bool { errors.isEmpty }

    package func report(_ error: Diagnostic) { errors.append(error) }

    package func report(_ message: String, at place: Place, hint: String? = nil, related: Place? = nil) {
        errors.append(Diagnostic(message, at: place, hint: hint, related: related))
    }

    /// Notes a feature, named by its path in the file (`network.services`), that this version does not serve.
    package func noteUnserved(_ feature: String, at place: Place) {
        unserved.append(
            Diagnostic("'\(feature)' is not served by this version", at: place, hint: "remove it to apply this file")
        )
    }

    /// All errors in file order, each once.
    package var sorted: [Diagnostic] { Self.inOrder(errors) }

    /// All unserved features in file order, each once.
    package var sortedUnserved: [Diagnostic] { Self.inOrder(unserved) }

    private static func inOrder(_ list: [Diagnostic]) -> [Diagnostic] {
        var seen: Set<Diagnostic> = []
        return list.filter { seen.insert($0).inserted }
            .sorted { ($0.place, $0.message) < ($1.place, $1.message) }
    }
}
