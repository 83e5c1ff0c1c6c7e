/// `martlet probe`: what does a member's probe say right now, request by request?
import ArgumentParser
import Control
import NetTypes

struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a member's probe now and show every request: whom it asks, by which way, and what comes of it.",
        discussion: """
            The run stands beside the member's schedule: nothing of it counts for the member's health. Exit status 0 if every
            request was answered, 1 if one was not.

            EXAMPLES
              martlet probe wan.fiber
              martlet probe wan.cable --json
            """
    )

    @OptionGroup var member: MemberOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let reply = try global.client.probe(member.member)
        try Console.print(try Output.render(reply, as: global.format))
        guard reply.requests.allSatisfy(\.isAnswered) else { throw CommandError.answeredNo }
    }
}

extension ProbeReply: TextDisplayable {
    private static let columns: [Column] = [
        "SCOPE", "KIND", "TARGET", "SOURCE", "DEVICE", "MARK", Column("ROUND TRIP", .right), "RESULT",
    ]

    func text(_ style: Style) -> String {
        Table.render(Self.columns, requests.map(Self.cells), style)
    }

    private static func cells(_ request: Request) -> [Cell] {
        let words = request.result + (request.detail.map { " (\($0))" } ?? "")
        let trip = request.roundTrip.map { (request.clock == "process" ? "~" : "") + "\($0)" }
        return [
            Cell(request.scope), Cell(request.kind), Cell(request.target, .strong), Cell(request.source),
            Cell(request.device), Cell(request.mark), Cell(trip),
            request.result == "success" ? .state(words) : Cell(words, .bad),
        ]
    }
}
