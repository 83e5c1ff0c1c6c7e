/// `martlet show routes`: which routes are in the kernel because the file asks for them?
import ArgumentParser
import Control

struct ShowRoutes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "Routes the file asks for, and how they stand in the kernel."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.routes())
    }
}

extension ObjectRow: ListDisplayable {
    static var columns: [Column] {
        [
            "KIND", "FAMILY", "OBJECT", Column("TABLE", .right), Column("PRIORITY", .right), "ACTION", "STATE",
            "OFFLOAD", "DETAIL", "LINE",
        ]
    }

    static var none: String { "none" }

    var cells: [Cell] {
        [
            Cell(kind), Cell(family), Cell(object, .strong), Cell(table.map(Int.init)), Cell(priority.map(Int.init)),
            Cell(action), .state(state),
            Cell(offload), Cell(detail), Cell(cause, .quiet),
        ]
    }
}
