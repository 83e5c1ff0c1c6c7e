/// `martlet keys list` and `martlet show keys`: who may ask, and did they?
import ArgumentParser
import Control

struct KeysList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "The client keys: what they may use, where they come from, when they were last used."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws { try global.show(try global.client.keys()) }
}

struct ShowKeys: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "The client keys, as 'martlet keys list' has them."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws { try global.show(try global.client.keys()) }
}

extension KeyRow: ListDisplayable {
    static var columns: [Column] {
        ["KEY", "STATE", "TEAM", "TAGS", "MODELS", "LIMITS", "BUDGET", "SPENT", "EXPIRES", "LAST USED", "FROM"]
    }

    static var none: String { "no keys: make one with 'martlet keys create NAME'" }

    var cells: [Cell] {
        [
            Cell(name, .strong), Cell(stateWords, stateTone), Cell(team),
            Cell(tags.isEmpty ? nil : tags.joined(separator: ", ")), Cell(models?.joined(separator: ", ") ?? "all"),
            Cell(limits), Cell(budget), Cell(spent),
            Cell(expires.map { Moment.dateAndTime($0) }), Cell(lastUsed.map { Moment.dateAndTime($0) }),
            Cell(place ?? createdBy.map { "keys create by \($0)" } ?? "-", .quiet),
        ]
    }

    private var stateWords: String {
        state + (formerUntil.map { ", the old one until \(Moment.dateAndTime($0))" } ?? "")
    }

    private var stateTone: Tone {
        switch state {
        case "valid": .good
        case "expired": .bad
        default: .warning
        }
    }
}
