/// `martlet explain model`: to which member would a prompt go, and which others could it have been?
import ArgumentParser
import Control

struct ExplainModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Why a prompt would go where it would go; nothing is sent.",
        discussion: """
            The prompt is used for its facts and not kept.

            EXAMPLES
              martlet explain model 'Write a sorting function'
              martlet explain model 'hello' --model chat --key ci --stream
              martlet explain model 'think' --model chat --thinking --max-tokens 32000
              martlet explain model 'what is this?' --image --user ann --header 'x-session-id: 7'
            """
    )

    @Argument(help: "The prompt.")
    var prompt: String

    @Option(help: ArgumentHelp("The model the request would name.", valueName: "name"))
    var model = "auto"

    @Option(help: ArgumentHelp("The name of the key it would come with (not the key).", valueName: "name"))
    var key: String?

    @Flag(help: "As if a streamed answer were asked for.")
    var stream = false

    @Flag(help: "As if tools were offered.")
    var tools = false

    @Flag(help: "As if the answer had to follow a JSON schema.")
    var schema = false

    @Flag(help: "As if an image were shown.")
    var image = false

    @Flag(help: "As if something were heard.")
    var audio = false

    @Flag(help: "As if a file were attached.")
    var file = false

    @Flag(help: "As if thinking were asked for.")
    var thinking = false

    @Option(help: ArgumentHelp("The most tokens that the answer might have.", valueName: "number"))
    var maxTokens: UInt64?

    @Option(help: ArgumentHelp("Whom the request would be for.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("The client's address.", valueName: "address"))
    var from: String?

    @Option(help: ArgumentHelp("A header of the request; may be given again.", valueName: "name: value"))
    var header: [String] = []

    @OptionGroup var global: GlobalOptions

    var question: ModelQuestion {
        ModelQuestion(
            prompt: prompt,
            model: model,
            key: key,
            stream: stream,
            tools: tools,
            schema: schema ? true : nil,
            image: image ? true : nil,
            audio: audio ? true : nil,
            file: file ? true : nil,
            thinking: thinking ? true : nil,
            maxTokens: maxTokens,
            user: user,
            source: from,
            headers: header.isEmpty ? nil : header
        )
    }

    func run() throws {
        try global.explain(try global.client.explain(question))
    }
}
