/// What was found, against what was expected? Every figure comes from a measurement of this run.
struct Figure {
    /// What was measured: `uplink lost, packets of IPv4`.
    var what: String
    var measured: String
    /// What it had to be: `at most 800 ms`.
    var expected: String
    var isHeld: Bool
    /// Right, but later than promised: a busy machine's fault as likely as ours. Told, and no failure of the demo.
    var isLate = false
    /// A quantity, which belongs into the closing table; otherwise a fact.
    var isQuantity = true

    /// How the finding is marked.
    var mark: String { isLate ? "LATE" : isHeld ? "ok" : "NOT SO" }

    var sentence: String { "\(what): \(measured) (expected: \(expected))" }
}

/// All figures of one run, in the order they were taken.
struct Figures {
    private(set) var all: [Figure] = []

    var areHeld: Bool { !all.isEmpty && all.allSatisfy(\.isHeld) }

    mutating func add(_ figure: Figure) {
        all.append(figure)
    }

    /// What is told at the end of them all.
    var summary: String {
        let failed = all.filter { !$0.isHeld }
        guard !failed.isEmpty else {
            let late = all.count { $0.isLate }
            let verdict =
                late == 0
                ? "All \(all.count) expectations held" : "\(all.count - late) of \(all.count) expectations held"
            let rest = late == 0 ? "" : " \(late) came LATE: right, but after the promised time."
            return "\(verdict); the table shows the measured ones.\(rest)"
        }
        let list = failed.map { "  NOT SO  \($0.sentence)" }.joined(separator: "\n")
        return "\(failed.count) of \(all.count) expectations did not hold:\n\(list)"
    }

    /// The closing table: one quantity a line, the columns aligned.
    var table: String {
        let header = ["MEASURED IN THIS RUN", "FIGURE", "EXPECTED", ""]
        let shown = all.filter(\.isQuantity)
        let rows = [header] + shown.map { [$0.what, $0.measured, $0.expected, $0.mark] }
        let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let room = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 1 ? room + cell.0 : cell.0 + room
            }
            return cells.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

/// `12.3 ms`.
func inMilliseconds(_ milliseconds: Double) -> String {
    let tenths = Int((milliseconds * 10).rounded())
    return "\(tenths / 10).\(abs(tenths) % 10) ms"
}
