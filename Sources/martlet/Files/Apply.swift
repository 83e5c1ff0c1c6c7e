/// `martlet apply`: make it so.
import ArgumentParser
import Control

struct Apply: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the daemon run by a configuration, and say what came of it.",
        discussion: """
            A wrong file changes nothing. Exit status 1 if the file is wrong or the kernel refused a change; what waits for a
            link or stands against a stranger's object is listed.

            EXAMPLES
              martlet apply
              martlet apply ./martlet.yaml --json
            """
    )

    @OptionGroup var file: FileArgument
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let local = LocalConfiguration(path: file.file)
        let files = try local.servable()
        try say(try Output.render(local.report, as: global.format))
        try say("applying \(counted(files.files.count, "file")) …")
        let reply = try global.client.apply(files)
        try Console.print(try Output.render(reply, as: global.format))
        guard reply.refused.isEmpty else { throw CommandError.answeredNo }
    }

    /// Progress is for people.
    private func say(_ words: String) throws {
        if !global.json { try Console.print(words) }
    }
}

extension ApplyReply: TextDisplayable {
    func text(_ style: Style) -> String {
        var lines = [style.apply(refused.isEmpty ? .good : .bad, to: summary)]
        lines += section("refused:", refused, .bad, style)
        lines += section("in the way:", conflicts, .bad, style)
        lines += section("waiting:", pending, .warning, style)
        return lines.joined(separator: "\n")
    }

    private var summary: String {
        let taken = changes == accepted ? "all taken by the kernel" : "\(accepted) taken by the kernel"
        return "generation \(generation): "
            + (changes == 0 ? "no change needed" : "\(counted(changes, "change")), \(taken)")
    }
}
