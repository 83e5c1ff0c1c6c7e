/// What every command understands: where the daemon is and how to write the answer.
import ArgumentParser
import ConfigModel
import Control

struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's control socket (or MARTLET_SOCKET; else \(ControlConfiguration.defaultSocket)).",
            valueName: "path"
        ),
        completion: .file()
    )
    var socket: String?

    @Flag(help: "Write JSON instead of text.")
    var json = false

    /// How to reach the daemon.
    var client: ControlClient { ControlClient(socketPath: Self.socketPath(option: socket, variable: Console.variable)) }

    /// How to write.
    var format: Output.Format { json ? .json : .text(Self.style) }

    static var style: Style { .fitting(isTerminal: Console.isTerminal, variable: Console.variable) }

    static func socketPath(option: String?, variable: (String) -> String?) -> String {
        option ?? variable("MARTLET_SOCKET") ?? ControlConfiguration.defaultSocket
    }
}
