/// Every wrong file produces exactly its golden messages: `MARTLET_WRITE_GOLDEN=1` writes them anew, to be read by a human.
import ConfigModel
import ConfigSyntax
import Foundation
import Testing

@Suite struct WrongConfigurationTests {
    @Test(arguments: Fixtures.all(in: "wrong"))
    func aWrongFileProducesItsGoldenMessages(_ fixture: Fixtures.Fixture) throws {
        let rendered = fixture.rendered()
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_GOLDEN"] != nil {
            try rendered.write(to: fixture.expectation, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: fixture.expectation, encoding: .utf8)
        #expect(rendered == expected)
    }

    @Test(arguments: Fixtures.all(in: "wrong"))
    func aWrongFileGivesNoConfigurationAndSaysNothingTwice(_ fixture: Fixtures.Fixture) {
        let checked = fixture.check()
        #expect(checked.configuration == nil)
        #expect(!checked.errors.isEmpty)
        #expect(Set(checked.errors).count == checked.errors.count)
    }

    @Test func thereAreWrongFilesOfManyClasses() {
        #expect(Fixtures.all(in: "wrong").count >= 60)
    }

    /// A key where its hash belongs, a secret where its reference belongs, a password in a URL.
    @Test(arguments: [
        ("wrong/19-secrets.yaml", "sk-very-secret"), ("wrong/21-client-keys.yaml", "hunter2"),
        ("wrong/20-provider-urls.yaml", "user:word"), ("wrong/70-bfd.yaml", "geheim"),
    ])
    func aSecretWrittenIntoTheFileIsShownNowhere(_ fixture: String, _ secret: String) throws {
        let fixture = Fixtures.fixture(fixture)
        #expect(try String(contentsOf: fixture.main, encoding: .utf8).contains(secret))
        #expect(!fixture.rendered().contains(secret))
    }

    @Test func whatATextHoldsCannotSpeakToTheTerminal() {
        let text =
            "version: 1\nnetwork: { groups: { wan: { members: { a: { dev: \"\\e[2Jx\", probe: \"\\u202Ex\" } } } } }\n"
        let checked = Fixtures.check(text)
        #expect(checked.errors.count == 2)
        let shown = checked.errors.map { $0.rendered(with: checked.sources) }.joined()
        #expect(!shown.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    }
}
