/// Who is served, who is told to wait, and what comes back: limits within exchanges, on plain words and a moved clock.
import Chance
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

/// Words without anybody beside us.
final class PlainWords: LoadWords, @unchecked Sendable {
    private var words = [UInt64](repeating: 0, count: LoadWord.allCases.count)

    func value(of word: LoadWord) -> UInt64 { words[word.rawValue] }

    func replace(_ old: UInt64, with next: UInt64, in word: LoadWord) -> Bool {
        guard words[word.rawValue] == old else { return false }
        words[word.rawValue] = next
        return true
    }
}

/// The stage of two members, with limits; one clock for all its exchanges.
final class LimitedStage {
    var snapshot = Stage.snapshot()
    var now = Stage.start
    private var book: [String: PlainWords] = [:]
    /// Of the secret `k`.
    private static let digest = KeyDigest(bytes: SHA256.digest([0x6B]))?.hexadecimal ?? ""

    init(_ change: (inout GatewaySnapshot) -> Void) {
        snapshot.keys = [GatewayKey(name: "ci", sha256: Self.digest, team: "platform")]
        change(&snapshot)
    }

    func words(_ kind: LoadSubject.Kind, _ name: String) -> PlainWords {
        let name = "\(kind) \(name)"
        let words = book[name] ?? PlainWords()
        book[name] = words
        return words
    }

    private var last: RoutingView?

    /// The next view on the snapshot.
    func view() throws -> RoutingView {
        let view = try RoutingView(snapshot, after: last) { self.words($0, $1) }
        last = view
        return view
    }

    /// A request that has begun; its exchange, and what it asked for.
    func begin(model: String = "chat", isStreamed: Bool = false) throws -> Running {
        let view = try view()
        let running = Running(Exchange(on: view))
        let request = ClientRequest(
            body: Stage.body(model: model, isStreamed: isStreamed),
            key: "ci",
            team: "platform",
            access: view.keys.key(presented: [0x6B]),
            source: nil,
            unixMicroseconds: 1_790_000_000_000_000,
            draw: 0
        )
        running.handle(.request(request), at: now)
        return running
    }

    final class Running {
        private var exchange: Exchange
        private(set) var actions: [ExchangeAction] = []

        init(_ exchange: consuming Exchange) { self.exchange = exchange }

        func handle(_ event: ExchangeEvent, at now: Instant) {
            actions += exchange.handle(event, at: now)
        }

        var attempt: AttemptID? { order?.attempt }

        var order: ConnectOrder? {
            actions.compactMap { if case .connect(let order) = $0 { order } else { nil } }.last
        }

        var head: ClientHead? {
            actions.compactMap { if case .writeHead(let head) = $0 { head } else { nil } }.last
        }

        var record: DecisionRecord? {
            actions.compactMap { if case .finished(let record) = $0 { record } else { nil } }.last
        }

        func header(_ name: String) -> String? { head?.headers.first { $0.name == name }?.value }

        /// The OpenAI provider answers the plain request.
        func answer(_ body: [UInt8] = Answer.plain, head: UpstreamHead = Answer.plainHead, at now: Instant) {
            guard let attempt else { return }
            handle(.connected(attempt, isReused: false), at: now)
            handle(.upstreamHead(attempt, head), at: now)
            handle(.upstreamBytes(attempt, body), at: now)
            handle(.upstreamEnded(attempt), at: now)
        }
    }
}

@Suite struct LoadTests {
    @Test func theRequestsOfAKeyAreBoundedAndItIsToldWhenToComeAgain() throws {
        let stage = LimitedStage { $0.keys[0].limits = LoadLimits(requests: Pace(2, per: .seconds(10))) }
        for left in ["1", "0"] {
            let running = try stage.begin()
            running.answer(at: stage.now)
            #expect(running.head?.status == 200)
            #expect(running.header("x-ratelimit-limit-requests") == "2")
            #expect(running.header("x-ratelimit-remaining-requests") == left)
        }
        let refused = try stage.begin()
        #expect(refused.order == nil && refused.head?.status == 429)
        #expect(refused.header("retry-after") == "5" && refused.header("retry-after-ms") == "5000")
        #expect(refused.header("x-ratelimit-reset-requests") == "10s")
        #expect(refused.record?.errorCode == "rate_limit_exceeded" && refused.record?.outcome == .rejected)
        stage.now = stage.now + .seconds(5)
        #expect(try stage.begin().order != nil)
    }

