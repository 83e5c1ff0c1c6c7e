/// `martlet explain route`: by which rule, table, group and member does a packet leave?
import ArgumentParser
import Control
import NetTypes

struct ExplainRoute: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route",
        abstract: "Why a packet to an address leaves where it leaves.",
        discussion: """
            EXAMPLES
              martlet explain route 198.51.100.7
              martlet explain route 198.51.100.7 --from 10.0.0.5 --iif lan0
              martlet explain route 198.51.100.7 --mark 0x1000000
            """
    )

    @Argument(help: "The destination.")
    var address: IPAddress

    @Option(help: ArgumentHelp("The packet's source.", valueName: "address"))
    var from: IPAddress?

    @OptionGroup var packet: PacketOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard from == nil || from?.family == address.family else {
            throw ValidationError("--from must be of the same family as the destination.")
        }
    }

    var question: RouteQuestion { packet.question(to: address, from: from) }

    func run() throws {
        try global.explain(try global.client.explain(question))
    }
}
