/// `martlet plan`: what would an apply change in the kernel?
import ArgumentParser
import Control

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The ordered kernel changes of an apply, each with the line that asks for it; nothing is changed.",
        discussion: """
            The file is checked here first, then sent to the daemon, which compares it with what the kernel has.

            EXAMPLES
              martlet plan
              martlet plan ./martlet.yaml --json | jq '.changes | length'
            """
    )

    @OptionGroup var file: FileArgument
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let files = try LocalConfiguration(path: file.file).servable()
        try Console.print(try Output.render(try global.client.plan(files), as: global.format))
    }
}

extension PlanReply: TextDisplayable {
    func text(_ style: Style) -> String {
        let columns: [Column] = [Column("", .right), "", "", "", ""]
        let rows = changes.enumerated().map { index, change in
            [
                Cell("\(index + 1)", .quiet), Cell(change.verb, Self.tone(change.verb)), Cell(change.kind),
                Cell(change.object), Cell(change.cause ?? "no line asks for it any more", .quiet),
            ]
        }
        var lines = rows.isEmpty ? [] : [Table.lines(columns, rows, style)]
        lines.append(changes.isEmpty ? "nothing to change: the kernel holds what the file says" : summary)
        lines += section("in the way:", conflicts, .bad, style)
        lines += section("strangers' that go along:", losses, .bad, style)
        lines += section("waiting:", pending, .warning, style)
        lines += section("overrides in force:", overrides, .warning, style)
        return lines.joined(separator: "\n")
    }

    private var summary: String { "\(counted(changes.count, "change")); nothing was changed" }

    private static func tone(_ verb: String) -> Tone { verb == "delete" ? .bad : .good }
}
