/// Every strategy, constraint and affinity does over real connections what it promises: counted where the requests arrive.
import ConfigSyntax
import Glibc
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Gateway

/// Three providers, `m0` to `m2` in the group `chat`, and what each of them got.
private final class Trio {
    let mocks: [MockProvider]
    let gateway: GatewayUnderTest
    private let client: TestClient

    /// - Parameters:
    ///   - members: weight, tier, quality in thousandths and price of a million tokens in cents, of each.
    ///   - change: what else is otherwise, once the group is there.
    init(
        _ strategy: Strategy,
        _ members: [(weight: Int, tier: Int, quality: Int, cents: Int)],
        aims: Aims? = nil,
        behaviours: [Behaviour]? = nil,
        _ change: (inout GatewaySnapshot) throws -> Void = { _ in }
    ) throws {
        mocks = try members.indices.map { try MockProvider(behaviours?[$0] ?? Mock.plain) }
        let group = Self.group(strategy, members, aims)
        gateway = try GatewayUnderTest(ports: mocks.map(\.port)) { snapshot in
            snapshot.models = GroupTable([group], at: Instant(nanoseconds: 1))
            for index in snapshot.providers.indices { snapshot.providers[index].name = "p\(index)" }
            for (index, region) in ["us", "eu", "eu"].enumerated() where index < snapshot.providers.count {
                snapshot.providers[index].region = region
            }
            try change(&snapshot)
        }
        client = try TestClient(gateway.port)
    }

    static let even = [(1, 1, 500, 100), (1, 1, 500, 100), (1, 1, 500, 100)]

    private static func group(
        _ strategy: Strategy,
        _ members: [(weight: Int, tier: Int, quality: Int, cents: Int)],
        _ aims: Aims?
    ) -> GroupDefinition {
        let place = Place(file: 0, line: 1, column: 1)
        return GroupDefinition(
            name: Located("chat", at: place),
            strategy: strategy,
            members: members.enumerated().map { number, member in
                MemberDefinition(
                    name: Located("m\(number)", at: place),
                    weight: member.weight,
                    tier: member.tier,
                    hysteresis: Hysteresis(downAfter: 3, upAfter: 1),
                    scopes: [.any],
                    price: Money(picoDollars: Int128(member.cents) * 10_000_000_000),
                    quality: Fraction(millionths: UInt32(member.quality * 1000)),
                    loadClasses: PromptSize.allCases.count
                )
            },
            keepsLast: true,
            terms: GroupTerms(aims: aims, scale: .answers)
        )
    }

    /// Asks, and says who answered; -1: nobody.
    @discardableResult
    func ask(_ body: String = TestClient.chat(isStreamed: false), _ headers: String = "") -> Int {
        let before = counts
        _ = client.ask(TestClient.request(body: body, more: headers))
        return zip(before, counts).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? -1
    }

    var counts: [Int] { mocks.map { $0.requests.count } }

    func stop() throws {
        // Who is still connected may be about to ask, and is waited for.
        shutdown(client.socket.descriptor, Int32(SHUT_RDWR))
        for mock in mocks { mock.stop() }
        try gateway.stop()
    }
}

extension OverSockets {
    @Suite struct RoutingOverHTTPTests {
        /// What a policy that takes everything asks besides.
        private func policy(_ terms: PolicyTerms, _ text: String = "any", otherwise: Bool = false) throws
            -> GatewayPolicy
        {
            let match = try Match.compile(
                try Expression(parsing: text),
                schema: RequestFact.schema,
                sets: SetTable([])
            ).get()
            return GatewayPolicy(
                name: "p",
                place: Place(file: 0, line: 1, column: 1),
                match: match,
                target: .group(GroupID(0)),
                terms: terms,
                fallsThrough: otherwise
            )
        }

        @Test func weightsAreShares() throws {
            let trio = try Trio(.weighted, [(6, 1, 500, 100), (3, 1, 500, 100), (1, 1, 500, 100)])
            for _ in 0..<600 { trio.ask() }
            let counts = trio.counts
            // 360, 180 and 60; five standard deviations are 60, 52 and 37.
            #expect(abs(counts[0] - 360) < 70 && abs(counts[1] - 180) < 60 && abs(counts[2] - 60) < 40, "\(counts)")
            try trio.stop()
        }

