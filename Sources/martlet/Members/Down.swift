/// `martlet down`: take a member out at once.
import ArgumentParser
import Control

struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a member out at once, with what it carries.",
        discussion: """
            Survives restarts and reloads until 'martlet up'. A group's last way out is not taken down without --force.

            EXAMPLES
              martlet down wan.lte
              martlet down wan.fiber --force
            """
    )

    @OptionGroup var member: MemberOptions
    @OptionGroup var force: ForceOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.set("down", of: member.member, force: force.force)
    }
}
