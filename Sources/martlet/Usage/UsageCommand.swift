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

/// What is counted besides tokens, as its column is called.
private enum Unit: String, CaseIterable {
    case images = "IMAGES"
    case sound = "SECONDS"
    case speech = "CHARACTERS"

    /// Begun seconds count as whole ones.
    func count(_ row: UsageReply.Row) -> UInt64 {
        switch self {
        case .images: row.images
        case .sound: row.soundMilliseconds / 1000 + (row.soundMilliseconds % 1000 > 0 ? 1 : 0)
        case .speech: row.spokenCharacters
        }
    }
}

extension UsageReply: TextDisplayable {
    func text(_ style: Style) -> String {
        // Most have nothing but tokens.
        let units = Unit.allCases.filter { $0.count(total) > 0 }
        let counted = ["REQUESTS", "INPUT", "CACHED", "OUTPUT"] + units.map(\.rawValue) + ["COST"]
        let columns = by.map { Column($0.uppercased()) } + counted.map { Column($0, .right) } + [""]
        let last = [Cell("total", .strong)] + Array(repeating: Cell(""), count: max(by.count - 1, 0))
        let named = rows.map { $0.of.map { Cell($0.isEmpty ? "-" : $0, .strong) } + $0.counts(units) }
        let table = named + [last + total.counts(units)]
        let month =
            "\(forecast.month): \(forecast.spent) up to now, \(forecast.atEnd) at its end if it goes on as in the last week"
        return ["\(since) to \(until)", Table.render(columns, table, style), month].joined(separator: "\n")
    }
}

extension UsageReply.Row {
    fileprivate func counts(_ units: [Unit]) -> [Cell] {
        let doubts = (unpriced > 0 ? "+?" : "") + (estimated + atCeiling > 0 ? "~" : "")
        let used: [Cell] = ["\(requests)", "\(input)", "\(cachedInput)", "\(output)"]
        return used + units.map { Cell("\($0.count(self))") } + [Cell(cost), Cell(doubts)]
    }
}
