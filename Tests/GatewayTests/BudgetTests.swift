/// Does a gateway hold its clients to what other gateways have spent, in conversations and in what is passed on?
import ConfigSyntax
import Inference
import NetTypes
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct BudgetTests {
        private static let dollar: UInt64 = 1_000_000_000_000
        /// A day that has not come yet: whenever the test runs, what is told of it counts.
        private static let later = 20_991_201

        private func gateway(_ provider: MockProvider) throws -> GatewayUnderTest {
            try GatewayUnderTest(ports: [provider.port], loops: 1) { snapshot in
                var limits = LoadLimits()
                limits.budget = SpendingLimit(picoDollars: Self.dollar, per: .month)
                snapshot.keys[0].limits = limits
                snapshot.deployments[0].price = Price(PriceRates(input: 1_000_000, output: 2_000_000))
            }
        }

        @Test func whatOthersHaveSpentIsSpentHereToo() throws {
            let body = #"{"object":"response","usage":{"prompt_tokens":3,"completion_tokens":1}}"#
            let provider = try MockProvider { $0.write(Mock.answer(200, body)) ? .keep : .close }
            let gateway = try gateway(provider)
            let client = try TestClient(gateway.port)
            let path = "/providers/p\(provider.port)/responses"
            let json = "content-type: application/json\r\n"
            let asked = TestClient.request("POST", path, body: #"{"model":"model-0"}"#, more: json)
            #expect(client.ask(asked)?.status == 200)
            let cost = try #require(gateway.record()?.cost)
            #expect(cost.picoDollars == 5_000_000 && cost.input == 3 && cost.output == 1 && !cost.isUsageEstimated)

            let spent = SpendingUse(kind: .key, name: "ci", day: Self.later, ofDay: 0, ofMonth: Self.dollar)
            gateway.send(.spending([spent]))
            #expect(eventually { client.ask(asked)?.status == 429 })
            let refused = try #require(client.ask(asked))
            #expect(refused.body.contains("insufficient_quota") && refused.head.header("x-should-retry") == "false")
            let chat = TestClient.request("POST", "/v1/chat/completions", body: Self.question, more: json)
            #expect(client.ask(chat)?.status == 429)
            #expect(client.ask(TestClient.request("GET", path))?.status == 200, "looking costs nothing")
            try gateway.reload { $0.deployments[0].price = Price(PriceRates(input: 1, output: 1)) }
            #expect(client.ask(chat)?.status == 429, "another snapshot knows it as well")
            try gateway.reload { $0.keys[0].limits?.budget = SpendingLimit(picoDollars: Self.dollar, per: .day) }
            #expect(client.ask(asked)?.status == 200, "nothing of it was spent on this day")
            try gateway.reload { $0.keys[0].limits?.budget = SpendingLimit(picoDollars: Self.dollar, per: .month) }
            #expect(client.ask(asked)?.status == 429, "and all of it in this month")
            client.socket.hangUp()
            try gateway.stop()
        }

        /// Who gets a budget again is told of all that was spent: what was counted here before would count twice.
        @Test func whoHasNoBudgetAnyMoreCountsFromNothingWhenHeHasOneAgain() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let counters = LoadCounters()
            let words = counters.words(of: .key, "ci")
            for word in [LoadWord.day, .spentOfDay, .spentOfMonth, .elsewhereOfDay, .elsewhereOfMonth, .requests] {
                #expect(words.replace(0, with: 7, in: word))
            }
            counters.keep(gateway.snapshot { $0.keys[0].limits = LoadLimits(requests: Pace(1, per: .seconds(1))) })
            #expect(counters.words(of: .key, "ci") === words)
            #expect(
                words.value(of: .day) == 0 && words.value(of: .spentOfMonth) == 0
                    && words.value(of: .elsewhereOfDay) == 0
            )
            #expect(words.value(of: .requests) == 7, "a pace goes on")
            try gateway.stop()
        }

        private static let question = #"{"model":"chat","messages":[{"role":"user","content":"hello"}]}"#
    }
}
