/// Does a budget hold over real sockets, and does it remember what it paid when either process is killed?
import Foundation
import Glibc
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsBudgetTests {
        /// A request reserves its answer of 1024 tokens, a little more than a cent, and costs a few tokens.
        private static let price = "price: { input: 10 USD/Mtok, output: 10 USD/Mtok }"
        private static let budget = "0.012 USD/day"

        @Test func aBudgetIsUsedUpAndStaysSoWhenTheGatewayAndThenTheDaemonAreKilled() throws {
            let models = try ModelsSite { file, _ in
                let members = "first: { provider: oai, model: gpt-5, \(Self.price) }"
                file.groups[0] = "chat: { members: { \(members) }, \(ModelsFile.timeouts), \(ModelsFile.patient) }"
            }
            let secret = try models.makeKey("spender", "--budget", Self.budget)
            var served = 0
            var last = try models.ask("chat", showing: secret)
            while last.status == 200, served < 100 {
                served += 1
                last = try models.ask("chat", showing: secret)
            }
            #expect(served > 1 && served < 100, "\(served)")
            Self.expectQuota(last)
            #expect(last.headers["x-should-retry"]?.string == "false")
            try Self.expectSumsAgree(models, served)
            #expect(try models.chat("chat", isStreamed: false).status == 200, "a key without a budget is not touched")

            let gateway = try models.gateway()
            kill(gateway, SIGKILL)
            try eventually("another gateway", within: .seconds(10)) { models.gateways.contains { $0 != gateway } }
            try models.waitUntilServing()
            Self.expectQuota(try models.ask("chat", showing: secret))

            try models.killAndStartAgain()
            Self.expectQuota(try models.ask("chat", showing: secret))
            print("budgets: \(served) requests for \(Self.budget), and none after kill -9 of either process")
            models.tearDown()
        }

        private static func expectQuota(_ answer: WebAnswer) {
            #expect(
                answer.status == 429 && answer.errorCode == "insufficient_quota",
                "\(answer.body ?? answer.outcome)"
            )
        }

        /// The table's sum is that of the decisions, to the last pico-dollar, and below the budget.
        private static func expectSumsAgree(_ models: ModelsSite, _ served: Int) throws {
            let costs = try eventually("all decisions", within: .seconds(5)) {
                let all = (try models.show("decisions").elements ?? []).filter { $0["outcome"]?.string == "answered" }
                let costs = all.compactMap { $0["cost"]?["picoDollars"]?.integer }
                return costs.count == served ? costs : nil
            }
            let sum = costs.reduce(0, +)
            #expect(sum > 0 && sum < 12_000_000_000)
            let row = try models.show("keys").elements?.first { $0["name"]?.string == "spender" }
            #expect(row?["budget"]?.string == "0.012 USD/day")
            let digits = String(1_000_000_000_000 + sum).dropFirst()
            let spent = row?["spent"]?.string ?? ""
            #expect(
                spent.hasPrefix("0.") && digits.hasPrefix(spent.dropFirst(2).prefix { $0.isNumber }),
                "\(spent) \(sum)"
            )
        }
    }
}
