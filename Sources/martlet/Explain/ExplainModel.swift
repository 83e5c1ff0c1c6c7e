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

    @OptionGroup var global: GlobalOptions

    var question: ModelQuestion {
        ModelQuestion(prompt: prompt, model: model, key: key, stream: stream, tools: tools)
    }

    func run() throws {
        try global.explain(try global.client.explain(question))
    }
}