        /// A twentieth of its limit is a fifth of what counts as little: it gets a fifth of the others' part.
        @Test func whoHasLittleHeadroomGetsLess() throws {
            let fields =
                "x-ratelimit-limit-requests: 1000\r\nx-ratelimit-remaining-requests: 50\r\nx-ratelimit-reset-requests: 600s\r\n"
            let short: Behaviour = { $0.write(Mock.answer(200, Mock.plainBody, more: fields)) ? .keep : .close }
            let trio = try Trio(.weighted, Trio.even, behaviours: [short, Mock.plain, Mock.plain])
            var first = 0
            while trio.ask() != 0, first < 200 { first += 1 }
            let before = trio.counts[0]
            for _ in 0..<330 { trio.ask() }
            // A thirtieth of 11 parts is 30; five standard deviations are 27. Without it there would be 110.
            #expect((4...62).contains(trio.counts[0] - before), "\(trio.counts)")
            let record = try #require(trio.gateway.record(first + 1))
            #expect(
                record.candidates.map(\.headroom) == [5, nil, nil] && record.candidates.map(\.weight) == [1, 5, 5]
            )
            try trio.stop()
        }

        @Test(
            arguments: [
                (Strategy.static, [(1, 1, 100, 900), (1, 1, 900, 1), (1, 1, 500, 500)], nil, [0], "the first"),
                (.quality, [(1, 1, 600, 10), (1, 1, 900, 900), (1, 1, 800, 10)], nil, [1], "the best"),
                (.cost, [(1, 1, 600, 300), (1, 1, 900, 200), (1, 1, 800, 20)], nil, [2], "the cheapest"),
                (.cost, [(1, 2, 600, 1), (1, 1, 900, 200), (1, 1, 800, 200)], nil, [1, 2], "of the lowest tier"),
                (
                    .hybrid, [(1, 1, 200, 20), (1, 1, 900, 1500), (1, 1, 850, 100)], (500, 500), [2],
                    "good and not dear"
                ),
                (.hybrid, [(1, 1, 300, 20), (1, 1, 990, 1500), (1, 1, 850, 100)], (50, 950), [1], "quality above all"),
                (.hybrid, [(1, 1, 300, 20), (1, 1, 900, 1500), (1, 1, 850, 100)], (950, 50), [0], "price above all"),
            ] as [(Strategy, [(weight: Int, tier: Int, quality: Int, cents: Int)], (Int, Int)?, [Int], String)]
        )
        func aStrategyChoosesWhomItPromises(
            _ strategy: Strategy,
            _ members: [(weight: Int, tier: Int, quality: Int, cents: Int)],
            _ aims: (cost: Int, quality: Int)?,
            _ expected: [Int],
            _ what: String
        ) throws {
            let aims = aims.map {
                Aims(
                    cost: Fraction(millionths: UInt32($0.cost * 1000)),
                    latency: .zero,
                    quality: Fraction(millionths: UInt32($0.quality * 1000))
                )
            }
            let trio = try Trio(strategy, members, aims: aims)
            for _ in 0..<20 { trio.ask() }
            let served = trio.counts.indices.filter { trio.counts[$0] > 0 }
            #expect(served == expected, Comment(rawValue: what))
            try trio.stop()
        }

        @Test func theOneMeasuredTheQuickestCarries() throws {
            let trio = try Trio(.latency, Trio.even) { snapshot in
                snapshot.measured([900, 200, 700])
            }
            for _ in 0..<20 { trio.ask() }
            #expect(trio.counts == [0, 20, 0])
            try trio.stop()
        }

        /// 200, 400 and 800 ms for an answer: four, two and one part of seven.
        @Test func whoAnswersTwiceAsQuicklyCarriesTwiceAsMuch() throws {
            let trio = try Trio(.adaptive, Trio.even) { snapshot in
                snapshot.measured([200, 400, 800])
            }
            for _ in 0..<700 { trio.ask() }
            let counts = trio.counts
            // 400, 200 and 100; five standard deviations are 66, 60 and 46.
            #expect(abs(counts[0] - 400) < 75 && abs(counts[1] - 200) < 70 && abs(counts[2] - 100) < 55, "\(counts)")
            try trio.stop()
        }

        /// The next tier answers at once when the lower one is refused, and in order.
        @Test func tiersStandInForOneAnotherInOrder() throws {
            let trio = try Trio(.weighted, [(1, 1, 500, 1), (1, 3, 500, 1), (1, 2, 500, 1)])
            #expect(trio.ask() == 0)
            trio.mocks[0].refuse()
            let start = ContinuousClock.now
            #expect((0..<3).map { _ in trio.ask() } == [2, 2, 2])
            #expect(ContinuousClock.now - start < .seconds(5), "without waiting for anything")
            trio.mocks[2].refuse()
            #expect(trio.ask() == 1)
            try trio.stop()
        }

