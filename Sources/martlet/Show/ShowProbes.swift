/// `martlet show probes`: what is measured, and what came of it last?
import ArgumentParser
import Control
import NetTypes

struct ShowProbes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probes",
        abstract: "Probes with their schedule and last result."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.probes())
    }
}

extension ProbeRow: ListDisplayable {
    static var columns: [Column] {
        [
            "PROBE", "MEMBER", "SCOPE", "KIND", Column("EVERY", .right), Column("TIMEOUT", .right), "DOWN/UP AFTER",
            "LAST", Column("ROUND TRIP", .right), Column("LOSS", .right), "LINE",
        ]
    }

    static var none: String { "no member is probed" }

    var cells: [Cell] {
        [
            Cell(name, .strong), Cell(member), Cell(scope), Cell(kind), "\(interval)", "\(timeout)",
            "\(downAfter)/\(upAfter)", last, Cell(roundTrip), Cell(lossPermille.map { Percent.text(permille: $0) }),
            Cell(place, .quiet),
        ]
    }

    private var last: Cell {
        guard let lastResult else { return Cell("-", .quiet) }
        return lastResult == "success" ? .state(lastResult) : Cell(lastResult, .bad)
    }
}
