/// Every wrong file produces exactly its golden messages: `MARTLET_WRITE_GOLDEN=1` writes them anew, to be read by a human.
import ConfigModel
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
        #expect(Fixtures.all(in: "wrong").count >= 35)
    }

    @Test func aSecretWrittenIntoTheFileIsShownNowhere() {
        let rendered = Fixtures.fixture("wrong/19-secrets.yaml").rendered()
        #expect(!rendered.contains("sk-very-secret"))
        #expect(rendered.contains("must be a reference"))
    }
}
