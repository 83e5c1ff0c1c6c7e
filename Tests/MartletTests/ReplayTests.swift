/// A recording, run again: equal, different, broken.
import ConfigModel
import Control
import Forwarding
import Glibc
import NetTypes
import Runtime
import Testing

@testable import martlet

@Suite struct ReplayTests {
    /// A router that reads its first configuration and looks at an empty kernel, as a daemon would record it.
    private func recording() throws -> [RecordedLine] {
        let text = try Fixture.text(
            try #require(Fixture.all(in: "right").first { $0.path.hasSuffix("minimal-network.yaml") }).path
        )
        let files = [RecordedFile(name: "martlet.yaml", text: text)]
        let at = { (seconds: UInt64) in Instant(nanoseconds: seconds * 1_000_000_000) }
        var events: [RecordedLine] = [.configured(at: at(10), draw: 1, files: files)]
        for family in KernelFamily.allCases {
            events += [.fact(at: at(11), draw: 2, .dumpBegan(family)), .fact(at: at(11), draw: 3, .dumpEnded(family))]
        }
        events += [.fact(at: at(12), draw: 4, .ruleset(nil)), .fact(at: at(13), draw: 5, .woke)]
        return try withEffects(events)
    }

    /// The events, each followed by what a router makes of it.
    private func withEffects(_ events: [RecordedLine]) throws -> [RecordedLine] {
        var lines: [RecordedLine] = []
        var replay = Replay {
            LocalConfiguration(texts: $0.map { ($0.name, Array($0.text.utf8)) }).checked.configuration!
        }
        try replay.run(events) { step in
            lines += [step.event] + step.replayed.map(RecordedLine.effect)
        }
        return lines
    }

    /// A file with these lines.
    private func file(_ lines: [RecordedLine], cutting cut: Int = 0) throws -> String {
        var bytes: [UInt8] = []
        for line in lines { bytes += try ControlJSON.encode(line) + [0x0A] }
        return try file(bytes.dropLast(cut))
    }

    private func file(_ bytes: some Collection<UInt8>) throws -> String {
        var template = Array("/tmp/martlet-replay-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(Array(bytes).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test func aRecordingGivesTheSameEffectsAgain() throws {
        let lines = try recording()
        let path = try file(lines)
        defer { unlink(path) }
        let events = lines.filter { $0.at != nil }.count
        #expect(lines.count > events, "there are effects to compare")
        let run = try Program.run(["replay", path])
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.hasSuffix("\(events) events, \(lines.count - events) effects, all equal\n"))
        #expect(run.output.hasPrefix("+0us  configured by martlet.yaml → "))
        #expect(run.output.contains("+1s  dump of links began"))
    }

    @Test func asJSONEveryLineIsAnObject() throws {
        let path = try file(try recording())
        defer { unlink(path) }
        let run = try Program.run(["replay", "--json", path])
        let lines = run.output.split(separator: "\n")
        #expect(run.status == 0)
        #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        #expect(lines.last?.contains(#""difference""#) == false)
    }

    @Test func theFirstDifferentEffectIsShown() throws {
        var lines = try recording()
        let place = try #require(lines.lastIndex { $0.at == nil })
        lines[place] = .effect(.wake(at: Instant(nanoseconds: 7)))
        let events = lines[..<place].filter { $0.at != nil }.count
        let outcome = try ReplayOutcome(of: lines) { _ in }
        let difference = try #require(outcome.difference)
        #expect(difference.event == events)
        #expect(difference.recorded == #"{"wake":{"at":7}}"#)
        #expect(difference.replayed != nil && difference.replayed != difference.recorded)
        let path = try file(lines)
        defer { unlink(path) }
        let run = try Program.run(["replay", path])
        #expect(run.status == 1)
        #expect(run.error.isEmpty, "it is an answer")
        #expect(run.output.contains("event \(events), effect \(difference.effect) differs\n"))
    }

    @Test func anEffectTooFewOrTooManyIsADifference() throws {
        let lines = try recording()
        let last = try #require(lines.lastIndex { $0.at == nil })
        var fewer = lines
        fewer.remove(at: last)
        #expect(try ReplayOutcome(of: fewer) { _ in }.difference?.recorded == nil)
        #expect(try ReplayOutcome(of: fewer) { _ in }.equal == false)
        var more = lines
        more.insert(.effect(.wake(at: Instant(nanoseconds: 7))), at: last + 1)
        #expect(try ReplayOutcome(of: more) { _ in }.difference?.replayed == nil)
        #expect(try ReplayOutcome(of: more) { _ in }.equal == false)
    }

    @Test func aConfigurationThatIsNoneAnyMoreIsSaid() throws {
        let files = [RecordedFile(name: "old.yaml", text: "version: 1\nnetwrk: {}\n")]
        let path = try file([.configured(at: Instant(nanoseconds: 0), draw: 0, files: files)])
        defer { unlink(path) }
        let run = try Program.run(["replay", path])
        #expect(run.status == 1)
        #expect(run.error.contains("old.yaml:2:1: error:"))
        #expect(run.error.hasSuffix("martlet: old.yaml: 1 error\n"))
    }

    @Test func aLineThatIsNoneIsNamedByItsNumber() throws {
        let path = try file(Array("{\"effect\":\n{}\n".utf8))
        defer { unlink(path) }
        let run = try Program.run(["replay", path])
        #expect(run.status == 1)
        #expect(run.error.hasPrefix("martlet: \(path):1: this is no line of a recording"))
    }

    @Test func theUnfinishedLastLineOfAKilledDaemonIsLeftOut() throws {
        let lines = try recording() + [.fact(at: Instant(nanoseconds: 99_000_000_000), draw: 6, .woke)]
        let path = try file(lines, cutting: 5)
        defer { unlink(path) }
        #expect(try RecordingFile.lines(of: path).count == lines.count - 1)
        #expect(try Program.run(["replay", path]).status == 0)
    }
}
