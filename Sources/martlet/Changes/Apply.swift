/// `martlet apply`: make it so.
import ArgumentParser
import Control

struct Apply: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the daemon run by a configuration, and say what came of it.",
        discussion: """
            A wrong file changes nothing. Exit status 1 if the file is wrong or the kernel refused a change; what waits for a
            link or stands against a stranger's object is listed.

            A change of your own path (of the route, next hop or rule that carries packets to where your SSH session comes from;
            without one, of the default route's) runs on trial: unless 'martlet confirm' comes within the time, the configuration
            before it comes back. --confirm asks for that always, --no-confirm never.

            EXAMPLES
              martlet apply
              martlet apply ./martlet.yaml --confirm 5min && martlet confirm
              martlet apply --no-confirm --json
            """
    )

    @OptionGroup var file: FileArgument
    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let local = LocalConfiguration(path: file.file)
        let files = try local.servable()
        try global.say(try Output.render(local.report, as: global.format))
        try global.say("applying \(counted(files.files.count, "file")) …")
        try global.finish(try global.client.apply(ApplyRequest(files, confirm: confirm.terms)))
    }
}

extension GlobalOptions {
    /// Progress is for people.
    func say(_ words: String) throws {
        if !json { try Console.print(words) }
    }

    /// Prints what became of an apply; a refusal of the kernel's is no success.
    func finish(_ reply: ApplyReply) throws {
        try Console.print(try Output.render(reply, as: format))
        guard reply.refused.isEmpty else { throw CommandError.answeredNo }
    }
}

extension ApplyReply: TextDisplayable {
    func text(_ style: Style) -> String {
        var lines = [style.apply(refused.isEmpty ? .good : .bad, to: summary)]
        lines += section("refused:", refused, .bad, style)
        lines += section("in the way:", conflicts, .bad, style)
        lines += section("strangers' that went along:", losses, .bad, style)
        lines += section("waiting:", pending, .warning, style)
        lines += trial.map { $0.lines(style) } ?? []
        return lines.joined(separator: "\n")
    }

    private var summary: String {
        let taken = changes == accepted ? "all taken by the kernel" : "\(accepted) taken by the kernel"
        return "configuration \(configuration): "
            + (changes == 0 ? "no change needed" : "\(counted(changes, "change")), \(taken)")
    }
}

extension TrialRow {
    /// What the operator has to know and to do.
    func lines(_ style: Style) -> [String] {
        let back =
            "configuration \(previous) comes back at \(Moment.timeOfDay(until).prefix(8)), in \(remaining.rounded)"
        return section("on trial:", reasons, .warning, style)
            + [style.apply(.warning, to: "keep it with 'martlet confirm'; otherwise \(back)")]
    }
}
