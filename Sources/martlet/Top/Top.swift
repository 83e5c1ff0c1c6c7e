/// `martlet top`: how every member stands and what it carries, again and again.
import ArgumentParser
import Control
import NetTypes

struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The members live: health, share, round trip, loss and rates, until interrupted.",
        discussion: """
            On a terminal in place, else a table per interval; with --json one object a line. Packets are those that the group
            sent by the member, as the kernel counts them (6.9 and later); in and out are all bits of its device, in a second.

            EXAMPLES
              martlet top
              martlet top --interval 5s
              martlet top --count 1 --json | jq '.rows[] | select(.health != "up")'
            """
    )

    @Option(help: ArgumentHelp("The time from one look to the next: 500ms, 5s.", valueName: "duration"))
    var interval = DurationArgument(.seconds(1))

    @Option(help: ArgumentHelp("End after so many looks.", valueName: "looks"))
    var count: Int?

    @OptionGroup var global: GlobalOptions

    /// Looking more often would cost the daemon more than it tells.
    static let possible = Span.milliseconds(100)...Span.seconds(3600)
    /// The first rates are those of a shorter time, so that nobody waits for them.
    private static let first = Span.milliseconds(250)

    func validate() throws {
        guard Self.possible.contains(interval.value) else {
            throw ValidationError("--interval takes from 100ms to 1h.")
        }
        guard count ?? 1 > 0 else { throw ValidationError("--count takes a number above 0.") }
    }

    func run() throws {
        let client = global.client
        var (before, then) = (try client.top(), Console.uptime)
        var screen = TopScreen(format: global.format, isTerminal: Console.isTerminal)
        Console.sleep(min(interval.value, Self.first))
        var looks = 0
        while true {
            let (look, now) = (try client.top(), Console.uptime)
            try screen.show(TopFrame(look, since: before, after: Span(nanoseconds: now.nanoseconds - then.nanoseconds)))
            (before, then) = (look, now)
            looks += 1
            if let count, looks >= count { return }
            Console.sleep(interval.value)
        }
    }
}
