/// `check` on the house's own right and wrong files, as the shell sees it; and what `plan` and `apply` make of them.
import Control
import Glibc
import Testing

@testable import martlet

@Suite struct CheckTests {
    static let right = Fixture.all(in: "right")
    static let wrong = Fixture.all(in: "wrong")

    @Test func thereAreFixturesOfBothKinds() {
        #expect(Self.right.count >= 5)
        #expect(Self.wrong.count >= 20)
    }

    @Test(arguments: right) func aRightFileIsOk(fixture: Fixture) throws {
        let run = try Program.run(["check", fixture.path])
        #expect(run.status == 0)
        #expect(run.error.isEmpty)
        #expect(run.output.hasPrefix("\(fixture.path): ok ("))
    }

    @Test(arguments: wrong) func aWrongFileSaysAllThatIsWrongAndEndsWithOne(fixture: Fixture) throws {
        let run = try Program.run(["check", fixture.path])
        let report = LocalConfiguration(path: fixture.path).report
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(!report.errors.isEmpty)
        for error in report.errors { #expect(run.error.contains(Printable.lines(error.text))) }
        #expect(run.error.hasSuffix("martlet: \(fixture.path): \(counted(report.errors.count, "error"))\n"))
    }

    @Test(arguments: right + wrong) func theReportAsJSONIsWhole(fixture: Fixture) throws {
        let run = try Program.run(["check", "--json", fixture.path])
        let report = try ControlJSON.decode(CheckReport.self, from: Array(run.output.utf8))
        #expect(report == LocalConfiguration(path: fixture.path).report)
        #expect(report.ok == (run.status == 0))
        #expect(run.error.isEmpty, "programs read one stream")
    }

    @Test func anErrorHasItsPlaceAsFields() throws {
        let fixture = try #require(Self.wrong.first { $0.path.hasSuffix("05-host-bits.yaml") })
        let report = LocalConfiguration(path: fixture.path).report
        #expect(report.errors.map(\.file) == [String](repeating: fixture.path, count: report.errors.count))
        #expect(report.errors.compactMap(\.line) == [6, 7, 8, 9])
        #expect(report.errors.allSatisfy { $0.column == 5 })
    }

    @Test func aRightFileIsCountedInBothPlanes() throws {
        let fixture = try #require(Self.right.first { $0.path.hasSuffix("operator-surface.yaml") })
        let text = LocalConfiguration(path: fixture.path).report.text(.plain)
        let lines = text.split(separator: "\n").map(String.init)
        let counts =
            "network: 2 groups, 5 members, 3 routes, 2 probes; models: 4 providers, 4 groups, 6 members, 5 policies, 1 key"
        #expect(lines.first == "\(fixture.path): ok (\(counts))")
        #expect(lines.dropFirst().first == "not served by this version:")
        #expect(lines.contains { $0.contains("'network.services.site' is not served by this version") })
    }

    @Test func theShippedExampleIsServedWhole() throws {
        let path =
            "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/etc/martlet/martlet.yaml"
        let report = LocalConfiguration(path: path).report
        #expect(report.errors.map(\.text) == [])
        #expect(report.unserved.map(\.text) == [])
    }

    @Test(arguments: ["plan", "apply"]) func whatCannotBeAppliedIsRefusedBeforeTheDaemonIsAsked(command: String) throws
    {
        let nowhere = "/tmp/no-such-martlet.sock"
        for (suffix, end) in [
            ("operator-surface.yaml", "not served by this version"), ("05-host-bits.yaml", "4 errors"),
        ] {
            let fixture = try #require((Self.right + Self.wrong).first { $0.path.hasSuffix(suffix) })
            let run = try Program.run([command, fixture.path, "--socket", nowhere])
            #expect(run.status == 1, "not 3: nobody was asked")
            #expect(run.error.hasSuffix("\(end)\n"))
            #expect(run.output.isEmpty)
        }
    }

    @Test func applySendsEveryTextOfTheConfiguration() throws {
        let fixture = try #require(Self.right.first { $0.path.hasSuffix("merged/martlet.yaml") })
        let daemon = try OneAnswer(
            #"{"generation":2,"configuration":2,"changes":3,"accepted":3,"refused":[],"conflicts":[],"losses":[],"pending":["wan.cable: eth1 is not there"]}"#
        )
        let run = try Program.run(["apply", fixture.path, "--socket", daemon.path])
        #expect(run.status == 0, "\(run.error)")
        #expect(
            run.output.hasSuffix(
                "configuration 2: 3 changes, all taken by the kernel\nwaiting:\n  - wan.cable: eth1 is not there\n"
            )
        )
        let request = daemon.finish()
        #expect(request.hasPrefix("POST /v1/apply HTTP/1.1\r\n"))
        let body = try #require(request.firstRange(of: "\r\n\r\n")).upperBound
        let sent = try ControlJSON.decode(ConfigurationFiles.self, from: Array(request[body...].utf8))
        #expect(sent.files.map { $0.name.suffix(14) } == ["d/martlet.yaml", "/10-cable.yaml", "d/20-chat.yaml"])
        for file in sent.files { #expect(file.text == (try Fixture.text(file.name))) }
    }

    @Test func aRefusedChangeEndsWithOne() throws {
        let fixture = try #require(Self.right.first { $0.path.hasSuffix("minimal-network.yaml") })
        let daemon = try OneAnswer(
            #"{"generation":2,"configuration":2,"changes":3,"accepted":2,"refused":["no: Network is down"],"conflicts":[],"losses":[],"pending":[]}"#
        )
        let run = try Program.run(["apply", fixture.path, "--json", "--socket", daemon.path])
        #expect(run.status == 1)
        #expect(
            try ControlJSON.decode(ApplyReply.self, from: Array(run.output.utf8)).refused == ["no: Network is down"]
        )
        _ = daemon.finish()
    }
}
