/// What does a change of the file, or of a member's admin state, do to requests and to streams that run?
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsReloadTests {
        private static let second = "\(Site.lan.v4):8081"

        @Test func newProvidersKeysGroupsAndListenersCutNoStream() throws {
            var first: ModelsFile?
            let models = try ModelsSite(delay: .milliseconds(30)) { file, _ in first = file }
            let file = try #require(first)
            let stream = try models.beginStream("chat", pieces: 120)
            try Self.swapEverything(models, file)
            try Self.addAListener(models, file)
            try Self.removeAListener(models, file)
            let answer = try stream.finish()
            #expect(
                answer.saysDone && answer.finishReasons == ["stop"],
                "\(answer.outcome) \(answer.eventData.suffix(2))"
            )
            #expect(answer.text.split(separator: " ").count == 121)
            models.tearDown()
        }

        /// Other groups, the other provider alone, other keys.
        private static func swapEverything(_ models: ModelsSite, _ file: ModelsFile) throws {
            var other = file
            other.providers = file.providers.filter { $0.hasPrefix("claude") }
            other.groups = [ModelsFile.group("speech", [("claude", "claude-sonnet")])]
            other.keys = ["team"]
            let result = try models.apply(other)
            #expect(result.status == 0, "\(result.output)\(result.errorOutput)")
            let question = ModelsSite.question("speech", isStreamed: false)
            try eventually("the new key is served", within: .seconds(5)) {
                try models.ask(ModelsSite.chatPath, question, key: "team").status == 200
            }
            #expect(try models.ask(ModelsSite.chatPath, question, key: "ci").status == 401)
            #expect(try models.ask("/v1/models/chat", key: "team").status == 404)
        }

        private static func addAListener(_ models: ModelsSite, _ file: ModelsFile) throws {
            var more = file
            more.listen.append(second)
            let old = try models.gateway()
            #expect(try models.apply(more).status == 0)
            try models.waitUntilServing(at: second)
            #expect(
                try models.ask(ModelsSite.chatPath, ModelsSite.question("chat", isStreamed: false), at: second).status
                    == 200
            )
            #expect(try models.chat("chat", isStreamed: false).status == 200)
            #expect(models.gateways.count == 2 && models.gateways.contains(old), "the old one serves the stream")
        }

        private static func removeAListener(_ models: ModelsSite, _ file: ModelsFile) throws {
            let result = try models.apply(file)
            #expect(result.status == 0, "\(result.output)\(result.errorOutput)")
            try eventually("nobody listens there any more", within: .seconds(5)) {
                try models.ask("/health/live", key: nil, at: second).outcome.contains("refused")
            }
            try models.waitUntilServing()
            #expect(try models.chat("chat", isStreamed: false).status == 200)
        }

        @Test func aWrongFileChangesNothing() throws {
            var first: ModelsFile?
            let models = try ModelsSite { file, _ in first = file }
            var wrong = try #require(first)
            wrong.groups = [ModelsFile.group("chat", [("openay", "gpt-5")])]
            let result = try models.apply(wrong)
            #expect(result.status == 1)
            #expect((result.output + result.errorOutput).contains("openay"))
            #expect(try models.chat("talk", isStreamed: false).status == 200)
            models.tearDown()
        }

        @Test func aDrainedMemberTakesNothingNewAndFinishesWhatItHas() throws {
            let models = try ModelsSite(delay: .milliseconds(20))
            let stream = try models.beginStream("chat", pieces: 60)
            #expect(try models.martlet("drain", "chat.first").status == 0)
            let drained = try eventually("requests go elsewhere", within: .seconds(5)) {
                let decision = try models.decision(try models.chat("chat", isStreamed: false))
                return decision.members == ["chat.second"] ? decision : nil
            }
            #expect(
                drained.candidates.contains {
                    $0["member"]?.string == "chat.first" && $0["reason"]?.string == "drained"
                },
                "\(drained.candidates)"
            )
            let row = try models.show("members").elements?.first { $0["name"]?.string == "chat.first" }
            #expect(row?["admin"]?.string == "drain")
            #expect(try stream.finish().saysDone)
            #expect(try models.martlet("undrain", "chat.first").status == 0)
            try eventually("it serves again", within: .seconds(5)) {
                try models.decision(try models.chat("chat", isStreamed: false)).members == ["chat.first"]
            }
            models.tearDown()
        }
    }
}
