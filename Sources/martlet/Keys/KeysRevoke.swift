/// `martlet keys revoke`: a key that is refused from now on.
import ArgumentParser
import Control

struct KeysRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Forget a key: requests that show it are refused from now on, streams that run go on."
    )

    @OptionGroup var key: KeyOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let reply = try global.client.revoke(KeyRevocation(name: key.name))
        try Console.print(try Output.render(reply, as: global.format))
    }
}
