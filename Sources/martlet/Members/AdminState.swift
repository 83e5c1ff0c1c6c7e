/// What the four commands that change a member's administrative state share.
import ArgumentParser
import Control

struct ForceOptions: ParsableArguments {
    @Flag(help: "Do it even if it leaves the group without a member that can carry load.")
    var force = false
}

extension GlobalOptions {
    /// Asks for the state and prints the answer.
    func set(_ admin: String, of member: String, force: Bool) throws {
        let reply = try client.set(AdminRequest(member: member, admin: admin, force: force))
        try Console.print(try Output.render(reply, as: format))
    }
}

extension AdminReply: TextDisplayable {
    func text(_ style: Style) -> String { style.apply(.plain, to: words) }
}
