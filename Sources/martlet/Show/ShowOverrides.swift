/// `martlet show overrides`: what did the operator change at run time?
import ArgumentParser
import Control

struct ShowOverrides: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overrides",
        abstract: "What was set by hand (drain, down) and outlives restarts."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.overrides())
    }
}

extension OverrideRow: ListDisplayable {
    static var columns: [Column] { ["PLANE", "MEMBER", "ADMIN"] }

    static var none: String { "no overrides: every member is as the file says" }

    var cells: [Cell] { [Cell(plane), Cell(member, .strong), .state(admin)] }
}
