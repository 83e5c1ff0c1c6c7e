/// Do recordings run again to the same effects? Each folder of Tests/Scenarios holds one, `recording.jsonl`.
///
/// They were recorded by `martletd --record` in namespaces. With `MARTLET_WRITE_SCENARIOS` set, the effects are written anew from
/// the recorded events: after a change that means other effects, to be read before they are committed.
import ConfigModel
import ConfigYAML
import Forwarding
import Foundation
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite(.serialized) struct ScenarioTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Scenarios")

    private static func encode(_ line: RecordedLine) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(line)
    }

    private static func bytes(_ lines: [RecordedLine]) throws -> Data {
        try lines.reduce(into: Data()) { $0 += try encode($1) + [0x0A] }
    }

    private static func lines(_ name: String) throws -> [Data] {
        let data = try Data(contentsOf: folder.appending(path: "\(name)/recording.jsonl"))
        return data.split(separator: 0x0A).map { Data($0) }
    }

    /// Parses the recorded texts as the daemon did.
    private static func replay() -> Replay {
        Replay { files in
            let tree = ConfigLoader.read(files.map { ($0.name, Array($0.text.utf8)) })
            guard let configuration = Configuration.check(tree).configuration else {
                throw CocoaError(.fileReadCorruptFile)
            }
            return configuration
        }
    }

    /// The same events with the effects they have now.
    private static func rewrite(_ name: String) throws {
        // Old effects may have a shape that is gone.
        let events = try lines(name).filter { !$0.starts(with: Data(#"{"effect""#.utf8)) }
        let lines = try events.map { try JSONDecoder().decode(RecordedLine.self, from: $0) }
        var renewed: [RecordedLine] = []
        var replay = replay()
        try replay.run(lines) { renewed += [$0.event] + $0.replayed.map(RecordedLine.effect) }
        try bytes(renewed).write(to: folder.appending(path: "\(name)/recording.jsonl"))
    }

    @Test(arguments: ["network-failover", "model-failover"]) func aRecordingGivesTheSameEffectsAgain(name: String)
        throws
    {
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_SCENARIOS"] != nil {
            try Self.rewrite(name)
        }
        let texts = try Self.lines(name)
        #expect(texts.reduce(0) { $0 + $1.count } < 250_000)
        let lines = try texts.map { try JSONDecoder().decode(RecordedLine.self, from: $0) }
        for (text, line) in zip(texts, lines) {
            let again = try Self.encode(line)
            #expect(again == text, "it survives the round trip")
        }
        var replay = Self.replay()
        var effects = 0
        try replay.run(lines) { step in
            let recorded = try step.recorded.map { try Self.encode(.effect($0)) }
            let replayed = try step.replayed.map { try Self.encode(.effect($0)) }
            #expect(recorded == replayed)
            effects += replayed.count
        }
        #expect(effects > 10, "there is something to compare: \(effects)")
    }
}