    @Test func whatALimitIsNotAboutCarriesNoFields() throws {
        let stage = LimitedStage { _ in }
        let running = try stage.begin()
        running.answer(at: stage.now)
        #expect(running.head?.status == 200)
        #expect(running.head?.headers.contains { $0.name.hasPrefix("x-ratelimit") } == false)
    }

    @Test func theTeamsLimitHoldsForAllItsKeysAndTheTighterOneIsShown() throws {
        let stage = LimitedStage {
            $0.keys[0].limits = LoadLimits(requests: Pace(100, per: .seconds(1)))
            $0.teams = [GatewayTeam(name: "platform", limits: LoadLimits(requests: Pace(1, per: .seconds(60))))]
        }
        let running = try stage.begin()
        running.answer(at: stage.now)
        #expect(running.header("x-ratelimit-limit-requests") == "1")
        let refused = try stage.begin()
        #expect(refused.head?.status == 429)
        #expect(stage.words(.key, "ci").value(of: .requests) > stage.now.nanoseconds, "its own request counts")
    }

    @Test func tokensAreReservedByEstimateAndSettledByWhatTheProviderReports() throws {
        let limits = LoadLimits(tokens: Pace(2000, per: .seconds(60)))
        let stage = LimitedStage { $0.keys[0].limits = limits }
        let first = try stage.begin()
        // 1024 for the answer and a few for the prompt are held: a second one does not fit beside it.
        #expect(try stage.begin().head?.status == 429)
        first.answer(at: stage.now)
        #expect(first.record?.usage.input == 3)
        #expect(limits.tokens?.left(in: stage.words(.key, "ci").value(of: .tokens), at: stage.now) == 1996)
        #expect(try stage.begin().order != nil)
    }

    @Test func aFailedRequestAndOneThatIsRefusedUseNoTokens() throws {
        let limits = LoadLimits(tokens: Pace(2000, per: .seconds(60)), streams: 1)
        let stage = LimitedStage { $0.keys[0].limits = limits }
        let running = try stage.begin(model: "chat.big")
        running.handle(.connectFailed(running.attempt!, .connectRefused, detail: ""), at: stage.now)
        running.handle(.connectFailed(running.attempt!, .connectRefused, detail: ""), at: stage.now)
        running.handle(.connectFailed(running.attempt!, .connectRefused, detail: ""), at: stage.now)
        #expect(running.record?.outcome == .failed)
        _ = try stage.begin(model: "nobody", isStreamed: true)
        let words = stage.words(.key, "ci")
        #expect(limits.tokens?.left(in: words.value(of: .tokens), at: stage.now) == 2000)
        #expect(words.value(of: .streams) == 0)
    }

    @Test func aStreamIsFreeAgainWhenItsClientLeaves() throws {
        let stage = LimitedStage { $0.keys[0].limits = LoadLimits(streams: 1) }
        let running = try stage.begin(isStreamed: true)
        let attempt = running.attempt!
        running.handle(.connected(attempt, isReused: false), at: stage.now)
        running.handle(.upstreamHead(attempt, Answer.streamHead), at: stage.now)
        running.handle(.upstreamBytes(attempt, Answer.word), at: stage.now)
        let refused = try stage.begin(isStreamed: true)
        #expect(refused.head?.status == 429 && refused.header("retry-after") == "1")
        #expect(try stage.begin(isStreamed: false).order != nil, "plain answers are no streams")
        running.handle(.clientGone, at: stage.now)
        #expect(try stage.begin(isStreamed: true).order != nil)
    }

    @Test func aMemberAtItsLimitIsNotChosenAndTheDecisionSaysSo() throws {
        let stage = LimitedStage { $0.deployments[0].limits = LoadLimits(requests: Pace(1, per: .seconds(60))) }
        let first = try stage.begin()
        #expect(first.order?.provider == 0)
        first.answer(at: stage.now)
        let second = try stage.begin()
        #expect(second.order?.provider == 1, "the other one serves")
        second.handle(.clientGone, at: stage.now)
        let row = second.record?.candidates.first { $0.member == "chat.big" }
        #expect(row?.reason == "excluded" && row?.cause == "at-limit" && row?.weight == 0)
        #expect(second.record?.attempts.count == 1, "not being asked is no attempt")
    }

    @Test func whenAllMembersAreAtTheirLimitsTheClientIsToldWhenToCome() throws {
        let stage = LimitedStage { snapshot in
            for (index, seconds) in [(0, 60), (1, 20)] {
                snapshot.deployments[index].limits = LoadLimits(requests: Pace(1, per: .seconds(Int64(seconds))))
            }
        }
        _ = try stage.begin()
        _ = try stage.begin()
        let refused = try stage.begin()
        #expect(refused.head?.status == 429 && refused.header("retry-after") == "20")
        #expect(refused.header("x-should-retry") == nil)
    }

