/// The operator's command: which subcommands there are. Each is a thin client of the daemon's control socket, or works on files.
import ArgumentParser
import Control

@main
struct Martlet: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Route packets and prompts: ask and steer martletd.",
        discussion: """
            EXAMPLES
              martlet check                         is /etc/martlet/martlet.yaml right?
              martlet plan && martlet apply         what would change; change it
              martlet rollback                      and back again
              martlet status                        one screen
              martlet explain route 198.51.100.7    why a packet leaves where it leaves
              martlet explain model 'hello'         why a prompt goes where it goes
              martlet drain wan.cable               take a member out gently

            EXIT STATUS
              0  done
              1  the answer is no, or the file is wrong
              2  usage
              3  the daemon cannot be reached

            ENVIRONMENT
              MARTLET_SOCKET  the control socket, if --socket does not name it
              NO_COLOR        never colour, as a terminal's output is otherwise
            """,
        version: MartletVersion.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Configuration",
                subcommands: [
                    Check.self, Plan.self, Apply.self, Confirm.self, Rollback.self, HistoryCommand.self, Diff.self,
                    ImportCommand.self,
                ]
            ),
            CommandGroup(
                name: "Looking",
                subcommands: [
                    Status.self, Show.self, Explain.self, UsageCommand.self, Probe.self, Watch.self, Top.self,
                ]
            ),
            CommandGroup(name: "Steering", subcommands: [Drain.self, Undrain.self, Down.self, Up.self]),
            CommandGroup(name: "Models", subcommands: [Keys.self]),
            CommandGroup(name: "Incidents", subcommands: [DoctorCommand.self, Capture.self, ReplayCommand.self]),
        ]
    )

    @OptionGroup var global: GlobalOptions

    static func main() {
        Console.exit(with: status(of: Array(CommandLine.arguments.dropFirst())))
    }
}
