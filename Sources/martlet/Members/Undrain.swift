/// `martlet undrain`: end a drain, and nothing more.
import ArgumentParser
import Control

struct Undrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a member's drain.",
        discussion: """
            A member that was taken down stays down: 'martlet up' is for that.

            EXAMPLES
              martlet undrain wan.cable
            """
    )

    @OptionGroup var member: MemberOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let rows = try global.client.members()
        if Self.isDown(member.member, among: rows) {
            throw CommandError.failed("\(member.member) is down, not draining", hint: "martlet up \(member.member)")
        }
        try global.set("up", of: member.member, force: false)
    }

    /// Whether the operator took it down. Names nobody knows are the daemon's to refuse.
    static func isDown(_ member: String, among rows: [MemberRow]) -> Bool {
        rows.contains { ($0.name == member || "\($0.plane):\($0.name)" == member) && $0.admin == "down" }
    }
}
