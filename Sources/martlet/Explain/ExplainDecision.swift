/// `martlet explain ID`: why did a request go where it went?
import ArgumentParser
import Control
import NetTypes

struct ExplainDecision: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decision",
        abstract: "Why a model request went where it went; the word 'decision' may be left out.",
        discussion: """
            EXAMPLES
              martlet explain 019ab3f2c4d5e6f708192a3b
            """
    )

    @Argument(
        help: "The decision's id, as 'martlet show decisions' and the response header print it.",
        completion: .custom { words, _, _ in Completion(words).decisions() }
    )
    var id: String

    @OptionGroup var global: GlobalOptions

    /// Hexadecimal digits of an id.
    static let idLength = 24

    func validate() throws {
        guard id.utf8.count != Self.idLength || !id.allSatisfy({ $0.isHexDigit }) else { return }
        if IPAddress(id) != nil { throw ValidationError("'\(id)' is an address: martlet explain route \(id)") }
        throw ValidationError(
            "'\(id)' is no decision's id (\(Self.idLength) hexadecimal digits); see also: martlet explain route, martlet explain model"
        )
    }

    func run() throws {
        try global.explain(try global.client.explain(decision: id.lowercased()))
    }
}
