/// `martlet up`: give a member back to its group.
import ArgumentParser
import Control

struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give a member back to its group, whether it was drained or down.",
        discussion: """
            It carries load again as soon as its health allows.

            EXAMPLES
              martlet up wan.lte
            """
    )

    @OptionGroup var member: MemberOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.set("up", of: member.member, force: false)
    }
}
