/// What does the end by force of one process cost the other, and the clients?
import Glibc
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsProcessTests {
        /// CAP_NET_RAW, bit 13 (linux/capability.h).
        private static let netRaw: UInt64 = 1 << 13

        @Test func theGatewayHoldsOneCapabilityAndCanGainNone() throws {
            let models = try ModelsSite()
            let status = ModelsSite.status(try models.gateway())
            let set = { (name: String) in status[name].flatMap { UInt64($0, radix: 16) } }
            for name in ["CapEff", "CapPrm", "CapInh", "CapAmb"] { #expect(set(name) == Self.netRaw, "\(name)") }
            // Without CAP_SETPCAP, which the daemon is not given, nobody can cut the bounding set further than the daemon's own.
            #expect(set("CapBnd") == ModelsSite.status(models.process.pid)["CapBnd"].flatMap { UInt64($0, radix: 16) })
            #expect(status["NoNewPrivs"] == "1")
            #expect(status["Uid"]?.hasPrefix("\(Account().user)") == true)
            models.tearDown()
        }

        @Test func aKilledGatewayLeavesRoutingAndProbingAloneAndTheNextRequestIsAnswered() throws {
            let models = try ModelsSite()
            #expect(try models.chat("chat", isStreamed: false).status == 200)
            let listener = try NetlinkListener(in: models.site.router)
            let health = try Self.networkHealth(models)
            for round in 1...3 {
                let gateway = try models.gateway()
                let killed = Moment.now
                kill(gateway, SIGKILL)
                let answer = try models.chat("chat", isStreamed: false)
                let took = answer.ended.milliseconds(since: killed)
                print("kill -9 of the gateway, round \(round): the next request answered \(rounded(took)) after it")
                #expect(answer.status == 200 && answer.text == "echo: \(ModelsSite.words)")
                // The promise is a second for a gateway that ran; one that keeps dying is started with a growing pause.
                #expect(took < 3000)
                #expect(try models.gateway() != gateway)
            }
            #expect(try Self.networkHealth(models) == health, "no change of health, not even a new since-when")
            #expect(listener.announcements().isEmpty, "\(listener.announcements())")
            #expect(models.process.isRunning)
            models.tearDown()
        }

        /// Health of the network's members and since when.
        private static func networkHealth(_ models: ModelsSite) throws -> [String] {
            let members = try models.show("members").elements ?? []
            let network = members.filter { $0["plane"]?.string == "network" }
            let words = { (row: JSON, name: String) in row[name].map { "\($0)" } ?? "-" }
            // `since` counts back from now: the age is left out, the verdict stays; what changed is in the log.
            let changes = models.log.split(separator: "\n").filter {
                $0.contains("health:") && $0.contains("plane=network")
            }
            return network.map { "\(words($0, "name")) \(words($0, "scope")) \(words($0, "health"))" } + [
                "\(changes.count)"
            ]
        }

        @Test func aKilledDaemonsSuccessorServesAtOnceAndRunningStreamsEndWell() throws {
            let models = try ModelsSite(delay: .milliseconds(30))
            let stream = try models.beginStream("chat", pieces: 80)
            let old = try models.gateway()
            let killed = Moment.now
            models.process.signal(SIGKILL)
            try models.process.waitForEnd(within: .seconds(2))
            try models.startAgain()
            let first = try eventually("the new daemon's gateway answers; log: \(models.log)", within: .seconds(10)) {
                let answer = try models.chat("chat", isStreamed: false)
                return answer.status == 200 ? answer : nil
            }
            print(
                "kill -9 of the daemon: its successor's gateway answered \(rounded(first.ended.milliseconds(since: killed))) after it"
            )
            #expect(first.text == "echo: \(ModelsSite.words)")
            #expect(try models.gateway() != old)
            #expect(!ModelsSite.status(old).isEmpty, "the old gateway still serves its stream")
            for _ in 0..<5 { #expect(try models.chat("talk", isStreamed: false).status == 200) }
            let answer = try stream.finish()
            #expect(answer.saysDone && answer.finishReasons == ["stop"], "\(answer.eventData.suffix(2))")
            try eventually("the old gateway gone", within: .seconds(5)) { ModelsSite.status(old).isEmpty }
            models.tearDown()
        }
    }
}
