/// `martlet confirm`: keep what is on trial.
import ArgumentParser
import Control

struct Confirm: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep the configuration that is on trial.",
        discussion: """
            EXAMPLES
              martlet apply --confirm 60s && martlet confirm
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try Console.print(try Output.render(try global.client.confirm(), as: global.format))
    }
}

extension ConfirmReply: TextDisplayable {
    func text(_ style: Style) -> String { style.apply(.good, to: words) }
}
