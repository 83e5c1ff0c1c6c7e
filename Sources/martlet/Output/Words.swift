/// Which words of the control API are good news and which are bad?
extension Cell {
    /// A health, an admin state, an object's state or an outcome.
    static func state(_ word: String) -> Cell {
        switch word {
        case "up", "carrying", "programmed", "answered", "success", "running": Cell(word, .good)
        case "degraded", "drain", "pending", "kept-last", "unknown", "starting", "absent", "client-gone":
            Cell(word, .warning)
        case "down", "failed", "foreign-conflict", "broken-off", "rejected": Cell(word, .bad)
        default: Cell(word)
        }
    }
}

/// `1 change`, `2 changes`.
func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? one + "s")"
}

/// A heading and its items, one a line; nothing when there are none.
func section(_ heading: String, _ items: [String], _ tone: Tone, _ style: Style) -> [String] {
    guard !items.isEmpty else { return [] }
    return [style.apply(.strong, to: heading)] + items.map { "  - " + style.apply(tone, to: $0) }
}
