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

    private static let groups: [any ParsableCommand.Type] = [Martlet.self, Show.self, Explain.self]

    @Test func everyCommandIsInTheManual() throws {
        let words = Set(try page("martlet.1").split { !$0.isLetter }.map(String.init))
        for group in Self.groups {
            for command in group.configuration.subcommands
                + group.configuration.groupedSubcommands.flatMap(\.subcommands)
            {
                let name = command.configuration.commandName ?? "\(command)".lowercased()
                #expect(words.contains(name) || name == "decision", "\(name)")
            }
        }
    }

    @Test(arguments: [["route"], ["model"]]) func everyOptionOfExplainIsInTheManual(command: [String]) throws {
        let help = try Program.run(["explain"] + command + ["--help"]).output
        let options = help.split { $0 == " " || $0 == "\n" || $0 == "," }.filter { $0.hasPrefix("--") && $0.count > 3 }
        #expect(options.count >= 5)
        let manual = try page("martlet.1")
        for option in Set(options.map { $0.dropFirst(2).prefix { $0.isLetter } }) {
            #expect(manual.contains("Fl -\(option)"), "\(option)")
        }
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
