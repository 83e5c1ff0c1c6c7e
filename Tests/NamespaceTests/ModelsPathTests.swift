/// Do upstream connections leave by the path that was decided, and by another one when that is dead?
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsPathTests {
        /// Bytes of a prompt: far more than probes and handshakes add meanwhile.
        private static let heavy = 300_000

        @Test func theMarkOfTheDecidedPathIsOnThePacketsAndADeadUplinkIsLeft() throws {
            // A prompt of this size takes the mock longer than the others' timeouts allow.
            let models = try ModelsSite { file, _ in
                file.groups = file.groups.map {
                    $0.replacing(ModelsFile.timeouts, with: "timeouts: { connect: 400ms }")
                }
            }
            let text = String(repeating: "a", count: Self.heavy)
            let before = try Self.counters(models)
            let decision = try models.decision(try models.chat("chat", isStreamed: false, text))
            #expect(decision.paths == ["wan.fiber"])
            let after = try Self.counters(models)
            let (fiber, cable) = (after.fiber - before.fiber, after.cable - before.cable)
            print("marked bytes of a request of \(Self.heavy): fiber \(fiber), cable \(cable)")
            #expect(fiber >= Self.heavy && cable < Self.heavy / 10)

            let broken = try models.site.breakSilently(.isp1)
            let moved = try eventually(
                "a request over the other uplink",
                within: .seconds(10),
                every: .milliseconds(10)
            ) {
                let answer = try models.chat("chat", isStreamed: false)
                return try models.decision(answer).paths == ["wan.cable"] ? answer : nil
            }
            print(
                "silent death of an uplink: a first-try answer over the other \(rounded(moved.ended.milliseconds(since: broken))) after it"
            )
            let old = try Self.counters(models)
            let later = try models.decision(try models.chat("chat", isStreamed: true, text))
            #expect(later.paths == ["wan.cable"], "\(later.failures)")
            let dead = later.candidates.first { $0["path"]?.string == "wan.fiber" }
            #expect(dead?["weight"]?.integer == 0 && dead?["reason"]?.string == "path-down", "\(later.candidates)")
            #expect(try Self.counters(models).cable - old.cable >= Self.heavy)
            models.tearDown()
        }

        @Test func aPathThatIsDeadButNotYetKnownToBeCostsTheConnectTimeoutOnly() throws {
            // Probes so slow that they cannot know in time.
            let models = try ModelsSite { file, _ in file.probe = "every: 1s, timeout: 1s, down-after: 10, up-after: 1"
            }
            try models.site.breakSilently(.isp1)
            for isStreamed in [false, true] {
                let answer = try models.chat("chat", isStreamed: isStreamed)
                #expect(answer.status == 200 && answer.text == "echo: \(ModelsSite.words)")
                let decision = try models.decision(answer)
                #expect(decision.members == ["chat.first", "chat.first"], "the member is not at fault")
                #expect(decision.paths == ["wan.fiber", "wan.cable"])
                #expect(decision.failures == ["connect-timeout", nil])
                print("connect timeout of 400 ms over a dead path: answered after \(rounded(answer.milliseconds))")
                #expect(answer.milliseconds < 2000)
            }
            models.tearDown()
        }

        @Test func whatRunsOverAPathThatDiesLearnsItFromTheProbesNotFromATimeout() throws {
            let models = try ModelsSite(delay: .milliseconds(50)) { file, _ in
                file.groups = file.groups.map { $0.replacing(ModelsFile.timeouts, with: "timeouts: { connect: 20s }") }
            }
            let stream = try models.beginStream("talk", pieces: 2000)
            try models.openai.mode("hang", times: 1)
            let waiting = try models.begin(ModelsSite.chatPath, ModelsSite.question("chat", isStreamed: false))
            try eventually("the provider has it", within: .seconds(5)) {
                try models.openai.stats()["under_way"]?.integer == 1
            }
            let broken = try models.site.breakSilently(.isp1)
            let answer = try waiting.finish()
            let took = answer.ended.milliseconds(since: broken)
            print("silent death under a waiting request: answered over the other path \(rounded(took)) after it")
            #expect(answer.text == "echo: \(ModelsSite.words)" && took < 5000)
            let decision = try models.decision(answer)
            #expect(decision.members == ["chat.first", "chat.first"] && decision.paths == ["wan.fiber", "wan.cable"])
            #expect(decision.failures == ["path-down", nil])
            try Self.checkEnd(of: stream, after: broken, models)
            models.tearDown()
        }

        private static func checkEnd(of stream: WebRequest, after broken: Moment, _ models: ModelsSite) throws {
            let ended = try stream.finish()
            let took = ended.ended.milliseconds(since: broken)
            print("silent death under a stream: its client was told \(rounded(took)) after it")
            #expect(!ended.saysDone && ended.errorCode == "upstream_unreachable", "\(ended.eventData.suffix(1))")
            #expect(try models.decision(ended).failures == ["path-down"])
        }

        /// Bytes counted with the mark of each path in the router's table.
        private static func counters(_ models: ModelsSite) throws -> (fiber: Int, cable: Int) {
            let objects = try models.site.router.nft("list", "table", "inet", "martlet")["nftables"]?.elements ?? []
            func bytes(_ path: String) -> Int {
                let counter = objects.compactMap { $0["counter"] }.first { $0["name"]?.string == "path-\(path)" }
                return counter?["bytes"]?.integer ?? 0
            }
            return (bytes("wan.fiber"), bytes("wan.cable"))
        }
    }
}
