/// Do limits hold for real clients over real sockets, whichever loop serves them, and are they given back?
import Foundation
import Lab
import LabText
import Testing

/// `scripts/test` makes the client's environment and names its interpreter.
private let python = ProcessInfo.processInfo.environment["MARTLET_PYTHON"]

extension ModelsSuites {
    @Suite(.serialized) struct ModelsLimitTests {
        @Test(
            .enabled(if: python != nil, "MARTLET_PYTHON names no interpreter with the openai package: run scripts/test")
        )
        func theOpenAIClientIsToldItsLimits() throws {
            let models = try ModelsSite(delay: .milliseconds(20))
            let keys = try [
                "--requests", models.makeKey("r", "--requests", "3/hour"),
                "--streams", models.makeKey("s", "--streams", "2"),
                "--tokens", models.makeKey("t", "--tokens", "3000/hour"),
            ]
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Clients/limits_check.py")
            let address = "http://\(Site.lan.v4):\(ModelsSite.port)/v1"
            let arguments = ["--base-url", address, "--model", "chat"] + keys
            let result = try models.site.client.attempt([try #require(python), script.path] + arguments)
            let cases = try JSON.parseLines(result.output)
            for row in cases {
                print("limits: \(row["case"]?.string ?? "?"): \(row["detail"]?.string ?? "")")
                #expect(row["ok"]?.bool == true, "\(row["case"]?.string ?? "?"): \(row["detail"]?.string ?? "")")
            }
            #expect(cases.count == 3 && result.status == 0, "\(result.errorOutput)")
            models.tearDown()
        }

        /// Many clients at once on all loops: exactly as many as the limit says are served, by the member and by the key.
        @Test func loopsShareOneLimitAndAMemberAtItsOwnIsPassedOver() throws {
            let limits = "limits: { requests: 5/hour }"
            let models = try ModelsSite { file, _ in
                let members =
                    "first: { provider: oai, model: gpt-5, \(limits) }, second: { provider: claude, model: claude-sonnet, tier: 2 }"
                file.groups[0] = "chat: { members: { \(members) }, \(ModelsFile.timeouts), \(ModelsFile.patient) }"
            }
            let secret = try models.makeKey("burst", "--requests", "12/hour")
            let answers = try Self.together(20) { try models.ask("chat", showing: secret) }
            #expect(answers.filter { $0.status == 200 }.count == 12, "\(answers.map(\.status))")
            #expect(answers.filter { $0.errorCode == "rate_limit_exceeded" && $0.status == 429 }.count == 8)
            let decisions = try eventually("all decisions", within: .seconds(5)) {
                let all = (try models.show("decisions").elements ?? []).map { Decision(id: "", json: $0) }
                return all.count == 20 ? all : nil
            }
            let members = decisions.filter { $0.outcome == "answered" }.flatMap(\.members)
            #expect(members.filter { $0 == "chat.first" }.count == 5, "\(members)")
            #expect(members.filter { $0 == "chat.second" }.count == 7)
            let passedOver = decisions.filter { decision in
                decision.candidates.contains { $0["cause"]?.string == "at-limit" }
            }
            #expect(passedOver.count == 7)
            models.tearDown()
        }

        private static func together(_ count: Int, _ body: @escaping @Sendable () throws -> WebAnswer) throws
            -> [WebAnswer]
        {
            let answers = Results()
            DispatchQueue.concurrentPerform(iterations: count) { _ in answers.add(Result { try body() }) }
            return try answers.all.map { try $0.get() }
        }

        private final class Results: @unchecked Sendable {
            private let lock = NSLock()
            private var results: [Result<WebAnswer, any Error>] = []

            func add(_ result: Result<WebAnswer, any Error>) { lock.withLock { results.append(result) } }
            var all: [Result<WebAnswer, any Error>] { lock.withLock { results } }
        }
    }
}
