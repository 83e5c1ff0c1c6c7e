/// `martlet replay`: does a recording give the same effects again?
import ArgumentParser
import ConfigModel
import Control
import Runtime

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run a recording of 'martletd --record' again and compare; needs no daemon.",
        discussion: """
            Prints every event and what it gave. Exit status 1 at the first effect that differs from the recorded one.

            EXAMPLES
              martlet replay incident.jsonl
              martlet replay incident.jsonl --json | jq -c '.notes[]'
            """
    )

    @Argument(help: "The recording: JSON lines.", completion: .file(extensions: ["jsonl"]))
    var file: String

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let lines = try RecordingFile.lines(of: file)
        let format = global.format
        let outcome = try ReplayOutcome(of: lines) { try Console.print(try Output.renderLine($0, as: format)) }
        try Console.print(try Output.renderLine(outcome, as: format))
        guard outcome.equal else { throw CommandError.answeredNo }
    }
}
