/// `martlet history`: who changed what, when, and what came of it?
import ArgumentParser
import Control

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "What was changed over the control socket, by whom, and what came of it; newest first.",
        discussion: """
            With a number: the texts of that configuration, which needs the right to change things.

            EXAMPLES
              martlet history | head
              martlet history 12 > martlet.yaml
              martlet history --json | jq -r '.[] | select(.user != "root") | .what'
            """
    )

    @Argument(
        help: "A configuration's number: print its texts.",
        completion: .custom { words, _, _ in Completion(words).configurations() }
    )
    var number: Int?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        guard let number else { return try global.show(try global.client.history()) }
        try Console.print(try Output.render(try global.client.configuration(number), as: global.format))
    }
}

extension HistoryRow: ListDisplayable {
    static var columns: [Column] {
        ["WHEN", "WHO", Column("PID", .right), "WHAT", Column("CONFIGURATION", .right), "", "RESULT"]
    }
    static var none: String { "nothing was changed yet" }

    var cells: [Cell] {
        [
            Cell(Moment.dateAndTime(at)), Cell(user), Cell(process), Cell(what, .strong),
            configuration.map { Cell("\($0)", isKept ? .plain : .quiet) } ?? "", Cell(state ?? "", .good),
            Cell(result, result.hasPrefix("refused") || result.hasPrefix("failed") ? .bad : .plain),
        ]
    }
}

extension ConfigurationFiles: TextDisplayable {
    /// As they were; with a comment that names each where there are several.
    func text(_ style: Style) -> String {
        files.map { file in
            let head = files.count > 1 ? "# \(file.name)\n" : ""
            return Printable.lines(head + (file.text.hasSuffix("\n") ? String(file.text.dropLast()) : file.text))
        }.joined(separator: "\n")
    }
}