    @Test func theGroupAtItsLimitIs429() throws {
        let stage = LimitedStage { $0.groupLimits = [LoadLimits(requests: Pace(1, per: .seconds(60)))] }
        _ = try stage.begin()
        #expect(try stage.begin().head?.status == 429)
        #expect(try stage.begin(model: "chat.small").head?.status == 429, "its members too")
    }

    @Test func aProvidersOwnLimitKeepsItsMemberOutUntilItIsWholeAgain() throws {
        let stage = LimitedStage { _ in }
        var head = Answer.plainHead
        let fields = ["x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "30s"]
        head.limits = ProviderLimits { fields["\($0)"] }
        let first = try stage.begin()
        first.answer(head: head, at: stage.now)
        #expect(first.head?.status == 200)
        let second = try stage.begin()
        #expect(second.order?.provider == 1)
        second.handle(.clientGone, at: stage.now)
        #expect(second.record?.candidates.first { $0.member == "chat.big" }?.cause == "provider-limit")
        stage.now = stage.now + .seconds(31)
        #expect(try stage.begin().order?.provider == 0)
    }

    /// Ten requests are left of a hundred, and two of those are under way without an answer yet.
    @Test func aMemberWithLittleHeadroomWeighsLessAndIsNotSentMoreThanItsProviderTakes() throws {
        let stage = LimitedStage { snapshot in
            let group = Stage.group("chat", [("big", 1), ("small", 1)], scopes: [.any], strategy: .weighted)
            snapshot.models = GroupTable([group], at: Stage.start)
            snapshot.network = GroupTable([], at: Stage.start)
            snapshot.paths = []
            snapshot.providers[0].path = nil
        }
        let big = LoadSubject(.member, "chat.big", .none, stage.words(.member, "chat.big"))
        let view = try stage.view()
        let set = view.candidates(for: view.offers.offer(of: GroupID(0)), .unknown, without: Exclusions())
        #expect(view.eased(set, at: stage.now).eligible.map(\.weight) == [1, 1])
        big.heard(Self.limits(left: 12, of: 100, reset: "30s"), at: stage.now, unixMicroseconds: 0)
        big.drawOnProvider(tokens: 1)
        big.drawOnProvider(tokens: 1)
        #expect(big.headroom(at: stage.now) == Headroom(percent: 10, reset: .seconds(30)))
        #expect(view.eased(set, at: stage.now).eligible.map(\.weight) == [1, 1], "nobody has said that it is short")
        view.shortage.note(until: stage.now + .seconds(30))
        let eased = view.eased(set, at: stage.now)
        #expect(eased.eligible.map(\.weight) == [2, 5] && eased.rows.map(\.weight) == [2, 5])
        #expect(eased.rows.map(\.headroom) == [10, nil])
        for _ in 0..<10 { big.drawOnProvider(tokens: 1) }
        #expect(big.mayBeSpent(tokens: 1, at: stage.now) && big.providerWait(tokens: 1, at: stage.now) == nil)
        let later = stage.now + .seconds(31)
        #expect(big.headroom(at: later) == nil && !big.mayBeSpent(tokens: 1, at: later))
        #expect(view.eased(set, at: later).eligible.map(\.weight) == [1, 1])
    }

    /// One request was left, and it is under way: others are asked while there are others, and it is when there are none.
    @Test func whatWasSentMeanwhileOrdersAndRefusesNobody() throws {
        let stage = LimitedStage { _ in }
        let (big, small) = (stage.words(.member, "chat.big"), stage.words(.member, "chat.small"))
        let subject = LoadSubject(.member, "chat.big", .none, big)
        subject.heard(Self.limits(left: 1, of: 100, reset: "30s"), at: stage.now, unixMicroseconds: 0)
        #expect(try stage.begin().order?.provider == 0)
        let second = try stage.begin()
        #expect(second.order?.provider == 1)
        second.handle(.clientGone, at: stage.now)
        #expect(second.record?.candidates.first?.cause == "provider-limit")
        LoadSubject(.member, "chat.small", .none, small).close(for: .seconds(9), at: stage.now)
        #expect(try stage.begin().order?.provider == 0, "nobody else takes anything")
        #expect(try stage.begin(model: "chat.big").order?.provider == 0, "nobody else was meant")
    }

    private static func limits(left: Int, of whole: Int, reset: String) -> ProviderLimits {
        let fields = [
            "x-ratelimit-remaining-requests": "\(left)", "x-ratelimit-limit-requests": "\(whole)",
            "x-ratelimit-reset-requests": reset,
        ]
        return ProviderLimits { fields["\($0)"] }!
    }

    /// What the head of an answer says is in the record, and weighs from then on.
    @Test func anAnswersHeadTellsHowMuchIsLeft() throws {
        let stage = LimitedStage { _ in }
        var head = Answer.plainHead
        head.limits = Self.limits(left: 5, of: 100, reset: "10s")
        let first = try stage.begin()
        first.answer(head: head, at: stage.now)
        #expect(first.record?.attempts.first?.headroom == Headroom(percent: 5, reset: .seconds(10)))
        #expect(first.record?.candidates.first?.headroom == nil, "it was not known then")
        let second = try stage.begin()
        second.answer(at: stage.now)
        #expect(second.record?.candidates.first?.headroom == 5)
    }

    /// Weights from one to the largest that there are: nobody loses all, and the order stays.
    @Test func easedWeightsKeepTheirOrder() {
        var random = SeededGenerator(11)
        for _ in 0..<500 {
            var set = CandidateSet()
            let left = (0..<4).map { _ in Bool.random(using: &random) ? UInt32.random(in: 0...100, using: &random) : nil
            }
            let weights = (0..<4).map { _ -> UInt32 in
                let bits = UInt32.random(in: 1...31, using: &random)
                return UInt32.random(in: 1...(1 << bits), using: &random)
            }
            for (index, weight) in weights.enumerated() {
                set.eligible.append(
                    Candidate(member: MemberID(index), path: nil, mark: nil, families: [.v4], weight: weight)
                )
                set.rows.append(
                    CandidateRow(member: "\(index)", path: nil, mark: nil, weight: weight, reason: "eligible")
                )
            }
            let eased = set.eased { left[$0.index] }
            #expect(
                eased.eligible.allSatisfy { $0.weight > 0 } && eased.rows.map(\.weight) == eased.eligible.map(\.weight)
            )
            let wanted = zip(weights, left).map { UInt64($0) * UInt64(max(1, min($1 ?? 25, 25))) }
            for (a, b) in [(0, 1), (1, 2), (2, 3), (0, 3)] where wanted[a] <= wanted[b] {
                #expect(eased.eligible[a].weight <= eased.eligible[b].weight)
            }
        }
    }

