/// `martlet show sets`: which addresses do the named sets hold?
import ArgumentParser
import Control

struct ShowSets: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sets",
        abstract: "Named sets of addresses: where they come from, how large they are."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.sets())
    }
}

extension SetRow: ListDisplayable {
    static var columns: [Column] { ["SET", "SOURCE", "IPV4", "IPV6", "STATE", "CAUSE"] }

    static var none: String { "no sets" }

    var cells: [Cell] {
        [
            Cell(name, .strong), Cell(source), Cell(String(ipv4)), Cell(String(ipv6)),
            .state(state + (detail.map { ": \($0)" } ?? "")), Cell(cause),
        ]
    }
}
