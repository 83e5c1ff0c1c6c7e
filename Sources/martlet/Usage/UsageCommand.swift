/// `martlet usage`: what was used, by whom, and what does it cost?
import ArgumentParser
import Control

struct UsageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Tell apart by key, team, model, provider, day or hour; several with commas.",
            valueName: "parts"
        ),
        completion: .list(["key", "team", "model", "provider", "day", "hour"])
    )
    var by = "key"

    @Option(help: ArgumentHelp("The first day, in UTC; else the first of this month.", valueName: "day"))
    var since: String?

    @Option(help: ArgumentHelp("The last day; else today.", valueName: "day"))
    var until: String?

    var question: UsageQuestion {
        UsageQuestion(by: by.split(separator: ",").map(String.init), since: since, until: until)
    }
}

struct UsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "What was used, by whom, and what it costs.",
        discussion: """
            Requests, tokens and cost by the ledger, and what the month will come to if it goes on as in the last week. '+?' behind a cost
            says that requests of unknown cost are not in it, '~' that some tokens were estimated or a price stood at its ceiling.

            EXAMPLES
              martlet usage
              martlet usage --by team,model --since 2026-11-01 --until 2026-11-30
              martlet usage --by day --json | jq -r '.rows[] | [.of[0], .cost] | @tsv'
            """
    )

    @OptionGroup var options: UsageOptions
    @OptionGroup var global: GlobalOptions

    func run() throws { try Self.run(options, global) }

    static func run(_ options: UsageOptions, _ global: GlobalOptions) throws {
        try Console.print(try Output.render(try global.client.usage(options.question), as: global.format))
    }
}

/// `martlet show usage`: the same beside the other tables.
struct ShowUsage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "What was used, by whom, and what it costs; the same as 'martlet usage'."
    )

    @OptionGroup var options: UsageOptions
    @OptionGroup var global: GlobalOptions

    func run() throws { try UsageCommand.run(options, global) }
}

extension UsageReply: TextDisplayable {
    func text(_ style: Style) -> String {
        let columns =
            by.map { Column($0.uppercased()) } + [
                Column("REQUESTS", .right), Column("INPUT", .right), Column("CACHED", .right), Column("OUTPUT", .right),
                Column("COST", .right), "",
            ]
        let last = [Cell("total", .strong)] + Array(repeating: Cell(""), count: max(by.count - 1, 0))
        let table = rows.map { $0.of.map { Cell($0.isEmpty ? "-" : $0, .strong) } + $0.counts } + [last + total.counts]
        let month =
            "\(forecast.month): \(forecast.spent) up to now, \(forecast.atEnd) at its end if it goes on as in the last week"
        return ["\(since) to \(until)", Table.render(columns, table, style), month].joined(separator: "\n")
    }
}

extension UsageReply.Row {
    fileprivate var counts: [Cell] {
        let doubts = (unpriced > 0 ? "+?" : "") + (estimated + atCeiling > 0 ? "~" : "")
        return ["\(requests)", "\(input)", "\(cachedInput)", "\(output)", Cell(cost), Cell(doubts)]
    }
}
