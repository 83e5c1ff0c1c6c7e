/// How do rows stand under one another? As wide as their content, never cut: a name that is not whole cannot be used.
struct Column: Equatable, ExpressibleByStringLiteral {
    enum Alignment {
        case left
        case right
    }

    let title: String
    let alignment: Alignment

    init(_ title: String, _ alignment: Alignment = .left) { (self.title, self.alignment) = (title, alignment) }

    init(stringLiteral title: String) { self.init(title) }
}

enum Table {
    private static let gap = "  "

    static func render(_ columns: [Column], _ rows: [[Cell]], _ style: Style) -> String {
        lines(columns, [columns.map { Cell($0.title, .strong) }] + rows, style)
    }

    /// The same without titles.
    static func lines(_ columns: [Column], _ rows: [[Cell]], _ style: Style) -> String {
        let widths = columns.indices.map { index in
            rows.map { width($0, index) }.max() ?? 0
        }
        return rows.map { line($0, columns, widths, style) }.joined(separator: "\n")
    }

    private static func width(_ row: [Cell], _ index: Int) -> Int {
        index < row.count ? Printable.line(row[index].text).count : 0
    }

    private static func line(_ row: [Cell], _ columns: [Column], _ widths: [Int], _ style: Style) -> String {
        var line = ""
        // Nothing is padded behind the last cell that says something.
        let last = row.lastIndex { !$0.text.isEmpty } ?? 0
        for (index, cell) in row.enumerated() where index <= last && index < columns.count {
            let blanks = String(repeating: " ", count: widths[index] - width(row, index))
            let text = style.apply(cell.tone, to: cell.text)
            switch columns[index].alignment {
            case .left: line += text + (index == last ? "" : blanks)
            case .right: line += blanks + text
            }
            if index != last { line += gap }
        }
        return line
    }
}
