/// Does real traffic take a broken provider out and bring it back, and does a recording of it run again to the same effects?
import Foundation
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsRecordingTests {
        @Test func aBrokenProviderIsLeftAloneTriedAgainAndTheRecordingReplays() throws {
            let models = try ModelsSite { file, _ in
                file.groups = [
                    ModelsFile.group(
                        "chat",
                        [("oai", "gpt-5"), ("claude", "claude-sonnet")],
                        "down-after: 3, recover-after: 1s"
                    )
                ]
            }
            try models.openai.mode("500")
            let tried = try (0..<3).map { _ in try models.decision(try models.chat("chat", isStreamed: true)).members }
            #expect(tried == Array(repeating: ["chat.first", "chat.second"], count: 3))
            let spared = try models.decision(try models.chat("chat", isStreamed: true))
            #expect(spared.members == ["chat.second"])
            #expect(
                spared.candidates.contains { $0["member"]?.string == "chat.first" && $0["reason"]?.string == "down" }
            )
            try models.openai.mode("ok")
            try eventually("the first provider serves again", within: .seconds(10), every: .milliseconds(100)) {
                try models.decision(try models.chat("chat", isStreamed: false)).members == ["chat.first"]
            }
            try Self.breakAnUplink(models)
            try Self.replay(models)
            models.tearDown()
        }

        private static func breakAnUplink(_ models: ModelsSite) throws {
            try models.site.breakSilently(.isp1)
            try eventually("requests leave by the other uplink", within: .seconds(10), every: .milliseconds(100)) {
                try models.decision(try models.chat("chat", isStreamed: false)).paths == ["wan.cable"]
            }
        }

        private static func replay(_ models: ModelsSite) throws {
            #expect(models.process.stop()?.isSuccess == true)
            let result = try models.martlet("replay", models.recording)
            #expect(result.status == 0, "\(result.output)\(result.errorOutput)")
            print("replay of a failover: \(result.output.split(separator: "\n").last ?? "nothing")")
            // For whoever wants to look at it.
            if let keep = ProcessInfo.processInfo.environment["MARTLET_KEEP_RECORDING"] {
                try? FileManager.default.removeItem(atPath: keep)
                try FileManager.default.copyItem(atPath: models.recording, toPath: keep)
            }
        }
    }
}
