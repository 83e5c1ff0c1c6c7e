/// `martlet explain`: why does something go where it goes?
import ArgumentParser
import Control

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a packet or a prompt goes where it goes, or why a request went where it went.",
        discussion: """
            Exit status 0 if there is a way, 1 if there is none.

            EXAMPLES
              martlet explain route 198.51.100.7
              martlet explain route 2001:db8::1 --from 2001:db8:10::5 --mark 0x1000000
              martlet explain flow 10.0.0.5 198.51.100.7 --iif lan0 --proto tcp --sport 40000 --dport 443
              martlet explain model 'Write a sorting function' --model auto --key ci
              martlet explain 019ab3f2c4d5e6f708192a3b
            """,
        subcommands: [ExplainRoute.self, ExplainFlow.self, ExplainModel.self, ExplainDecision.self],
        defaultSubcommand: ExplainDecision.self
    )

    @OptionGroup var global: GlobalOptions
}

extension GlobalOptions {
    /// Prints the explanation; ends with status 1 if there is no way.
    func explain(_ reply: ExplainReply) throws {
        try Console.print(try Output.render(reply, as: format))
        guard reply.works else { throw CommandError.answeredNo }
    }
}

extension ExplainReply: TextDisplayable {
    func text(_ style: Style) -> String {
        let rows = steps.enumerated().map { index, step in
            [
                Cell("\(index + 1)", .quiet), Cell(step.subject, .strong), Cell(step.words),
                Cell(step.cause ?? "", .quiet),
            ]
        }
        var lines = [style.apply(works ? .good : .bad, to: answer)]
        if !rows.isEmpty { lines += ["", Table.lines([Column("", .right), "", "", ""], rows, style)] }
        lines += section("would change:", wouldChange, .plain, style)
        return lines.joined(separator: "\n")
    }
}
