/// `martlet show providers`: who serves models, and by which path?
import ArgumentParser
import Control

struct ShowProviders: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers",
        abstract: "Model providers, where their key comes from, their path, and when what is written of them was tried."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.providers())
    }
}

extension ProviderRow: ListDisplayable {
    static var columns: [Column] { ["PROVIDER", "DIALECT", "URL", "KEY", "PATH", "PROBE", "TRIED", "MEMBERS", "LINE"] }

    static var none: String { "no providers configured" }

    var cells: [Cell] {
        [
            Cell(name, .strong), Cell(dialect), Cell(url), Cell(key), Cell(path), Cell(probe), Cell(tried),
            Cell(members.isEmpty ? nil : members.joined(separator: ", ")), Cell(place, .quiet),
        ]
    }
}