    @Test func aProvider429WithRetryAfterKeepsItsMemberOut() throws {
        let stage = LimitedStage { _ in }
        let first = try stage.begin()
        let attempt = first.attempt!
        first.handle(.connected(attempt, isReused: false), at: stage.now)
        let head = UpstreamHead(status: 429, contentType: "application/json", retryAfter: "7")
        first.handle(.upstreamHead(attempt, head), at: stage.now)
        first.handle(.upstreamEnded(attempt), at: stage.now)
        #expect(first.order?.provider == 1, "the next member answers this request")
        stage.now = stage.now + .seconds(6)
        #expect(try stage.begin().order?.provider == 1)
        stage.now = stage.now + .seconds(2)
        #expect(try stage.begin().order?.provider == 0)
    }

    @Test(
        arguments: [
            (["x-ratelimit-remaining-tokens": "1500", "x-ratelimit-reset-tokens": "6m0s"], 1500, 360),
            (
                [
                    "anthropic-ratelimit-tokens-remaining": "9",
                    "anthropic-ratelimit-tokens-reset": "2026-09-21T14:14:00Z",
                ], 9, 40
            ),
            (
                [
                    "anthropic-ratelimit-tokens-remaining": "9",
                    "anthropic-ratelimit-tokens-reset": "2020-01-01T00:00:00Z",
                ], 9, 0
            ),
            (["x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "9999999999h"], 9, 3600),
        ] as [([String: String], UInt64, Int64)]
    )
    func providersSayTheirLimitsInTheirOwnWays(_ fields: [String: String], _ left: UInt64, _ seconds: Int64) throws {
        let limits = try #require(ProviderLimits { fields["\($0)"] })
        #expect(limits.tokens?.units == left)
        // 2026-09-21T14:13:20Z.
        #expect(limits.tokens?.reset.wait(at: 1_790_000_000_000_000) == .seconds(seconds))
        #expect(limits.requests == nil)
    }

    @Test func whatIsNoLimitIsNotHeard() {
        let fields = ["x-ratelimit-remaining-tokens": "many", "x-ratelimit-reset-tokens": "soon", "retry-after": "5"]
        #expect(ProviderLimits { fields["\($0)"] } == nil)
    }
}
