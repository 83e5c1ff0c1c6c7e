/// Does the ledger have every settled request once, whoever is killed, and does it agree with what the providers served?
import Glibc
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsLedgerTests {
        /// One USD a million tokens, so that a token is a millionth of a dollar on both sides.
        private static let prices = "price: { input: 1 USD/Mtok, output: 2 USD/Mtok }"

        private func site(delay: Duration = .zero, isKept: Bool = false) throws -> ModelsSite {
            try ModelsSite(delay: delay, isKept: isKept) { file, _ in
                file.groups = [
                    "chat: { members: { only: { provider: oai, model: gpt-5, \(Self.prices) } }, \(ModelsFile.timeouts), \(ModelsFile.patient) }"
                ]
            }
        }

        /// What `martlet usage` says of this month.
        private func usage(_ models: ModelsSite) throws -> JSON {
            let result = try models.martlet("usage", "--by", "key,model,provider", "--json")
            try #require(result.status == 0, "\(result.output) \(result.errorOutput)")
            return try JSON.parse(result.output)
        }

        @Test func killedGatewaysAndDaemonsLoseNothingThatWasSettledAndCountNothingTwice() throws {
            let models = try site()
            var answered: [String] = []
            for round in 0..<4 {
                for _ in 0..<6 {
                    let answer = try models.chat("chat", isStreamed: round % 2 == 1)
                    #expect(answer.status == 200)
                    answered.append(try #require(answer.headers["x-martlet-decision"]?.string))
                }
                // One that is under way when its gateway is killed: it may be settled or not, but not twice.
                let lost = try models.begin(ModelsSite.chatPath, ModelsSite.question("chat", isStreamed: false))
                kill(try models.gateway(), SIGKILL)
                _ = try? lost.finish()
            }
            models.process.signal(SIGKILL)
            try models.process.waitForEnd(within: .seconds(2))
            try models.startAgain()
            try models.waitUntilServing()
            let usage = try usage(models)
            let settled = usage["total"]?["requests"]?.integer ?? -1
            let served = try models.openai.requests().count { $0["status"]?.integer == 200 }
            print("kill -9: \(answered.count) answers, \(settled) in the ledger, \(served) served by the provider")
            #expect(settled >= answered.count && settled <= served)
            // Nothing of it is in the new daemon's memory: every answer is found by its id in the ledger, with its cost.
            for id in answered {
                let reply = try models.martlet("explain", id)
                #expect(reply.status == 0 && reply.output.contains("USD to oai"), "\(id): \(reply.output)")
            }
            #expect(usage["rows"]?.elements?.count == 1)
            #expect(usage["rows"]?[0]?["of"]?.elements?.compactMap(\.string) == ["ci", "gpt-5", "oai"])
            models.tearDown()
        }

        /// The streams of a gateway that drains are settled while its successor serves; what a killed one settled is known to the next.
        @Test func budgetAndLedgerAgreeAfterAnUpgradeAndAKillUnderLoad() throws {
            let models = try site(delay: .milliseconds(20), isKept: true)
            let secret = try models.makeKey("spender", "--budget", "1000 USD/month")
            let load = try SteadyLoad(on: models, showing: secret)
            models.process.signal(SIGHUP)
            try eventually("the next daemon; log: \(models.log)", within: .seconds(20)) {
                models.process.output.split(separator: "\n").count { $0 == "ready" } == 2
            }
            try models.waitUntilServing()
            sleep(1)
            let gateway = try eventually("its gateway", within: .seconds(5)) {
                models.gateways.lazy.compactMap { ModelsSite.children(of: $0).first }.first
            }
            kill(gateway, SIGKILL)
            try models.waitUntilServing()
            sleep(1)
            // What the killed one had under way was cut.
            _ = try load.finish()
            let rows =
                try JSON.parse(try models.martlet("usage", "--by", "key", "--json").output)["rows"]?.elements ?? []
            let row = try #require(rows.first { $0["of"]?[0]?.string == "spender" }, "\(rows)")
            let key = try models.show("keys").elements?.first { $0["name"]?.string == "spender" }
            let (settled, cost) = (row["requests"]?.integer ?? 0, row["picoDollars"]?.string ?? "")
            let tokens = (row["input"]?.integer ?? 0) + 2 * (row["output"]?.integer ?? 0)
            #expect(cost == "\(1_000_000 * tokens)" && row["estimated"]?.integer == 0)
            #expect(key?["spent"]?.string == row["cost"]?.string, "\(key ?? .null) \(row)")
            let served = try models.openai.requests().count { $0["status"]?.integer == 200 }
            print("upgrade and kill -9: \(settled) in the ledger for \(row["cost"]?.string ?? "-"), \(served) served")
            // At most one of each worker was lost with the gateway.
            #expect(settled > 50 && settled <= served && served - settled <= 10, "\(settled) of \(served)")
            models.tearDown()
        }

        @Test func tokensAndCostAreThoseThatTheProviderReported() throws {
            let models = try site()
            var (input, output) = (0, 0)
            for isStreamed in [false, true, false] {
                let answer = try models.chat("chat", isStreamed: isStreamed)
                let record = try models.decision(answer).json
                input += record["usage"]?["input"]?.integer ?? 0
                output += record["usage"]?["output"]?.integer ?? 0
                #expect(record["cost"]?["text"]?.string?.hasSuffix(" USD") == true)
            }
            let total = try usage(models)["total"]
            #expect(input > 0 && output > 0)
            #expect(total?["input"]?.integer == input && total?["output"]?.integer == output)
            #expect(total?["picoDollars"]?.string == "\(1_000_000 * (input + 2 * output))")
            #expect(total?["estimated"]?.integer == 0 && total?["unpriced"]?.integer == 0)
            models.tearDown()
        }
    }
}
