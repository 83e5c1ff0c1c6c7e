/// `martlet explain route`: by which rule, table, group and member does a packet leave?
import ArgumentParser
import Control
import Forwarding
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

    @Option(help: ArgumentHelp("The device it comes in by; left out for packets of this host.", valueName: "device"))
    var iif: String?

    @Option(help: ArgumentHelp("The packet's mark, decimal or 0x….", valueName: "mark"))
    var mark: MarkArgument?

    @Option(
        help: ArgumentHelp("The protocol, where policies ask for it; tcp if a port is given.", valueName: "protocol")
    )
    var proto: String?

    @Option(help: ArgumentHelp("The port it is for, where policies ask for it.", valueName: "port"))
    var dport: UInt16?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if let proto, PacketFact.transportNumber(proto) == nil {
            throw ValidationError("--proto '\(proto)' is no protocol that conditions know.")
        }
        guard from == nil || from?.family == address.family else {
            throw ValidationError("--from must be of the same family as the destination.")
        }
    }

    var question: RouteQuestion {
        RouteQuestion(
            destination: address,
            source: from,
            inputDevice: iif,
            mark: mark?.value,
            transport: proto ?? dport.map { _ in "tcp" },
            destinationPort: dport
        )
    }

    func run() throws {
        try global.explain(try global.client.explain(question))
    }
}
