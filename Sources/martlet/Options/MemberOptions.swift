/// Which member is an administrative command about? Completed from the daemon itself.
import ArgumentParser

struct MemberOptions: ParsableArguments {
    @Argument(
        help: "The member, as GROUP.MEMBER; with 'network:' or 'models:' in front where both planes have the name.",
        completion: .custom { words, _, _ in Completion(words).members() }
    )
    var member: String

    func validate() throws {
        let name = member.split(separator: ":", maxSplits: 1).last ?? ""
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError("'\(member)' is no member: write GROUP.MEMBER, as 'martlet show members' does.")
        }
    }
}
