/// The words and options of apply, confirm, rollback, history and diff.
import ArgumentParser
import Control
import NetTypes
import Testing

@testable import martlet

@Suite struct ChangesTests {
    private func files(_ texts: String...) -> ConfigurationFiles {
        ConfigurationFiles(files: texts.enumerated().map { .init(name: "f\($0.offset)", text: $0.element) })
    }

    @Test func aDifferenceIsInTheUnifiedFormat() {
        let old = files("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n")
        let new = files("a\nb\nc\nd\nE\nf\ng\nh\ni\nj\nk\n")
        #expect(
            TextDifference(from: old, to: new).text(.plain) == """
                --- f0
                +++ f0
                @@ -2,9 +2,10 @@
                 b
                 c
                 d
                -e
                +E
                 f
                 g
                 h
                 i
                 j
                +k
                """
        )
    }

    @Test func distantChangesAreHunksOfTheirOwn() {
        let lines = (1...30).map(String.init)
        let changed = lines.map { ["2", "28"].contains($0) ? $0 + "!" : $0 }
        let difference = TextDifference(
            from: files(lines.joined(separator: "\n")),
            to: files(changed.joined(separator: "\n"))
        )
        #expect(difference.files.first?.hunks.map(\.old) == [1, 25])
    }

    @Test func filesThatComeOrGoAreWhole() {
        let gone = TextDifference(from: files("a\n", "b\n"), to: files("a\n"))
        #expect(gone.text(.plain) == "--- f1\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-b")
        #expect(TextDifference(from: files("a"), to: files("a\n")).text(.plain) == "no difference")
    }

    @Test(
        arguments: [
            ("apply", ConfirmTerms.When.whenNeeded, 60, "the default"),
            ("apply --confirm 5min", .always, 300, "asked for"),
            ("apply --no-confirm", .never, 60, "declined"),
        ] as [(String, ConfirmTerms.When, Int64, String)]
    )
    func aConfirmationIsTheDefaultWhenNeeded(line: String, when: ConfirmTerms.When, seconds: Int64, why: String) throws
    {
        let words = line.split(separator: " ").map(String.init)
        let command = try #require(try Martlet.parseAsRoot(words) as? Apply)
        #expect(command.confirm.terms.when == when, "\(why)")
        #expect(command.confirm.terms.within == .seconds(seconds))
    }

    @Test(arguments: [
        "apply --confirm", "apply --confirm 5", "apply --confirm 0s", "apply --confirm 2d",
        "apply --confirm 5s --no-confirm",
        "rollback x", "confirm 5", "diff", "diff running x", "history x",
    ])
    func wrongUsageIsRefused(line: String) throws {
        let error = #expect(throws: (any Error).self) {
            var command = try Martlet.parseAsRoot(line.split(separator: " ").map(String.init))
            try command.run()
        }
        let code = Martlet.exitCode(for: try #require(error))
        #expect(code == .validationFailure || line == "diff" && code == .success, "\(line)")
    }

    @Test func theOperatorIsFoundInTheSessionOrInAParent() {
        let parents: [Int32: Int32] = [40: 30, 30: 20, 20: 1]
        let environments = [30: ["HOME=/", "SSH_CONNECTION=fe80::5%eth0 50000 fe80::1%eth0 22"]] as [Int32: [String]]
        let found = Operator.address(in: nil) {
            environments[$0] ?? []
        } parentOf: {
            parents[$0] ?? 40
        }
        #expect(found == IPAddress("fe80::5"), "sudo hides the variable, sshd's shell has it")
        let own = Operator.address(in: "192.0.2.5 50000 192.0.2.1 22") { _ in
            []
        } parentOf: { _ in
            nil
        }
        #expect(own == IPAddress("192.0.2.5"))
        let console = Operator.address(in: nil) { _ in
            []
        } parentOf: {
            parents[$0] ?? 40
        }
        #expect(console == nil, "a console has no far end")
        let loop = Operator.address(in: nil) { _ in
            []
        } parentOf: {
            $0 == 2 ? 3 : 2
        }
        #expect(loop == nil)
    }

    private static func row(_ configuration: Int?, _ state: String? = nil, isKept: Bool = true) -> HistoryRow {
        HistoryRow(
            at: 0,
            user: "root",
            process: 5,
            what: "apply",
            result: "1 change",
            configuration: configuration,
            isKept: isKept,
            state: state
        )
    }

    @Test func theConfigurationBeforeIsTheLastOtherOne() throws {
        let rows = [Self.row(nil), Self.row(3, "running"), Self.row(3), Self.row(2, isKept: false), Self.row(1)]
        #expect(try DiffRunning.previous(in: rows) == 1)
        #expect(throws: CommandError.self) { try DiffRunning.previous(in: [Self.row(3, "running")]) }
    }

    @Test func aTrialSaysWhyAndWhatToDo() {
        let trial = TrialRow(
            configuration: 4,
            previous: 3,
            until: 0,
            remaining: .milliseconds(59_400),
            reasons: ["it changes your way"]
        )
        let lines = trial.lines(.plain)
        #expect(lines.prefix(2) == ["on trial:", "  - it changes your way"])
        #expect(
            lines.last?.hasPrefix("keep it with 'martlet confirm'; otherwise configuration 3 comes back at ") == true
        )
        #expect(lines.last?.hasSuffix(", in 59s") == true)
    }
}
