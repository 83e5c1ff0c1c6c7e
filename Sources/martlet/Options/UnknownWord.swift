/// Where a command line has a word that is no command: which command was meant?
import ArgumentParser
import ConfigSyntax

enum UnknownWord {
    /// Nil when every word is a command, or stands where a command's own arguments do.
    static func hint(for arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = Martlet.self
        var words = arguments[...]
        while let word = words.popFirst() {
            if word == "--socket" { words = words.dropFirst() }
            if word.hasPrefix("-") || word == "help" { continue }
            let inner = subcommands(of: command)
            if inner.isEmpty { return nil }
            if let found = inner.first(where: { $0._commandName == word }) {
                command = found
                continue
            }
            let names = inner.map { $0._commandName }
            // What a group of commands takes for an argument of its default need be no command at all.
            guard command.configuration.defaultSubcommand == nil else {
                return NearestName.of(word, among: names).map { "did you mean '\($0)'?" }
            }
            return NearestName.hint(for: word, among: names)
        }
        return nil
    }

    private static func subcommands(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        command.configuration.subcommands + command.configuration.groupedSubcommands.flatMap { $0.subcommands }
    }
}
