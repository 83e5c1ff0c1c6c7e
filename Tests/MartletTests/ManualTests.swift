/// The manual pages against the program: every command and option is in martlet(1), and the example of martlet.yaml(5) is right.
import ArgumentParser
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Testing

@testable import martlet

@Suite struct ManualTests {
    private func page(_ name: String) throws -> String {
        try Fixture.text("/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/docs/man/\(name)")
    }

    /// Every command, however deep, by its words: `show groups`.
    private static func commands(under type: any ParsableCommand.Type, _ words: [String] = []) -> [Command] {
        let inner = type.configuration.subcommands + type.configuration.groupedSubcommands.flatMap(\.subcommands)
        let own = words.isEmpty ? [] : [Command(words: words, type: type)]
        return own + inner.flatMap { commands(under: $0, words + [$0._commandName]) }
    }

    struct Command: Sendable, CustomTestStringConvertible {
        let words: [String]
        let type: any ParsableCommand.Type
        var testDescription: String { words.joined(separator: " ") }
    }

    static let all = commands(under: Martlet.self)

    /// What every command has, and the page says once.
    private static let common: Set = ["help", "json", "socket", "version"]

    @Test(arguments: all) func everyCommandAndEachOfItsOptionsIsInTheManual(command: Command) throws {
        let manual = try page("martlet.1")
        let words = Set(manual.split { !$0.isLetter }.map(String.init))
        #expect(command.words.allSatisfy { words.contains($0) || $0 == "decision" }, "\(command.words)")
        let help = Martlet.helpMessage(for: command.type, columns: 200)
        // Not the usage line, which leaves options out where there are many.
        let options = help.split(separator: "\n").filter { $0.hasPrefix("  -") }
            .flatMap { $0.split(separator: " ").prefix { $0.hasPrefix("-") } }
            .filter { $0.hasPrefix("--") && $0.count > 2 }
            .map { String($0.dropFirst(2).prefix { $0.isLetter || $0 == "-" }) }
        #expect(options.contains("json"), "the help is read")
        for option in Set(options).subtracting(Self.common) {
            #expect(manual.contains("Fl -\(option)"), "\(command.words) --\(option)")
        }
    }

    @Test func thereAreCommandsToLookAt() {
        #expect(Self.all.count > 25 && Self.all.contains { $0.words == ["diff", "kernel"] })
    }

    @Test func theExampleConfigurationIsRightAndServed() throws {
        let text = try page("martlet.yaml.5")
        let start = try #require(text.firstRange(of: ".Bd -literal\n")).upperBound
        let end = try #require(text[start...].firstRange(of: ".Ed")).lowerBound
        let report = LocalConfiguration(texts: [("example", Array(text[start..<end].utf8))]).report
        #expect(report.errors.map(\.text) == [])
        #expect(report.unserved.map(\.text) == [])
        #expect(report.ok)
    }
}
