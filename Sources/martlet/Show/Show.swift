/// `martlet show`: the daemon's tables, one subcommand each.
import ArgumentParser
import Control

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one of the daemon's tables.",
        discussion: """
            EXAMPLES
              martlet show members
              martlet show routes --json | jq '.[] | select(.state != "programmed")'
              martlet show decisions | head
            """,
        subcommands: [
            ShowGroups.self, ShowMembers.self, ShowRoutes.self, ShowRules.self, ShowDrift.self, ShowProbes.self,
            ShowBFD.self, ShowProviders.self, ShowDecisions.self, ShowOverrides.self, ShowPolicies.self,
            ShowSets.self, ShowKeys.self, ShowUsage.self,
        ]
    )

    @OptionGroup var global: GlobalOptions
}

extension GlobalOptions {
    /// Prints the rows.
    func show<Row: ListDisplayable & Encodable>(_ rows: [Row]) throws {
        try Console.print(try Output.render(rows, as: format))
    }
}