        @Test(
            arguments: [
                (PolicyTerms(only: .init(regions: ["eu"])), [1, 2]),
                (PolicyTerms(except: .init(regions: ["eu"])), [0]),
                (PolicyTerms(only: .init(providers: ["p1"])), [1]),
                (PolicyTerms(except: .init(providers: ["p0", "p1"])), [2]),
                (PolicyTerms(minQuality: Fraction(millionths: 700_000)), [2]),
                (PolicyTerms(strategy: .cost, minQuality: Fraction(millionths: 450_000)), [1]),
                (PolicyTerms(only: .init(regions: ["mars"])), []),
                (PolicyTerms(maxCost: Money(picoDollars: 10_000_000_000)), [0]),
                (PolicyTerms(maxLatency: .milliseconds(500)), [1, 2]),
                (PolicyTerms(only: .init(capabilities: .tools)), [0, 2]),
                (PolicyTerms(except: .init(capabilities: .images)), [0, 1]),
            ] as [(PolicyTerms, [Int])]
        )
        func aPolicysTermsAreKept(_ terms: PolicyTerms, _ expected: [Int]) throws {
            let members = [(1, 1, 400, 10), (1, 1, 500, 50), (1, 1, 900, 900)]
            let trio = try Trio(.weighted, members) { snapshot in
                snapshot.policies = [try policy(terms)]
                snapshot.deployments[0].facts = ModelFacts(capabilities: [.chat, .tools])
                snapshot.deployments[2].facts = ModelFacts(capabilities: [.chat, .tools, .images])
                // A dollar and a hundred for a million tokens; of the third nobody knows the price, nor how quick it is.
                for (member, rate, time) in [(0, 1_000_000, 900), (1, 100_000_000, 200)] as [(Int, UInt64, Int64)] {
                    snapshot.deployments[member].price = Price(PriceRates(input: rate, output: rate))
                    for _ in 0..<4 {
                        _ = snapshot.models.measure(
                            Sample(latency: .milliseconds(time), loss: nil),
                            of: MemberID(member),
                            in: .any,
                            at: Instant(nanoseconds: 1)
                        )
                    }
                }
            }
            for _ in 0..<30 { trio.ask() }
            #expect(trio.counts.indices.filter { trio.counts[$0] > 0 } == expected)
            if expected.isEmpty {
                let answer = try #require(try TestClient(trio.gateway.port).chat(isStreamed: false))
                #expect(answer.status == 503)
            }
            try trio.stop()
        }

