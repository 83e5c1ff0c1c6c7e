/// Reads one map of the configuration: known keys by name, everything else an error with the nearest right name.
///
/// Each plane's `…Config.swift` reads its own block with it. Reading never stops at the first error: a wrong value is
/// reported and read as absent. Call `finish()` last.
package final class BlockReader {
    /// The block's path in the file (`network.groups.wan`), for messages; empty for the root.
    package let path: String
    package let place: Place
    package let diagnostics: Diagnostics
    /// Whether it is a map at all. If not, that was reported, and nothing in it is missed.
    package let isReadable: Bool
    private let entries: [Node.Entry]
    private var known: [String] = []

    /// Opens a map node; anything else is reported and read as an empty map.
    package init(_ node: Node, path: String, into diagnostics: Diagnostics) {
        self.path = path
        self.place = node.place
        self.diagnostics = diagnostics
        if case .map(let entries) = node.kind {
            self.entries = entries
            isReadable = true
        } else {
            entries = []
            isReadable = false
            let what = path.isEmpty ? "the file" : "'\(path)'"
            diagnostics.report("\(what) must be a map, not \(node.kindName)", at: node.place)
        }
    }

    /// The node under `key`, which is then a known key.
    package func node(_ key: String) -> Node? {
        known.append(key)
        return entries.first { $0.key.value == key }?.value
    }

    /// The place of the key itself (or of the block when it is absent).
    package func keyPlace(_ key: String) -> Place {
        entries.first { $0.key.value == key }?.key.place ?? place
    }

    /// Like `node`, but its absence is an error.
    package func requiredNode(_ key: String) -> Node? {
        if let node = node(key) { return node }
        reportLack("'\(path)' lacks '\(key)'")
        return nil
    }

    /// A typed scalar, or nil when it is absent or wrong (wrong is reported).
    package func optional<Value: ScalarValue>(_ key: String, as type: Value.Type = Value.self) -> Located<Value>? {
        node(key).flatMap { Value.read($0, what: "\(path).\(key)", into: diagnostics) }
    }

    /// A typed scalar that must be there.
    package func required<Value: ScalarValue>(_ key: String, as type: Value.Type = Value.self) -> Located<Value>? {
        requiredNode(key).flatMap { Value.read($0, what: "\(path).\(key)", into: diagnostics) }
    }

    /// A whole number within bounds, or `standard` when it is absent or wrong.
    package func integer(_ key: String, default standard: Int, within bounds: ClosedRange<Int>) -> Int {
        guard let found = optional(key, as: Int.self) else { return standard }
        guard bounds.contains(found.value) else {
            diagnostics.report(
                "'\(path).\(key)' must lie between \(bounds.lowerBound) and \(bounds.upperBound)",
                at: found.place
            )
            return standard
        }
        return found.value
    }

    /// Notes that `key`, where it is written, is not served by this version.
    package func noteUnserved(_ key: String) {
        guard entries.contains(where: { $0.key.value == key }) else { return }
        diagnostics.noteUnserved("\(path).\(key)", at: keyPlace(key))
    }

    /// Whether the key is written at all. Does not make it a known key.
    package func has(_ key: String) -> Bool { entries.contains { $0.key.value == key } }

    /// Several values of one type: a list, or a single value standing for a list of one. Wrong items are reported and left out.
    package func values<Value: ScalarValue>(_ key: String, as type: Value.Type = Value.self) -> [Located<Value>] {
        list(key, orSingle: true).compactMap { Value.read($0, what: "\(path).\(key)", into: diagnostics) }
    }

    /// Reports that something is missing from the block, at the block; not when it is no map, which says enough.
    package func reportLack(_ message: String, hint: String? = nil) {
        if isReadable { diagnostics.report(message, at: place, hint: hint) }
    }

    /// Reports at a key, with its path.
    package func report(_ message: String, key: String, hint: String? = nil) {
        diagnostics.report("'\(path).\(key)' \(message)", at: keyPlace(key), hint: hint)
    }

    /// A nested map, opened.
    package func block(_ key: String) -> BlockReader? {
        node(key).map { BlockReader($0, path: "\(path).\(key)", into: diagnostics) }
    }

    /// The entries of a nested map whose keys are names the operator chose, in file order; empty when absent.
    package func named(_ key: String) -> [Node.Entry] {
        guard let node = node(key) else { return [] }
        guard case .map(let entries) = node.kind else {
            diagnostics.report("'\(path).\(key)' must be a map of names, not \(node.kindName)", at: node.place)
            return []
        }
        for entry in entries where !Self.isName(entry.key.value) {
            diagnostics.report(
                "'\(entry.key.value)' is no name",
                at: entry.key.place,
                hint: Self.nameRule
            )
        }
        return entries
    }

    /// The items of a list; a single value stands for a list of one when `orSingle`; empty when absent.
    package func list(_ key: String, orSingle: Bool = false) -> [Node] {
        guard let node = node(key) else { return [] }
        if case .list(let items) = node.kind { return items }
        if orSingle { return [node] }
        diagnostics.report("'\(path).\(key)' must be a list, not \(node.kindName)", at: node.place)
        return []
    }

    /// Every entry as it stands, for maps whose keys are values themselves (route prefixes). Marks all keys known.
    package func allEntries() -> [Node.Entry] {
        known += entries.map(\.key.value)
        return entries
    }

    /// Reports every key that nobody asked for.
    package func finish() {
        for entry in entries where !known.contains(entry.key.value) {
            diagnostics.report(
                "unknown key '\(entry.key.value)' in " + (path.isEmpty ? "the file" : "'\(path)'"),
                at: entry.key.place,
                hint: NearestName.hint(for: entry.key.value, among: known)
            )
        }
    }

    /// The rule of `isName` in words.
    package static let nameRule = "letters, digits, '-' and '_', starting with a letter or digit, at most 63"

    /// Names are what ends up in commands, metrics and decisions: short, printable, no dots (dots join group and member).
    package static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 63 else { return false }
        let isAlphanumeric = { (c: UInt8) in
            (0x30...0x39).contains(c) || (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c)
        }
        return isAlphanumeric(first) && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F }
    }
}
