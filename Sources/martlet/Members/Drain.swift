/// `martlet drain`: take a member out gently.
import ArgumentParser
import Control
import NetTypes

struct Drain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a member out gently: new flows and requests go elsewhere, the old ones finish.",
        discussion: """
            Survives restarts and reloads until 'martlet undrain'; 'martlet show overrides' lists what is set. A group's last
            way out is not drained without --force.

            Says how many flows are still on a network member: connections that the kernel tracks and that have not ended,
            without pings and the member's own probes. With --wait until there is none; exit status 1 if some are left at the
            timeout, and the member stays drained.

            EXAMPLES
              martlet drain wan.cable
              martlet drain wan.cable --wait --timeout 10min
              martlet drain models:chat.big
            """
    )

    @OptionGroup var member: MemberOptions
    @OptionGroup var force: ForceOptions

    @Flag(help: "Wait until no flow is left on the member, and show how many there are.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait at most: 90s, 10min.", valueName: "duration"))
    var timeout = DurationArgument(.seconds(300))

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard timeout.value > .zero else { throw ValidationError("--timeout takes a time above 0.") }
    }

    func run() throws {
        let client = global.client
        let reply = try client.set(AdminRequest(member: member.member, admin: "drain", force: force.force))
        var progress = DrainProgress(reply, format: global.format, isTerminal: Console.isTerminal)
        if wait { return try progress.follow(client, within: timeout.value) }
        // Of a model member nobody counts what is under way.
        try progress.tell(try? client.flows(on: member.member))
    }
}
