/// What an exchange owes when it is over, and when it owes nothing.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct ChargeTests {
    private static let rates = PriceRates(input: 100, output: 1000)

    private func world(
        prices: [Price?] = [Price(rates), Price(PriceRates(input: 7, output: 9))],
        unknown: Pricing.Unknown = .uncounted
    ) throws -> ExchangeWorld {
        var snapshot = Stage.snapshot()
        for index in prices.indices { snapshot.deployments[index].price = prices[index] }
        snapshot.pricing = Pricing(generation: "0123abcd", unknown: unknown)
        return try ExchangeWorld(snapshot)
    }

    private func ask(_ world: ExchangeWorld, isStreamed: Bool = false) throws {
        try world.feed(Stage.request(Stage.body(isStreamed: isStreamed)))
        try world.connect()
    }

    @Test func aReportedUsageIsChargedAsItIs() throws {
        let world = try world()
        try ask(world)
        try world.answer(Answer.plainHead)
        try world.send(Answer.plain)
        try world.endUpstream()
        let cost = try #require(world.record?.cost)
        #expect(cost.picoDollars == 3 * 100 + 1000 && !cost.isUsageEstimated && !cost.isPriceCeiling)
        #expect(cost.provider == "one" && cost.prices == "0123abcd" && cost.input == 3 && cost.output == 1)
        #expect(cost.words == "0.0000000013 USD")
    }

    @Test func anUnreportedUsageIsEstimatedAndMarked() throws {
        let world = try world()
        try ask(world, isStreamed: true)
        try world.answer(Answer.streamHead)
        for bytes in [Answer.role, Answer.word, Answer.word, Answer.stop, Answer.done] { try world.send(bytes) }
        let record = try #require(world.record)
        let cost = try #require(record.cost)
        #expect(record.usage == UsageRow())
        // 36 bytes of messages are 9 tokens; two words and the end are three events.
        #expect(cost.isUsageEstimated && cost.input == 9 && cost.output == 3)
        #expect(cost.picoDollars == 9 * 100 + 3 * 1000)
        #expect(cost.words.hasSuffix("USD, tokens estimated"))
    }

    @Test func anAnswerThatBrokeOffIsChargedForWhatCame() throws {
        let world = try world()
        try ask(world, isStreamed: true)
        try world.answer(Answer.streamHead)
        for bytes in [Answer.role, Answer.word, Answer.word] { try world.send(bytes) }
        try world.breakUpstream(.reset)
        #expect(world.record?.outcome == .brokenOff)
        #expect(world.record?.cost?.output == 2)
        #expect(world.record?.cost?.isUsageEstimated == true)
    }

    @Test func aClientThatLeavesWhileAProviderWorksIsCharged() throws {
        let world = try world()
        try ask(world)
        try world.feed(.clientGone)
        #expect(world.record?.cost?.input == 9)
        #expect(world.record?.cost?.output == 1024, "what was reserved: nobody knows what it had made")
        #expect(world.record?.cost?.isUsageEstimated == true)
    }

    @Test func aClientThatLeavesAStreamIsChargedForWhatCame() throws {
        let world = try world()
        try ask(world, isStreamed: true)
        try world.answer(Answer.streamHead)
        for bytes in [Answer.role, Answer.word, Answer.word] { try world.send(bytes) }
        try world.feed(.clientGone)
        #expect(world.record?.outcome == .clientGone && world.record?.cost?.output == 2)
    }

    @Test func nothingIsOwedBeforeTheRequestIsSentOrWhenItWasRefused() throws {
        let early = try world()
        try early.feed(Stage.request(Stage.body(isStreamed: false)))
        try early.feed(.clientGone)
        #expect(early.record != nil && early.record?.cost == nil)
        let refused = try world()
        try ask(refused)
        try refused.answer(UpstreamHead(status: 400, contentType: "application/json"))
        try refused.endUpstream()
        #expect(refused.record?.outcome == .failed && refused.record?.cost == nil)
    }

    @Test func afterAFailoverTheOneThatAnsweredIsPaid() throws {
        let world = try world()
        try ask(world)
        let first = try #require(world.order?.provider)
        try world.answer(UpstreamHead(status: 500, contentType: "text/plain"))
        try world.endUpstream()
        try world.connect()
        let second = try #require(world.order?.provider)
        #expect(first != second)
        try world.answer(Answer.plainHead)
        try world.send(second == 0 ? Answer.plain : Answer.message)
        try world.endUpstream()
        #expect(world.record?.cost?.provider == (second == 0 ? "one" : "two"))
        #expect(world.record?.cost?.picoDollars == (second == 0 ? 1300 : 5 * 7 + 2 * 9))
    }

    @Test func anUnknownPriceIsNeverNothing() throws {
        let shown = try world(prices: [nil, nil])
        try ask(shown)
        try shown.feed(.clientGone)
        #expect(shown.record?.cost != nil && shown.record?.cost?.picoDollars == nil)
        let counted = try world(prices: [nil, nil], unknown: .ceiling(PriceRates(input: 50, output: 60)))
        try ask(counted)
        try counted.feed(.clientGone)
        #expect(counted.record?.cost?.picoDollars == 9 * 50 + 1024 * 60 && counted.record?.cost?.isPriceCeiling == true)
    }

    @Test func aMemberWithoutAPriceServesNothingWhenThatIsWished() throws {
        let world = try world(prices: [nil, Price(Self.rates)], unknown: .refuse)
        try ask(world)
        #expect(world.order?.provider == 1)
        let none = try self.world(prices: [nil, nil], unknown: .refuse)
        try none.feed(Stage.request(Stage.body(isStreamed: false)))
        #expect(none.record?.status == 503 && none.record?.errorCode == "price_unknown")
        #expect(none.record?.attempts.map(\.failure) == [.priceUnknown, .priceUnknown])
        #expect(none.orders.isEmpty && none.signals.isEmpty && none.record?.cost == nil)
    }

    @Test func soundThatAConversationHearsIsChargedAtItsRate() throws {
        var rates = PriceRates(input: 1, output: 1000)
        rates.audioInput = 40
        let world = try world(prices: [Price(rates)])
        try ask(world)
        try world.answer(Answer.plainHead)
        let details = #""prompt_tokens_details":{"audio_tokens":2},"completion_tokens_details":{"audio_tokens":1}"#
        let text = String(decoding: Answer.plain, as: UTF8.self)
        try world.send(
            Array(text.replacing(#""completion_tokens":1"#, with: #""completion_tokens":1,\#(details)"#).utf8)
        )
        try world.endUpstream()
        #expect(world.record?.cost?.picoDollars == 1 + 2 * 40 + 1000)
    }

    /// The provider has made it, and wants to be paid.
    @Test func anAnswerThatIsTooLargeIsChargedAsItWasReservedAndNotBoughtAgain() throws {
        let world = try world()
        try ask(world)
        try world.answer(Answer.plainHead)
        try world.send([UInt8](repeating: 0x20, count: ExchangeLimits.plainAnswerBytes + 1))
        #expect(world.orders.count == 1 && world.head?.status == 502 && world.record?.errorCode == "answer_too_large")
        #expect(world.head?.headers.contains(Header("x-should-retry", "false")) == true)
        let cost = try #require(world.record?.cost)
        #expect(cost.isUsageEstimated && cost.input == 9 && cost.output == 1024 && cost.provider == "one")
    }

    @Test func theClassThatAnAnswerNamesIsCharged() throws {
        let price = Price(rows: [.init(Self.rates), .init(PriceRates(input: 1, output: 1), service: .flex)])
        let world = try world(prices: [price, price])
        try ask(world)
        try world.answer(Answer.plainHead)
        let text = String(decoding: Answer.plain, as: UTF8.self)
        try world.send(Array((text.dropLast() + #","service_tier":"flex"}"#).utf8))
        try world.endUpstream()
        #expect(world.record?.cost?.picoDollars == 4)
    }

    @Test func imagesCostWhatTheirRateSays() throws {
        let price = Price(PriceRates(input: 0, output: 0, image: 5))
        let world = try world(prices: [price, price])
        let image = #"{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}"#
        let body =
            #"{"model":"chat","messages":[{"role":"user","content":[\#(image),\#(image)]},{"role":"user","content":"x"}]}"#
        try world.feed(Stage.request(Array(body.utf8)))
        try world.connect()
        try world.feed(.clientGone)
        #expect(world.record?.cost?.picoDollars == 10)
    }

    @Test func anEstimateTakesNothingForCached() throws {
        var snapshot = Stage.snapshot()
        snapshot.deployments[0].price = Price(PriceRates(input: 10, output: 20, cachedInput: 1))
        let cost = snapshot.estimate(prompt: 100, answer: 50, at: MemberID(0), second: 0)
        #expect(cost == Cost(Money(picoDollars: 2000), .estimatedUsage))
        #expect(snapshot.estimate(prompt: 1, answer: 1, at: MemberID(1), second: 0) == nil)
    }
}
