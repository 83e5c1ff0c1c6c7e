/// `martlet keys`: the keys that clients of the model API show.
import ArgumentParser
import Control

struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, rotate and revoke the keys that clients of the model API show.",
        discussion: """
            A key made here is shown once; kept is its SHA-256, in the daemon's state directory. Keys that the configuration
            declares are changed there.

            EXAMPLES
              martlet keys create ci --team platform --expires 90d
              martlet keys create notebook --model chat --model coders.big
              martlet keys rotate ci --grace 1d
              martlet keys revoke notebook
            """,
        subcommands: [KeysCreate.self, KeysList.self, KeysRotate.self, KeysRevoke.self]
    )

    @OptionGroup var global: GlobalOptions
}

/// Which stored key is it about? Completed from the daemon itself.
struct KeyOptions: ParsableArguments {
    @Argument(help: "The key's name.", completion: .custom { words, _, _ in Completion(words).storedKeys() })
    var name: String
}

extension KeyReply: TextDisplayable {
    /// The key stands alone on its line, for whoever takes it with `head -1`.
    func text(_ style: Style) -> String {
        (key.map { style.apply(.strong, to: $0) + "\n" } ?? "") + style.apply(.quiet, to: words)
    }
}
