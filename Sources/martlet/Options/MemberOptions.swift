/// Which member is an administrative command about? Completed from the daemon itself.
import ArgumentParser
import Control
import NetTypes

struct MemberOptions: ParsableArguments {
    @Argument(
        help: "The member, as GROUP.MEMBER; with 'network:' or 'models:' in front where both planes have the name.",
        completion: .custom { _, _, _ in Self.names() }
    )
    var member: String

    func validate() throws {
        let name = member.split(separator: ":", maxSplits: 1).last ?? ""
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError("'\(member)' is no member: write GROUP.MEMBER, as 'martlet show members' does.")
        }
    }

    /// A shell waits for this at every TAB.
    private static let patience = ControlClient.Limits(
        connect: .milliseconds(300),
        answer: .milliseconds(700),
        body: 4 << 20,
        event: 0
    )

    /// Whatever the daemon has, or nothing: a shell's completion is no place for errors.
    private static func names() -> [String] {
        let path = GlobalOptions.socketPath(option: nil, variable: Console.variable)
        let rows = (try? ControlClient(socketPath: path, limits: patience).members()) ?? []
        return Set(rows.map(\.name)).sorted()
    }
}
