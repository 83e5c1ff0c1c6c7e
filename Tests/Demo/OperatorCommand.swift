import Lab
import LabText

/// What does `martlet` say? The real program, asked as an operator would; every answer it shows is printed.
struct OperatorCommand {
    let program: String
    let socket: String
    let namespace: Namespace
    /// Left out where file names are shown, so that tables stay narrow.
    let directory: String
    let narrator: Narrator

    /// Prints the command and its answer.
    func show(_ words: String...) throws {
        narrator.command("martlet " + words.joined(separator: " "))
        let result = try namespace.attempt([program] + words + ["--socket", socket])
        let text = result.output.isEmpty ? result.errorOutput : result.output
        narrator.output(text.replacing(directory + "/", with: ""))
    }

    /// The same answer for programs.
    ///
    /// - Throws: ``Command/Failure`` when the command does not leave with status 0.
    func json(_ words: String...) throws -> JSON {
        try JSON.parse(try namespace.run([program] + words + ["--socket", socket, "--json"]))
    }

    /// The health of each member, by scope: `["wan.fiber ipv4": "up"]`.
    func health() throws -> [String: String] {
        let rows = try json("show", "members").elements ?? []
        return Dictionary(
            rows.map { row in
                let name = row["name"]?.string ?? "", scope = row["scope"]?.string ?? ""
                return ("\(name) \(scope)", row["health"]?.string ?? "")
            },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
