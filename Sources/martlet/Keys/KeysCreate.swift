/// `martlet keys create`: a new key for a client.
import ArgumentParser
import Control

struct KeysCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key; it is shown this once.",
        discussion: """
            EXAMPLES
              martlet keys create ci --team platform --tag batch
              martlet keys create guest --model chat --expires 2027-01-31
              KEY=$(martlet keys create notebook --json | jq -r .key)
            """
    )

    @Argument(help: "What to call it in records, policies and tables.")
    var name: String

    @Option(help: "The team that it belongs to.")
    var team: String?

    @Option(name: .customLong("tag"), help: "A word that it carries; may be said more than once.")
    var tags: [String] = []

    @Option(
        name: .customLong("model"),
        help: "A group or GROUP.MEMBER that it may be served by; may be said more than once. Without: all.",
        completion: .custom { words, _, _ in Completion(words).models() }
    )
    var models: [String] = []

    @Option(help: ArgumentHelp("When it ends: a date (2027-01-31) or a time from now (90d).", valueName: "when"))
    var expires: String?

    @Option(help: ArgumentHelp("Requests that it may send: 10/s.", valueName: "rate"))
    var requests: String?

    @Option(help: ArgumentHelp("Tokens that it may use: 400000/min.", valueName: "rate"))
    var tokens: String?

    @Option(help: ArgumentHelp("Streamed answers at the same time.", valueName: "count"))
    var streams: Int?

    @Option(help: ArgumentHelp("What it may spend: '20 USD/day'.", valueName: "money"))
    var budget: String?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        var wish = KeyWish(
            name: name,
            team: team,
            tags: tags.isEmpty ? nil : tags,
            models: models.isEmpty ? nil : models,
            expires: expires
        )
        (wish.requests, wish.tokens, wish.streams) = (requests, tokens, streams)
        wish.budget = budget
        try Console.print(try Output.render(try global.client.create(wish), as: global.format))
    }
}