        /// The first is the best and can do nothing besides talk, the second is small, of the third nobody knows anything.
        @Test(
            arguments: [
                (#""temperature":0"#, 200, 0, nil),
                (#""tools":[{"type":"function","function":{"name":"f"}}]"#, 200, 1, "lacks-tools"),
                (#""response_format":{"type":"json_schema"}"#, 200, 1, "lacks-json-schema"),
                (#""reasoning_effort":"low""#, 200, 2, "lacks-thinking"),
                (#""max_tokens":5000"#, 200, 1, "max-output"),
                (#""max_tokens":50000"#, 200, 2, "max-output"),
                (#""max_tokens":500000"#, 400, -1, "max-output"),
                (#""stream":true"#, 200, 1, "no-streams"),
            ] as [(String, Int, Int, String?)]
        )
        func onlyWhoCanDoItIsAsked(_ more: String, _ status: Int, _ who: Int, _ cause: String?) throws {
            let trio = try Trio(.static, Trio.even) { snapshot in
                snapshot.deployments[0].facts = ModelFacts(maxOutput: 1000, capabilities: .chat, streams: false)
                snapshot.deployments[1].facts = ModelFacts(
                    context: 40_000,
                    capabilities: [.chat, .tools, .jsonSchema]
                )
                snapshot.deployments[2].facts = ModelFacts(maxOutput: 100_000)
            }
            let body = #"{"model":"chat","messages":[{"role":"user","content":"hello"}],\#(more)}"#
            #expect(trio.ask(body) == who)
            let record = try #require(trio.gateway.record())
            #expect(record.candidates.first?.cause == cause)
            if status == 400 { #expect(record.status == 400 && record.errorCode == "invalid_value") }
            try trio.stop()
        }

        @Test func otherwiseTheNextPolicyIsAsked() throws {
            let trio = try Trio(.weighted, Trio.even) { snapshot in
                snapshot.policies = [
                    try policy(PolicyTerms(only: .init(regions: ["mars"])), otherwise: true),
                    try policy(PolicyTerms(only: .init(regions: ["us"]))),
                ]
            }
            #expect((0..<5).map { _ in trio.ask() } == [0, 0, 0, 0, 0])
            try trio.stop()
        }

        @Test(
            arguments: [
                (#"header.x-team == "blue""#, TestClient.chat(isStreamed: false), "X-Team: blue\r\n", true),
                (#"header.x-team == "blue""#, TestClient.chat(isStreamed: false), "x-team: red\r\n", false),
                (
                    "prompt.modality has image",
                    #"{"model":"chat","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y"}}]}]}"#,
                    "", true
                ),
                ("prompt.modality has image", TestClient.chat(isStreamed: false), "", false),
                (
                    "prompt.has-code",
                    #"{"model":"chat","messages":[{"role":"user","content":"```\nlet x = 1\n```"}]}"#, "", true
                ),
                (
                    "prompt.language == de",
                    #"{"model":"chat","messages":[{"role":"user","content":"Wie ist das Wetter und ist es morgen besser?"}]}"#,
                    "", true
                ),
                (
                    "schema and tools",
                    #"{"model":"chat","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}],"response_format":{"type":"json_schema"}}"#,
                    "", true
                ),
                ("time in 00:00-12:00 or time in 12:00-00:00", TestClient.chat(isStreamed: false), "", true),
                ("src in 127.0.0.0/8 and prompt.tokens < 100", TestClient.chat(isStreamed: false), "", true),
                ("key == ci and key.team == platform", TestClient.chat(isStreamed: false), "", true),
                ("key.tags has batch and not (key.tags has gold)", TestClient.chat(isStreamed: false), "", true),
                ("key.tags has gold", TestClient.chat(isStreamed: false), "", false),
            ]
        )
        func aConditionOnAnyFactHolds(_ text: String, _ body: String, _ headers: String, _ holds: Bool) throws {
            let trio = try Trio(.weighted, Trio.even) { snapshot in
                snapshot.keys[0].tags = ["batch", "night"]
                snapshot.policies = [
                    try policy(PolicyTerms(only: .init(regions: ["us"])), text),
                    try policy(PolicyTerms(only: .init(providers: ["p2"]))),
                ]
            }
            #expect(trio.ask(body, headers) == (holds ? 0 : 2))
            try trio.stop()
        }

        @Test func theArmsOfASplitGetTheirSharesAndUsersStay() throws {
            let trio = try Trio(.weighted, Trio.even) { snapshot in
                let place = Place(file: 0, line: 1, column: 1)
                // One group for each provider.
                snapshot.models = GroupTable(
                    (0..<3).map { number in
                        GroupDefinition(
                            name: Located("g\(number)", at: place),
                            strategy: .static,
                            members: [
                                MemberDefinition(
                                    name: Located("one", at: place),
                                    weight: 1,
                                    tier: 1,
                                    hysteresis: Hysteresis(downAfter: 3, upAfter: 1),
                                    scopes: [.any]
                                )
                            ],
                            keepsLast: true
                        )
                    },
                    at: Instant(nanoseconds: 1)
                )
                var split = try policy(.none)
                split.target = .split(
                    [.init(group: GroupID(0), weight: 8), .init(group: GroupID(1), weight: 2)],
                    by: .user
                )
                snapshot.policies = [split]
            }
            let body = { (user: Int) in
                #"{"model":"any","user":"u\#(user)","messages":[{"role":"user","content":"hello"}]}"#
            }
            let first = (0..<300).map { trio.ask(body($0)) }
            // 60; five standard deviations are 35.
            #expect(abs(first.count { $0 == 1 } - 60) < 40 && !first.contains(2), "\(trio.counts)")
            #expect((0..<50).map { trio.ask(body($0)) } == Array(first.prefix(50)))
            let record = try #require(trio.gateway.record())
            #expect(record.arm == "g\(first[0])" && record.policy == "p")
            try trio.stop()
        }

        @Test func aSessionStaysWithItsMemberAndSessionsSpread() throws {
            let trio = try Trio(.weighted, Trio.even) {
                $0.routing = [GroupRouting(affinity: Affinity(by: .session))]
            }
            let ask = { (session: Int) in
                trio.ask(TestClient.chat(isStreamed: false), "X-Session-Id: s\(session)\r\n")
            }
            let first = (0..<90).map { ask($0) }
            #expect((0..<90).map { ask($0) } == first)
            #expect((0..<3).allSatisfy { member in (10...50).contains(first.count { $0 == member }) }, "\(trio.counts)")
            try trio.stop()
        }

        /// The first has the session; then the second comes, at half the price of a prompt that nobody has in a cache.
        @Test(arguments: [(1000, 0, AffinityVerdict.kept), (3, 1, .movedForPrice)])
        func aSessionGoesToWhoIsCheaperWithoutItsCache(_ cached: Int, _ who: Int, _ verdict: AffinityVerdict) throws {
            let usage =
                #"{"prompt_tokens":\#(cached),"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":1}}"#
            let body =
                #"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":\#(usage)}"#
            let first: Behaviour = { $0.write(Mock.answer(200, body)) ? .keep : .close }
            let members = [(1, 1, 500, 200), (1, 1, 500, 100)]
            let trio = try Trio(.cost, members, behaviours: [first, Mock.plain]) { snapshot in
                snapshot.routing = [GroupRouting(affinity: Affinity(by: .session))]
                for (index, rate) in [UInt64(2_000_000), 1_000_000].enumerated() {
                    snapshot.deployments[index].price = Price(
                        PriceRates(input: rate, output: 1, cachedInput: rate / 10)
                    )
                }
                _ = snapshot.models.set(.drain, of: MemberID(1))
            }
            let ask = { trio.ask(TestClient.chat(isStreamed: false), "X-Session-Id: s\r\n") }
            #expect((0..<3).map { _ in ask() } == [0, 0, 0])
            try trio.gateway.reload { _ = $0.models.set(.up, of: MemberID(1)) }
            #expect((0..<3).map { _ in ask() } == [who, who, who])
            let records = try #require(trio.gateway.record(5).map { _ in trio.gateway.records })
            #expect(records[0].affinity == .new && records[1].affinity == .kept && records[3].affinity == verdict)
            #expect(trio.ask(TestClient.chat(isStreamed: false), "X-Session-Id: t\r\n") == 1, "others begin there")
            try trio.stop()
        }

        @Test func theLessBusyMemberIsChosen() throws {
            // The first never answers while it is asked: whoever comes later goes to the others.
            let slow = try MockProvider(Mock.hang)
            let quick = try MockProvider(Mock.plain)
            let timeouts = ExchangeTimeouts(
                connect: .seconds(5),
                head: .seconds(20),
                firstToken: .seconds(20),
                betweenTokens: .seconds(20),
                answer: .seconds(20),
                total: .seconds(30)
            )
            let gateway = try GatewayUnderTest(ports: [slow.port, quick.port], timeouts: timeouts) { snapshot in
                let names = ["m0", "m1"]
                snapshot.models = GroupTable(
                    [Fixed.group("chat", names, [.any], .weighted)],
                    at: Instant(nanoseconds: 1)
                )
                snapshot.routing = [GroupRouting(balance: .leastOutstanding)]
            }
            let waiting = try (0..<6).map { _ in try TestClient(gateway.port) }
            for client in waiting {
                client.socket.write(TestClient.request(body: TestClient.chat(isStreamed: false)))
            }
            #expect(eventually { slow.requests.count + quick.requests.count >= 6 && slow.requests.count >= 1 })
            let before = slow.requests.count
            let client = try TestClient(gateway.port)
            for _ in 0..<20 { #expect(client.chat(isStreamed: false)?.status == 200) }
            #expect(slow.requests.count == before, "it has one under way, the other none")
            for client in waiting { shutdown(client.socket.descriptor, Int32(SHUT_RDWR)) }
            client.socket.hangUp()
            try gateway.stop()
        }
    }
}

extension GatewaySnapshot {
    /// As if each of the first members had answered four times, in so many milliseconds.
    fileprivate mutating func measured(_ times: [Int64]) {
        for (member, time) in times.enumerated() {
            for _ in 0..<4 {
                _ = models.measure(
                    Sample(latency: .milliseconds(time), loss: nil),
                    of: MemberID(member),
                    in: .any,
                    at: Instant(nanoseconds: 1)
                )
            }
        }
    }
}
