/// How is an answer written: for people or for programs? The one place that knows the formats.
import Control

/// A row of a table, apart from the data it shows.
protocol ListDisplayable {
    static var columns: [Column] { get }
    /// What to say instead of an empty table.
    static var none: String { get }
    var cells: [Cell] { get }
}

/// An answer that is more than a table.
protocol TextDisplayable {
    /// Lines without control characters but the style's own.
    func text(_ style: Style) -> String
}

enum Output {
    enum Format: Equatable {
        case text(Style)
        case json
    }

    static func render<Row: ListDisplayable & Encodable>(_ rows: [Row], as format: Format) throws -> String {
        switch format {
        case .text(let style): rows.isEmpty ? Row.none : Table.render(Row.columns, rows.map(\.cells), style)
        case .json: try ControlJSON.pretty(rows)
        }
    }

    static func render(_ answer: some TextDisplayable & Encodable, as format: Format) throws -> String {
        switch format {
        case .text(let style): answer.text(style)
        case .json: try ControlJSON.pretty(answer)
        }
    }

    /// One of many that come one after another: a line each, in both formats.
    static func renderLine(_ event: some TextDisplayable & Encodable, as format: Format) throws -> String {
        switch format {
        case .text(let style): event.text(style)
        case .json: String(decoding: try ControlJSON.encode(event), as: UTF8.self)
        }
    }
}
