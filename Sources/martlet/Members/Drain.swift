/// `martlet drain`: take a member out gently.
import ArgumentParser
import Control

struct Drain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a member out gently: new flows and requests go elsewhere, the old ones finish.",
        discussion: """
            Survives restarts and reloads until 'martlet undrain'; 'martlet show overrides' lists what is set. A group's last
            way out is not drained without --force.

            EXAMPLES
              martlet drain wan.cable
              martlet drain models:chat.big
            """
    )

    @OptionGroup var member: MemberOptions
    @OptionGroup var force: ForceOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.set("drain", of: member.member, force: force.force)
    }
}
