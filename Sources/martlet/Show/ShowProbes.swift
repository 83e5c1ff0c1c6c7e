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
            "LAST", Column("ROUND TRIP", .right), Column("LOSS", .right), Column("LATENCY", .right),
            Column("JITTER", .right), "LINE",
        ]
    }

    static var none: String { "no member is probed" }

    var cells: [Cell] {
        [
            Cell(name, .strong), Cell(member), Cell(scope), Cell(kind), "\(interval)", "\(timeout)",
            "\(downAfter)/\(upAfter)", last, trip, Cell(lossPermille.map { Percent.text(permille: $0) }), Cell(latency),
            Cell(jitter), Cell(place, .quiet),
        ]
    }

    private var last: Cell {
        guard let lastResult else { return Cell("-", .quiet) }
        let words = lastResult + (detail.map { " (\($0))" } ?? "")
        return lastResult == "success" ? .state(words) : Cell(words, .bad)
    }

    /// A round trip by the process's own clock is marked: what it took to be woken is in it.
    private var trip: Cell {
        guard let roundTrip, clock == "process" else { return Cell(roundTrip) }
        return Cell("~\(roundTrip)")
    }
}
