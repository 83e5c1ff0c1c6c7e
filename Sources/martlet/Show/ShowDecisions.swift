/// `martlet show decisions`: where did the last requests go?
import ArgumentParser
import Control
import Inference
import NetTypes

struct ShowDecisions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decisions",
        abstract: "The last model requests, newest first; 'martlet explain ID' says why.",
        discussion: """
            EXAMPLES
              martlet show decisions --outcome failed --since 10min
              martlet show decisions --key ci --member chat.big
            """
    )

    @Option(help: ArgumentHelp("Only with this key's name.", valueName: "name"))
    var key: String?

    @Option(help: ArgumentHelp("Only for this model, by the client's name or the provider's.", valueName: "name"))
    var model: String?

    @Option(
        help: ArgumentHelp("Only where this member, or this group, was asked.", valueName: "member"),
        completion: .custom { words, _, _ in Completion(words).members() }
    )
    var member: String?

    @Option(help: "Only with this outcome: \(Outcome.allCases.map(\.rawValue).joined(separator: ", ")).")
    var outcome: Outcome?

    @Option(help: ArgumentHelp("Only of the last time: 90s, 10min, 2h.", valueName: "duration"))
    var since: DurationArgument?

    @OptionGroup var global: GlobalOptions

    var filter: DecisionFilter {
        DecisionFilter(key: key, model: model, member: member, outcome: outcome, since: since?.value)
    }

    func run() throws {
        let now = Console.now
        try global.show(try global.client.decisions().filter { filter.admits($0, now: now) })
    }
}

extension Outcome: ExpressibleByArgument {}

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
