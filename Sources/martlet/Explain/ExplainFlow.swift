/// `martlet explain flow`: by which member does one flow leave, and by which bucket of its group?
import ArgumentParser
import Control
import NetTypes

struct ExplainFlow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow",
        abstract: "Why a flow from one address to another leaves where it leaves.",
        discussion: """
            What 'explain route --from' says; with protocol and ports the kernel tells which member of a group the flow goes to,
            and of a resilient group which bucket it is in.

            EXAMPLES
              martlet explain flow 10.0.0.5 198.51.100.7 --iif lan0 --proto tcp --sport 40000 --dport 443
              martlet explain flow 2001:db8:10::5 2001:db8::1 --iif lan0 --proto udp --sport 5000 --dport 53
            """
    )

    @Argument(help: "The source.")
    var source: IPAddress

    @Argument(help: "The destination.")
    var destination: IPAddress

    @OptionGroup var packet: PacketOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard source.family == destination.family else {
            throw ValidationError("source and destination must be of the same family.")
        }
    }

    var question: RouteQuestion { packet.question(to: destination, from: source) }

    func run() throws {
        try global.explain(try global.client.explain(question))
    }
}
