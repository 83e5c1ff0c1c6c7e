/// What a passage takes of limits and budgets, and what it owes when it is over.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct PassageChargeTests {
    /// Passages of one key to the first provider, which has one member with a price: a dollar and two a million tokens.
    private final class World {
        var snapshot = Stage.snapshot()
        private var book: [String: PlainWords] = [:]
        private static let digest = KeyDigest(bytes: SHA256.digest([0x6B]))?.hexadecimal ?? ""

        init(_ limits: LoadLimits = .none, _ change: (inout GatewaySnapshot) -> Void = { _ in }) {
            snapshot.keys = [GatewayKey(name: "ci", sha256: Self.digest, team: "platform", limits: limits)]
            snapshot.deployments[0].price = Price(PriceRates(input: 1_000_000, output: 2_000_000))
            change(&snapshot)
        }

        func words(_ kind: LoadSubject.Kind) -> PlainWords {
            let words = book["\(kind)"] ?? PlainWords()
            book["\(kind)"] = words
            return words
        }

        func begin(
            _ body: String = PassageChargeTests.body,
            _ method: PassageRequest.Method = .post,
            path: String = "/responses",
            type: String = "application/json; charset=utf-8",
            more: [Header] = []
        ) throws -> Running {
            let view = try RoutingView(snapshot) { kind, _ in self.words(kind) }
            var request = PassageRequest(
                provider: 0,
                method: method,
                path: path,
                headers: [Header("content-type", type)] + more,
                body: Array(body.utf8),
                dialect: .openai,
                key: "ci",
                team: "platform",
                source: nil,
                unixMicroseconds: 1_790_000_000_000_000,
                draw: 0
            )
            request.access = view.keys.key(presented: [0x6B])
            request.localDay = 20_261_126
            return Running(Passage(request, on: view, at: Stage.start))
        }
    }

    private final class Running {
        private var passage: Passage
        private(set) var actions: [ExchangeAction] = []
        private let first = AttemptID(0)

        init(_ passage: Passage) {
            self.passage = passage
            actions = self.passage.begin(at: Stage.start)
        }

        func feed(_ event: ExchangeEvent) { actions += passage.handle(event, at: Stage.start) }

        /// Up to the head of the answer, and what follows it.
        func answer(_ status: Int, _ type: String, _ pieces: [String]) {
            feed(.connected(first, isReused: false))
            feed(.upstreamHead(first, UpstreamHead(status: status, contentType: type)))
            for piece in pieces { feed(.upstreamBytes(first, Array(piece.utf8))) }
            feed(.upstreamEnded(first))
        }

        func connect() { feed(.connected(first, isReused: false)) }

        var record: DecisionRecord? {
            actions.compactMap { if case .finished(let record) = $0 { record } else { nil } }.last
        }

        var head: ClientHead? {
            actions.compactMap { if case .writeHead(let head) = $0 { head } else { nil } }.last
        }

        var hasOrder: Bool { actions.contains { if case .connect = $0 { true } else { false } } }
    }

    fileprivate static let body = #"{"model":"gpt-big","input":"hello"}"#
    private static let usage =
        #""usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":0},"output_tokens":4}"#
    private static let ceiling = Pricing(
        generation: "0123abcd",
        unknown: .ceiling(PriceRates(input: 9_000_000, output: 10_000_000))
    )

    private static func budget(_ picoDollars: UInt64) -> LoadLimits {
        var limits = LoadLimits()
        limits.budget = SpendingLimit(picoDollars: picoDollars, per: .day)
        return limits
    }

    @Test func whatAnAnswerReportsIsChargedByTheModelThatTheRequestNames() throws {
        let running = try World().begin()
        running.answer(200, "application/json", ["{\(Self.usage)", "}"])
        let record = try #require(running.record)
        let cost = try #require(record.cost)
        #expect(cost.picoDollars == 38_000_000 && cost.input == 30 && cost.output == 4 && cost.provider == "one")
        #expect(!cost.isUsageEstimated && !cost.isPriceCeiling)
        let row = try #require(LedgerRow(record))
        #expect(row.model == "gpt-big" && row.provider == "one" && row.key == "ci" && row.team == "platform")
    }

    /// Model of the request, what else is known, and what is charged for 30 and 4 tokens.
    struct Case: Sendable {
        let model: String
        var price: UInt64?
        var pricing: Pricing?
        let cost: UInt64?
        var isCeiling = false
        let why: String
    }

    @Test(arguments: [
        Case(model: "gpt-big", price: 7, cost: 38_000_000, why: "the model's price goes first"),
        Case(model: "tts", price: 7, pricing: ceiling, cost: 7, why: "then the price of a request"),
        Case(model: "tts", pricing: ceiling, cost: 310_000_000, isCeiling: true, why: "then the ceiling"),
        Case(model: "tts", cost: nil, why: "else it is not known, which is not nothing"),
        Case(model: "claude-small", cost: nil, why: "another provider's model is another model"),
    ])
    func whatIsNotKnownIsNeverNothing(_ row: Case) throws {
        let world = World {
            $0.providers[0].passThroughPrice = row.price
            $0.pricing = row.pricing
            $0.deployments[1].price = Price(PriceRates(input: 1, output: 1))
        }
        let running = try world.begin(#"{"model":"\#(row.model)"}"#)
        running.answer(200, "application/json", ["{\(Self.usage)}"])
        let cost = try #require(running.record?.cost)
        #expect(cost.picoDollars == row.cost && cost.isPriceCeiling == row.isCeiling, Comment(rawValue: row.why))
        #expect(running.record.flatMap { LedgerRow($0)?.unpriced } == (row.cost == nil ? 1 : 0))
    }

    @Test func aStreamThatDoesNotReportIsCountedByItsEvents() throws {
        let running = try World().begin()
        running.answer(200, "text/event-stream", Array(repeating: "data: {\"delta\":\"x\"}\n\n", count: 5))
        let cost = try #require(running.record?.cost)
        #expect(cost.isUsageEstimated && cost.output == 5 && cost.input == 9 && cost.picoDollars == 19_000_000)
    }

    @Test func whatABodyNamesIsSeenWhateverItSaysThatItIs() throws {
        let running = try World().begin(type: "text/plain")
        running.answer(200, "text/event-stream", Array(repeating: "data: {\"delta\":\"x\"}\n\n", count: 5))
        #expect(running.record?.cost?.picoDollars == 19_000_000)
    }

    /// A stream that nobody wanted in events is an array of its pieces.
    @Test(arguments: [
        ("/v1beta/models/gpt-big:streamGenerateContent", UInt64(38_000_000), false),
        ("/v1/projects/p/models/gpt%2Dbig:generateContent?key=x", 38_000_000, false),
        ("/v1beta/models/other:streamGenerateContent", 310_000_000, true),
        ("/v1beta/models/gpt-big;x:generateContent", 310_000_000, true),
    ]) func geminisAddressesNameTheModel(_ path: String, _ cost: UInt64, _ isCeiling: Bool) throws {
        let world = World {
            $0.providers[0].dialect = .gemini
            $0.pricing = Self.ceiling
        }
        let used = #"{"usageMetadata":{"promptTokenCount":30,"candidatesTokenCount":4}}"#
        let running = try world.begin(#"{"contents":[]}"#, path: path)
        running.answer(200, "application/json", ["[{\"candidates\":[]},", used, "]"])
        let row = try #require(running.record?.cost)
        #expect(row.picoDollars == cost && row.isPriceCeiling == isCeiling && !row.isUsageEstimated)
        let count = try world.begin(#"{"contents":[]}"#, path: "/v1beta/models/gpt-big:countTokens")
        count.answer(200, "application/json", [#"{"totalTokens":31}"#])
        #expect(count.record?.outcome == .answered && count.record?.cost == nil)
    }

    /// It may be a prompt, packed so that nobody here can read it.
    @Test func whatNamesNoModelOwesAtTheCeilingWhatWasReserved() throws {
        let world = World(LoadLimits(tokens: Pace(2000, per: .seconds(60)))) { $0.pricing = Self.ceiling }
        let plain = try world.begin(#"{"input":1}"#)
        plain.answer(200, "application/json", ["{}"])
        let cost = try #require(plain.record?.cost)
        #expect(cost.input == 3 && cost.output == 1024 && cost.isUsageEstimated && cost.isPriceCeiling)
        #expect(cost.picoDollars == 3 * 9_000_000 + 1024 * 10_000_000)
        #expect(Pace(2000, per: .seconds(60)).left(in: world.words(.key).value(of: .tokens), at: Stage.start) == 2000)
        let stream = try world.begin(#"{"input":1}"#)
        stream.answer(200, "text/event-stream", Array(repeating: "data: {}\n\n", count: 2000))
        #expect(stream.record?.cost?.output == 2000)
        let told = try world.begin(#"{"input":1}"#)
        told.answer(200, "application/json", ["{\(Self.usage)}"])
        #expect(told.record?.cost?.picoDollars == 310_000_000 && told.record?.cost?.isUsageEstimated == false)
    }

    @Test func whatWasPaidToBeFastIsChargedSo() throws {
        let fast = Price.Row(PriceRates(input: 3_000_000, output: 4_000_000), service: .priority)
        let world = World { $0.deployments[0].price?.rows.append(fast) }
        let running = try world.begin()
        running.answer(200, "application/json", [#"{"service_tier":"priority",\#(Self.usage)}"#])
        #expect(running.record?.cost?.picoDollars == 30 * 3_000_000 + 4 * 4_000_000)
    }

    @Test func embeddingsHaveNoAnswerToPayFor() throws {
        let running = try World().begin()
        running.answer(200, "application/json", [#"{"data":[],"usage":{"prompt_tokens":8,"total_tokens":8}}"#])
        #expect(running.record?.cost?.picoDollars == 8_000_000 && running.record?.cost?.isUsageEstimated == false)
    }

    @Test func whoLeavesWhileTheProviderWorksOwesWhatWasReserved() throws {
        let running = try World().begin(#"{"model":"gpt-big","max_output_tokens":50}"#)
        running.connect()
        running.feed(.clientGone)
        let cost = try #require(running.record?.cost)
        #expect(cost.output == 50 && cost.isUsageEstimated && cost.picoDollars == 111_000_000)
    }

    @Test func nothingIsOwedForLookingOrForRefusalsOrBeforeItIsSent() throws {
        let looking = try World().begin("", .get)
        looking.answer(200, "application/json", ["{\(Self.usage)}"])
        #expect(looking.record?.outcome == .answered && looking.record?.cost == nil)
        let refused = try World().begin()
        refused.answer(429, "application/json", ["{}"])
        #expect(refused.record?.outcome == .failed && refused.record?.cost == nil)
        let early = try World().begin()
        early.feed(.clientGone)
        #expect(early.record?.cost == nil)
        let broken = try World().begin()
        broken.connect()
        broken.feed(.upstreamBroke(AttemptID(0), .reset, detail: ""))
        #expect(broken.record?.outcome == .failed && broken.record?.cost == nil)
    }

    @Test func requestsTokensAndThoseThatRunAreHeldToTheLimits() throws {
        let world = World(
            LoadLimits(requests: Pace(5, per: .seconds(60)), tokens: Pace(2000, per: .seconds(60)), streams: 1)
        )
        let first = try world.begin("", .get)
        #expect(world.words(.key).value(of: .streams) == 1)
        let second = try world.begin("", .get)
        #expect(second.head?.status == 429 && second.record?.errorCode == "rate_limit_exceeded" && !second.hasOrder)
        #expect(second.head?.headers.contains { $0.name == "retry-after" } == true)
        first.answer(200, "application/json", ["{}"])
        #expect(world.words(.key).value(of: .streams) == 0)
        // Reserved are 9 and 1024 tokens, used 34.
        let third = try world.begin()
        third.answer(200, "application/json", ["{\(Self.usage)}"])
        #expect(try world.begin("", .delete).hasOrder, "which holds the one place")
        #expect(Pace(2000, per: .seconds(60)).left(in: world.words(.key).value(of: .tokens), at: Stage.start) == 1966)
    }

    @Test func aBudgetPaysAndRefusesWhatItCannotPay() throws {
        let world = World(Self.budget(2_200_000_000))
        let running = try world.begin()
        #expect(world.words(.key).value(of: .spentOfDay) == 9 * 1_000_000 + 1024 * 2_000_000)
        let second = try world.begin()
        #expect(second.head?.status == 429 && second.record?.errorCode == "insufficient_quota")
        #expect(try world.begin("", .get).hasOrder, "looking costs nothing")
        running.answer(200, "application/json", ["{\(Self.usage)}"])
        #expect(world.words(.key).value(of: .spentOfDay) == 38_000_000)
        #expect(try world.begin().hasOrder)
    }

    @Test func aBudgetDoesNotPayForWhatHasNoPriceAndAnOperatorMayRefuseIt() throws {
        let unknown = #"{"model":"tts"}"#
        let refused = try World(Self.budget(1_000_000_000_000)).begin(unknown)
        #expect(refused.head?.status == 503 && refused.record?.errorCode == "price_unknown" && !refused.hasOrder)
        #expect(refused.head?.headers.contains(Header("x-should-retry", "false")) == true)
        let pricing = Pricing(generation: "x", unknown: .refuse)
        #expect(try World { $0.pricing = pricing }.begin(unknown).record?.errorCode == "price_unknown")
        #expect(try World { $0.pricing = pricing }.begin("", .get).hasOrder)
        let priced = try World(Self.budget(100)) { $0.providers[0].passThroughPrice = 7 }.begin(unknown)
        priced.answer(200, "audio/mpeg", ["x"])
        #expect(priced.record?.cost?.picoDollars == 7)
    }

    /// What was made is fetched later, for nothing. A picture's background is another.
    @Test(arguments: [
        ("true", false), ("1", false), (#""True""#, false), ("[]", false), ("false", true), ("null", true),
        (#""transparent""#, true),
    ]) func whatGoesOnInTheBackgroundIsNotForKeysWithABudget(_ value: String, _ isServed: Bool) throws {
        let body = #"{"model":"gpt-big","background":\#(value)}"#
        let running = try World(Self.budget(1_000_000_000_000)).begin(body, type: "text/plain")
        #expect(running.hasOrder == isServed)
        #expect(isServed || (running.head?.status == 400 && running.record?.errorCode == "unsupported_parameter"))
        #expect(isServed || running.record?.outcome == .rejected)
        #expect(try World().begin(body).hasOrder, "nobody's budget is passed by")
    }

    @Test func whatNobodyCanReadIsNotForKeysWithABudget() throws {
        let body = #"{"model":"gpt-big"}"#
        let coded = try World(Self.budget(1_000_000_000_000)).begin(body, more: [Header("content-encoding", "gzip")])
        #expect(!coded.hasOrder && coded.head?.status == 400 && coded.record?.outcome == .rejected)
        #expect(try World().begin(body, more: [Header("content-encoding", "gzip")]).hasOrder)
        // A name twice: the provider takes the last, and so is it read.
        let twice = try World(Self.budget(1_000_000_000_000)).begin(
            #"{"model":"gpt-big","background":false,"background":true}"#
        )
        #expect(!twice.hasOrder && twice.head?.status == 400)
        let broken = try World(Self.budget(1_000_000_000_000)).begin(#" {"model":"gpt-big","#, type: "text/plain")
        #expect(!broken.hasOrder && broken.record?.outcome == .rejected)
    }

    @Test func ofALongAnswerTheEndIsLookedAt() throws {
        let long = String(repeating: #"{"usage":{"prompt_tokens":1}},"#, count: 50_000)
        let texts = [
            ("\(Self.usage)}", UInt64(34)), (#""text":"\"usage\":{\"prompt_tokens\":5}",\#(Self.usage),"x":1}"#, 34),
            (#""usage" : {"a":"}{\"","prompt_tokens":3,"completion_tokens":2}}"#, 5),
            (#""service_tier": "priority","usage":{"prompt_tokens":3,"completion_tokens":2}}"#, 5),
            (#""usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4},"modelVersion":"x"}]"#, 7),
        ]
        for (end, tokens) in texts {
            var reading = PassageUsage(contentType: "application/json")
            let bytes = Array((#"{"data":["# + long + "0]," + end).utf8)
            for start in stride(from: 0, to: bytes.count, by: 60_000) {
                reading.observe(Array(bytes[start..<min(start + 60_000, bytes.count)]))
            }
            reading.finish()
            #expect((reading.usage.input ?? 0) + (reading.usage.output ?? 0) == tokens, "\(end)")
            #expect(reading.usage.service == (end.contains("tier") ? .priority : nil))
        }
    }
}
