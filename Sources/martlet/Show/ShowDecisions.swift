/// `martlet show decisions`: where did the last requests go?
import ArgumentParser
import Control
import Inference
import NetTypes

struct ShowDecisions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decisions",
        abstract: "The last model requests, newest first; 'martlet explain ID' says why."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.decisions())
    }
}

extension DecisionRecord: ListDisplayable {
    static var columns: [Column] {
        [
            "ID", "WHEN", "KEY", "MODEL", "MEMBER", "PATH", "OUTCOME", Column("TRIES", .right), Column("TOTAL", .right),
            Column("COST", .right),
        ]
    }

    static var none: String { "no model request was seen yet" }

    var cells: [Cell] {
        [
            Cell(id, .strong), Cell(Moment.dateAndTime(startedUnix)), Cell(key), Cell(requestedModel),
            Cell(last?.member),
            Cell(last?.path), .state(outcome.rawValue), "\(attempts.count)", "\(duration.milliseconds) ms",
            Cell(cost?.text),
        ]
    }

    /// The attempt that gave the answer, or the last one that did not.
    private var last: AttemptRow? { attempts.last }
}
