/// Who takes a request: the less busy, or whoever has the conversation.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct PickingTests {
    private static let names = ["a", "b", "c", "d"]

    private func snapshot(_ routing: GroupRouting, strategy: Strategy = .weighted) -> GatewaySnapshot {
        var snapshot = Stage.snapshot()
        snapshot.models = GroupTable(
            [Stage.group("chat", Self.names.map { ($0, 1) }, scopes: [.any], strategy: strategy)],
            at: Stage.start
        )
        snapshot.deployments = Self.names.map { Deployment(provider: 1, model: $0) }
        snapshot.routing = [routing]
        return snapshot
    }

    private func body(_ session: Int, turn: Int = 0, toolResult: Bool = false) -> [UInt8] {
        let more = (0..<turn).map { #",{"role":"assistant","content":"r\#($0)"},{"role":"user","content":"q\#($0)"}"# }
        let tool = toolResult ? #",{"role":"tool","tool_call_id":"t","content":"42"}"# : ""
        return Array(
            #"{"model":"chat","messages":[{"role":"user","content":"talk \#(session)"}\#(more.joined())\#(tool)]}"#.utf8
        )
    }

    /// The member that a request is sent to by a view, at a time.
    private func member(
        _ view: RoutingView,
        _ body: [UInt8],
        session: String? = nil,
        draw: UInt64 = 0,
        at now: Instant = Stage.start
    ) throws -> String {
        var facts = try Stage.facts(body) {
            if let session { $0.headers = [.init(name: "x-session-id", value: session)] }
        }
        guard case .use(let offer, _, _) = view.route(&facts, draw: draw) else { return "" }
        let set = view.candidates(for: offer, view.need(of: &facts, for: offer), without: Exclusions())
        let picked = view.pick(set, for: offer, view.talk(of: facts, for: offer), draw: draw, at: now)
        return picked.map { Self.names[$0.candidate.member.index] } ?? "nobody"
    }

    private let bySession = GroupRouting(affinity: Affinity(by: .session, hold: .seconds(60)))
    private let byPrefix = GroupRouting(affinity: Affinity(by: .prefix, hold: .seconds(60)))

    @Test func aSessionStaysAndSessionsSpread() throws {
        let view = try RoutingView(snapshot(bySession))
        var counts: [String: Int] = [:]
        for session in 0..<400 {
            let first = try member(view, body(session), session: "s\(session)", draw: UInt64(session))
            let second = try member(view, body(session + 1), session: "s\(session)", draw: UInt64.max / 3)
            #expect(first == second)
            counts[first, default: 0] += 1
        }
        #expect(counts.count == 4 && counts.values.allSatisfy { (60...140).contains($0) }, "\(counts)")
    }

    @Test func aConversationIsKnownByItsBeginning() throws {
        let view = try RoutingView(snapshot(byPrefix))
        for session in 0..<50 {
            let turns = try (0..<3).map { try member(view, body(session, turn: $0), draw: UInt64($0) << 62) }
            #expect(Set(turns).count == 1)
        }
    }

    /// Every length up to some words, every byte, and what was hashed before: each makes another hash, and slices are what they show.
    @Test func whatDiffersAnywhereIsAnotherConversation() {
        let hash = KeyedHash(key0: 1, key1: 2)
        var seen: Set<UInt64> = []
        for length in 0...50 {
            let bytes = [UInt8](repeating: 7, count: length + 2)
            let slice = bytes[1..<(length + 1)]
            #expect(hash.folding(slice, into: 3) == hash.folding(Array(slice)[...], into: 3))
            for start in [UInt64(3), 4] { #expect(seen.insert(hash.folding(slice, into: start)).inserted) }
            for place in slice.indices {
                var other = bytes
                other[place] = 8
                #expect(seen.insert(hash.folding(other[1..<(length + 1)], into: 3)).inserted, "\(length) \(place)")
            }
        }
    }

    @Test func aMemberThatFailsLosesOnlyItsOwnAndTheyComeBackNoSoonerThanHoldSays() throws {
        var snapshot = snapshot(bySession)
        let before = try RoutingView(snapshot)
        let first = try (0..<200).map { try member(before, body(0), session: "s\($0)") }
        _ = snapshot.models.observe(.failure(Cause("x")), of: MemberID(0), in: .any, at: Stage.start)
        let without = try RoutingView(snapshot, after: before)
        let second = try (0..<200).map { try member(without, body(0), session: "s\($0)") }
        #expect(!second.contains("a"))
        #expect(zip(first, second).allSatisfy { $0 == $1 || $0 == "a" })
        _ = snapshot.models.observe(.success, of: MemberID(0), in: .any, at: Stage.start)
        let again = try RoutingView(snapshot, after: without)
        let held = try (0..<200).map { try member(again, body(0), session: "s\($0)", at: Stage.start + .seconds(30)) }
        #expect(held == second, "the cache is where the conversation was last")
        let later = Stage.start + .seconds(95)
        #expect(try (0..<200).map { try member(again, body(0), session: "s\($0)", at: later) } == first)
    }

    /// `a` leads alone, then `b` does.
    @Test func aToolLoopIsNotLeftForABetterMember() throws {
        var snapshot = snapshot(byPrefix, strategy: .static)
        let before = try RoutingView(snapshot)
        #expect(try member(before, body(1)) == "a")
        snapshot.models = GroupTable(
            [Stage.group("chat", [("a", 2), ("b", 1), ("c", 1), ("d", 1)], scopes: [.any], strategy: .static)],
            at: Stage.start
        )
        let after = try RoutingView(snapshot, after: before)
        let late = Stage.start + .seconds(3600)
        #expect(try member(after, body(1, toolResult: true), at: Stage.start + .seconds(300)) == "a")
        #expect(try member(after, body(1, turn: 1), at: late) == "b", "held no longer")
        #expect(try member(after, body(2, toolResult: true), at: late) == "b", "nobody has it")
    }

    /// `a` had a conversation of some 1,000 tokens before `b` came, which is cheaper: two dollars against one for a million tokens, and less
    /// or more of what `a` has in its cache, which costs a tenth there.
    @Test(
        arguments: [
            (1_000_000, 1000, false, "a", .kept, "the cache is worth more"),
            (1_000_000, 100, false, "b", .movedForPrice, "there is little in it"),
            (1_000_000, nil, false, "a", .kept, "nobody knows what is in it"),
            (100_000, 1000, false, "b", .movedForPrice, "so cheap that the cache does not count"),
            (100_000, 1000, true, "a", .kept, "never within a tool loop"),
        ] as [(UInt64, UInt64?, Bool, String, AffinityVerdict, Comment)]
    )
    func aSwitchCostsTheLostCache(
        _ cheaper: UInt64,
        _ cached: UInt64?,
        _ isInToolLoop: Bool,
        _ expected: String,
        _ verdict: AffinityVerdict,
        _ why: Comment
    ) throws {
        var snapshot = snapshot(byPrefix)
        let prices: [UInt64] = [2_000_000, cheaper, 3_000_000, 3_000_000]
        snapshot.models = GroupTable([Self.priced(prices)], at: Stage.start)
        for (index, price) in prices.enumerated() {
            // Answers cost next to nothing, so that prompts decide.
            snapshot.deployments[index].price = Price(PriceRates(input: price, output: 1, cachedInput: price / 10))
        }
        let text = String(repeating: "word", count: 1000)
        let tool = isInToolLoop ? #",{"role":"tool","tool_call_id":"t","content":"42"}"# : ""
        let body = Array(#"{"model":"chat","messages":[{"role":"user","content":"\#(text)"}\#(tool)]}"#.utf8)
        _ = snapshot.models.set(.drain, of: MemberID(1))
        let before = try RoutingView(snapshot)
        #expect(try pick(before, body)?.affinity == .new)
        var facts = try Stage.facts(body)
        guard case .use(let offer, _, _) = before.route(&facts, draw: 0), let talk = before.talk(of: facts, for: offer)
        else { return }
        if let cached { before.memory.note(cachedTokens: cached, of: talk.key) }
        _ = snapshot.models.set(.up, of: MemberID(1))
        let after = try RoutingView(snapshot, after: before)
        let picked = try #require(try pick(after, body))
        #expect(Self.names[picked.candidate.member.index] == expected && picked.affinity == verdict, why)
    }

    private func pick(_ view: RoutingView, _ body: [UInt8]) throws -> Picked? {
        var facts = try Stage.facts(body)
        guard case .use(let offer, _, _) = view.route(&facts, draw: 0) else { return nil }
        let set = view.candidates(for: offer, view.need(of: &facts, for: offer), without: Exclusions())
        return view.pick(set, for: offer, view.talk(of: facts, for: offer), draw: 0, at: Stage.start)
    }

    private static func priced(_ prices: [UInt64]) -> GroupDefinition {
        GroupDefinition(
            name: Located("chat", at: Stage.place),
            strategy: .cost,
            members: zip(names, prices).map { name, price in
                MemberDefinition(
                    name: Located(name, at: Stage.place),
                    weight: 1,
                    tier: 1,
                    hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
                    scopes: [.any],
                    price: Money(picoDollars: Int128(price) * 1_000_000)
                )
            },
            keepsLast: true,
            terms: GroupTerms(scale: .answers)
        )
    }

    @Test func aDrainedMemberKeepsNoConversation() throws {
        var snapshot = snapshot(byPrefix)
        let before = try RoutingView(snapshot)
        let first = try member(before, body(1))
        let index = try #require(Self.names.firstIndex(of: first))
        _ = snapshot.models.set(.drain, of: MemberID(index))
        let second = try member(try RoutingView(snapshot, after: before), body(1, toolResult: true))
        #expect(second != first && second != "nobody")
    }

    @Test func theLessBusyOfTwoTakesIt() throws {
        let view = try RoutingView(snapshot(GroupRouting(balance: .leastOutstanding)))
        for _ in 0..<10 { for busy in 1..<4 { view.loads[busy].began() } }
        var counts: [String: Int] = [:]
        for number in 0..<2000 {
            let draw = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
            counts[try member(view, body(0), draw: draw), default: 0] += 1
        }
        // It is one of the two in half of all draws, and taken whenever it is.
        #expect(abs(Double(counts["a"] ?? 0) / 2000 - 0.5) < 0.05, "\(counts)")
    }

    @Test func whatIsUnderWayIsCountedOverSnapshots() throws {
        let view = try RoutingView(snapshot(.standard))
        view.loads[1].began()
        let next = try RoutingView(snapshot(.standard), after: view)
        #expect(next.loads.map(\.outstanding) == [0, 1, 0, 0])
        view.loads[1].ended()
        #expect(next.loads[1].outstanding == 0)
    }

    @Test func anExchangeCountsWhileItsAttemptRuns() throws {
        let world = try ExchangeWorld(snapshot(.standard))
        try world.feed(Stage.request(Stage.body(isStreamed: false)))
        #expect(world.exchange.view.loads.map(\.outstanding).reduce(0, +) == 1)
        try world.refuseConnection(.connectRefused)
        #expect(world.exchange.view.loads.map(\.outstanding).reduce(0, +) == 1, "the next attempt")
        try world.feed(.clientGone)
        #expect(world.exchange.view.loads.map(\.outstanding).reduce(0, +) == 0)
    }
}

@Suite struct AffinityMemoryTests {
    private let start = Stage.start
    private let alpha = AffinityMemory.Identity(hash: 7)

    @Test func itTellsWhoAndHowLongAgo() throws {
        let memory = AffinityMemory()
        let key: UInt64 = 0x1234_5678_9ABC_DEF0
        #expect(memory.last(key, at: start) == nil)
        memory.keep(key, alpha, at: start)
        let found = try #require(memory.last(key, at: start + .seconds(90)))
        #expect(found.member == alpha && found.age == .seconds(90))
        #expect(memory.last(key ^ 1 << 63, at: start) == nil, "another conversation at the same place")
        memory.keep(key ^ 1 << 63, alpha, at: start)
        #expect(memory.last(key, at: start) == nil, "pushed out")
    }

    @Test func itCountsAcrossTheEndOfItsClock() throws {
        let memory = AffinityMemory()
        let late = Instant(nanoseconds: 65_530 * 1_000_000_000)
        memory.keep(1, alpha, at: late)
        #expect(try #require(memory.last(1, at: late + .seconds(20))).age == .seconds(20))
    }
}
