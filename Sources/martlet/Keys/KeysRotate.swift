/// `martlet keys rotate`: a new secret for a key that clients use already.
import ArgumentParser
import Control
import NetTypes

struct KeysRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give a key a new secret; the old one stays good for the grace given.",
        discussion: """
            EXAMPLES
              martlet keys rotate ci                the old secret is refused at once
              martlet keys rotate ci --grace 1d     clients have a day to change over
            """
    )

    @OptionGroup var key: KeyOptions

    @Option(help: ArgumentHelp("How long the old secret stays good: 10min, 1d.", valueName: "duration"))
    var grace: DurationArgument?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard let grace, !(.zero...KeyRotation.longestGrace).contains(grace.value) else { return }
        throw ValidationError("--grace takes from 0s to 90d.")
    }

    func run() throws {
        let reply = try global.client.rotate(KeyRotation(name: key.name, grace: grace?.value))
        try Console.print(try Output.render(reply, as: global.format))
    }
}
