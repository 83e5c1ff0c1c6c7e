/// `martlet show members`: which ways out are there, and how are they?
import ArgumentParser
import Control

struct ShowMembers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "Members with health, admin state and part of the load."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.show(try global.client.members())
    }
}

extension MemberRow: ListDisplayable {
    static var columns: [Column] {
        [
            "PLANE", "MEMBER", "SCOPE", "ADMIN", "HEALTH", "SINCE", Column("TIER", .right), Column("WEIGHT", .right),
            Column("SHARE", .right), "WAY OUT", "NEIGHBOUR", "MARK", "CAUSE", "LINE",
        ]
    }

    static var none: String { "no members configured" }

    var cells: [Cell] {
        [
            Cell(plane), Cell(name, .strong), Cell(scope), .state(admin), .state(health), Cell(Moment.age(since)),
            "\(tier)", "\(weight)", Cell(Percent.text(permille: sharePermille)), Cell(wayOut), Cell(neighbour),
            Cell(mark), Cell(cause),
            Cell(place, .quiet),
        ]
    }
}
