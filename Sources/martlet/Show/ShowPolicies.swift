/// `martlet show policies`: which packets go where, and how many did?
import ArgumentParser
import Control

struct ShowPolicies: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policies",
        abstract: "Network policies in their order, with what they do now and the packets they took."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.policies())
    }
}

extension PolicyRow: ListDisplayable {
    static var columns: [Column] { ["POLICY", "MATCH", "TARGET", "IPV4", "IPV6", "MARK", "PACKETS", "BYTES", "CAUSE"] }

    static var none: String { "no network policies" }

    var cells: [Cell] {
        [
            Cell(name, .strong), Cell(match), Cell(target), .state(ipv4), .state(ipv6), Cell(mark ?? "-"),
            Cell(packets.map(String.init) ?? "-"), Cell(bytes.map(String.init) ?? "-"), Cell(cause),
        ]
    }
}
