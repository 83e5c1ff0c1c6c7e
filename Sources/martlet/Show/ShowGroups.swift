/// `martlet show groups`: which groups are there, and how is their load divided?
import ArgumentParser
import Control

struct ShowGroups: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "Groups and how their load is divided."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.groups())
    }
}

extension GroupRow: ListDisplayable {
    static var columns: [Column] {
        ["PLANE", "GROUP", "SCOPE", "STRATEGY", "STATE", Column("TIER", .right), "SHARES", "CAUSE"]
    }

    static var none: String { "no groups configured" }

    var cells: [Cell] {
        [
            Cell(plane), Cell(name, .strong), Cell(scope), Cell(strategy), .state(state), Cell(activeTier),
            Cell(shareWords), Cell(cause, .quiet),
        ]
    }

    /// `fiber 75 %, cable 25 %, lte (standby)`.
    var shareWords: String {
        let total = shares.reduce(into: UInt64(0)) { $0 &+= UInt64($1.weight) }
        let words = shares.map { share in
            guard share.weight > 0, total > 0 else { return "\(share.member) (\(share.reason))" }
            return "\(share.member) \(Percent.text(permille: Int((UInt64(share.weight) * 1000 + total / 2) / total)))"
        }
        return words.isEmpty ? "-" : words.joined(separator: ", ")
    }
}
