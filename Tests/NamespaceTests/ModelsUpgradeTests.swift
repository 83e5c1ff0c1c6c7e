/// Who is refused or cut off when the daemon gives place to another, or its groups, keys and listeners change under load? Nobody.
import Glibc
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsUpgradeTests {
        private static let second = "\(Site.lan.v4):8081"

        /// As a package's upgrade does it: both processes are replaced, the service manager keeps the listening sockets.
        @Test func aRestartRefusesNobodyAndCutsNoStream() throws {
            let models = try ModelsSite(delay: .milliseconds(20), isKept: true)
            #expect(models.process.output.contains("kept models_\(Site.lan.v4)_\(ModelsSite.port)"))
            let load = try SteadyLoad(on: models)
            for round in 2...3 {
                let began = Moment.now
                models.process.signal(SIGHUP)
                try eventually("daemon \(round); log: \(models.log)", within: .seconds(20)) {
                    models.process.output.split(separator: "\n").count { $0 == "ready" } == round
                }
                try models.waitUntilServing()
                let took = rounded(Moment.now.milliseconds(since: began))
                print("upgrade under load: daemon \(round) served \(took) after the order")
                // Some of the streams that the old gateway had end meanwhile, and others begin.
                sleep(1)
            }
            let outcome = try load.finish()
            #expect(outcome.failures.isEmpty, "\(outcome.failures)")
            #expect(outcome.kept > 10 && outcome.fresh > 10 && outcome.streams >= 4, "\(outcome)")
            models.tearDown()
        }

        /// Nobody is left listening, and nobody holds on to what is not configured any more.
        @Test func listenersThatGoAreNotKept() throws {
            var first: ModelsFile?
            let models = try ModelsSite(isKept: true) { file, _ in
                file.listen.append(Self.second)
                first = file
            }
            var fewer = try #require(first)
            fewer.listen.removeLast()
            #expect(try models.apply(fewer).status == 0)
            let name = "models_\(Site.lan.v4)_8081"
            try eventually("it is let go", within: .seconds(5)) { models.process.output.contains("forgotten \(name)") }
            try eventually("nobody listens there any more", within: .seconds(5)) {
                try models.ask("/health/live", key: nil, at: Self.second).outcome.contains("refused")
            }
            models.tearDown()
        }

        @Test func groupsKeysAndListenersChangeUnderLoad() throws {
            var first: ModelsFile?
            let models = try ModelsSite(delay: .milliseconds(20)) { file, _ in first = file }
            let file = try #require(first)
            let load = try SteadyLoad(on: models)
            var more = file
            more.listen.append(Self.second)
            var others = more
            others.keys.append("team")
            others.groups.append(ModelsFile.group("speech", [("claude", "claude-sonnet")]))
            for change in [more, others, file] {
                let result = try models.apply(change)
                #expect(result.status == 0, "\(result.output)\(result.errorOutput)")
                try models.waitUntilServing()
            }
            let outcome = try load.finish()
            #expect(outcome.failures.isEmpty, "\(outcome.failures)")
            #expect(outcome.kept > 10 && outcome.fresh > 10 && outcome.streams >= 4, "\(outcome)")
            models.tearDown()
        }
    }
}
