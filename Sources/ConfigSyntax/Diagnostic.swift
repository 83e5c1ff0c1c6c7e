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

    /// As an operator reads it: `file:line:column: error: …`, the source line, a caret, the hint. `label` stands for `error` where
    /// it is none. What could move the caret or speak to the terminal is shown as a space.
    package func rendered(with sources: SourceMap, label: String = "error") -> String {
        var lines = ["\(sources.describe(place)): \(label): \(Self.printable(message))"]
        if !hidesLine, let line = sources.line(at: place) {
            let before = min(max(Int(place.column) - 1, 0), line.unicodeScalars.count)
            lines += ["    " + Self.printable(line), "    " + String(repeating: " ", count: before) + "^"]
        }
        if let hint { lines.append("    hint: \(Self.printable(hint))") }
        if let related { lines.append("    see also: \(sources.describe(related))") }
        return lines.joined(separator: "\n")
    }

    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isControl ? " " : $0 }))
    }
}

extension Unicode.Scalar {
    /// C0 and C1 controls, line and paragraph separators, and the marks that turn the direction of what follows.
    var isControl: Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
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
