/// What a policy asks of those that serve it: who is left, and why the others are not.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct TermsTests {
    /// chat: big over wan in the region `us`, small in `eu`; rated 0.9 and 0.6.
    private func snapshot(_ strategy: Strategy = .weighted) -> GatewaySnapshot {
        var snapshot = Stage.snapshot()
        snapshot.providers[0].region = "us"
        snapshot.providers[1].region = "eu"
        let members = [("big", 900_000), ("small", 600_000)].map { name, quality in
            MemberDefinition(
                name: Located(name, at: Stage.place),
                weight: 1,
                tier: 1,
                hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
                scopes: [.any],
                quality: Fraction(millionths: UInt32(quality)),
                loadClasses: PromptSize.allCases.count
            )
        }
        let group = GroupDefinition(
            name: Located("chat", at: Stage.place),
            strategy: strategy,
            members: members,
            keepsLast: true,
            terms: GroupTerms(scale: .answers)
        )
        snapshot.models = GroupTable([group], at: Stage.start)
        return snapshot
    }

    private func rows(_ snapshot: GatewaySnapshot, _ terms: PolicyTerms) -> [String] {
        snapshot.candidates(for: Offer(snapshot, GroupID(0), nil, terms), without: Exclusions()).rows.map { row in
            [row.member, row.path, "\(row.weight)", row.reason, row.cause].compactMap { $0 }.joined(separator: " ")
        }
    }

    private let big = ["chat.big wan.fiber 1 eligible", "chat.big wan.cable 0 path-behind"]

    @Test(
        arguments: [
            (PolicyTerms(only: .init(regions: ["eu"])), ["chat.big 0 excluded region", "chat.small 1 eligible"]),
            (
                PolicyTerms(except: .init(regions: ["eu"])),
                ["chat.big wan.fiber 1 eligible", "chat.big wan.cable 0 path-behind", "chat.small 0 excluded region"]
            ),
            (PolicyTerms(only: .init(providers: ["two"])), ["chat.big 0 excluded provider", "chat.small 1 eligible"]),
            (
                PolicyTerms(only: .init(paths: ["wan.cable"])),
                [
                    "chat.big wan.fiber 0 path-excluded path", "chat.big wan.cable 1 eligible",
                    "chat.small 0 excluded no-path",
                ]
            ),
            (
                PolicyTerms(except: .init(paths: ["wan"])),
                [
                    "chat.big 0 excluded no-path", "chat.big wan.fiber 0 path-excluded path",
                    "chat.big wan.cable 0 path-excluded path", "chat.small 1 eligible",
                ]
            ),
            (
                PolicyTerms(minQuality: Fraction(millionths: 700_000)),
                [
                    "chat.big wan.fiber 1 eligible", "chat.big wan.cable 0 path-behind",
                    "chat.small 0 excluded min-quality",
                ]
            ),
            (
                PolicyTerms(strategy: .quality),
                ["chat.big wan.fiber 1 eligible", "chat.big wan.cable 0 path-behind", "chat.small 0 behind"]
            ),
            (
                PolicyTerms(only: .init(regions: ["mars"])),
                ["chat.big 0 excluded region", "chat.small 0 excluded region"]
            ),
        ] as [(PolicyTerms, [String])]
    )
    func whoKeepsNotToTheTermsIsNoCandidateAndSaysWhy(_ terms: PolicyTerms, _ expected: [String]) {
        #expect(rows(snapshot(), terms) == expected)
    }

    @Test func aMeasuredLatencyBeyondTheBoundRulesOutAndAnUnknownOneDoesNot() {
        var snapshot = snapshot()
        let terms = PolicyTerms(maxLatency: .milliseconds(300))
        #expect(rows(snapshot, terms).count == 3 && !rows(snapshot, terms).joined().contains("excluded"))
        for _ in 0..<4 {
            _ = snapshot.models.measure(
                Sample(latency: .milliseconds(400), loss: nil),
                of: MemberID(1),
                in: .any,
                at: Stage.start
            )
        }
        #expect(rows(snapshot, terms).last == "chat.small 0 excluded max-latency")
    }

    @Test func withNobodyLeftThePolicyPassesOnOrRefuses() throws {
        var snapshot = snapshot()
        let mars = PolicyTerms(only: .init(regions: ["mars"]))
        let chat = GatewayPolicy.Target.group(GroupID(0))
        for (fallsThrough, policy, status) in [(true, "second", nil), (false, "first", 503)] as [(Bool, String, Int?)] {
            snapshot.policies = [
                Stage.policy("first", try Stage.match("any"), chat, terms: mars, fallsThrough: fallsThrough),
                Stage.policy("second", try Stage.match("any"), chat),
            ]
            let world = try ExchangeWorld(snapshot)
            try world.feed(Stage.request(Stage.body(isStreamed: false)))
            #expect((world.order == nil) == (status != nil))
            if world.order != nil { try world.feed(.clientGone) }
            #expect(world.record?.policy == policy && world.record?.status == status)
            if status != nil { #expect(world.record?.candidates.map(\.cause) == ["region", "region"]) }
        }
    }

    /// Quick for short prompts, slow for long ones: each class is judged by its own.
    @Test func aPromptIsJudgedByThoseOfItsSize() throws {
        var snapshot = snapshot(.latency)
        for (member, small, large) in [(0, 100, 4000), (1, 600, 900)] as [(Int, Int64, Int64)] {
            for (size, time) in [(PromptSize.small, small), (.large, large)] {
                for _ in 0..<8 {
                    _ = snapshot.models.measure(
                        Sample(latency: .milliseconds(time), loss: nil),
                        of: MemberID(member),
                        in: .any,
                        loadClass: size.rawValue,
                        at: Stage.start
                    )
                }
            }
        }
        let view = try RoutingView(snapshot)
        let chosen = [10, 20_000].map { (tokens: UInt64) in
            view.candidates(for: view.offers.offer(of: GroupID(0)), RequestNeed(prompt: tokens), without: Exclusions())
                .eligible
                .map { view.memberNames[$0.member.index] }
        }
        #expect(chosen == [["chat.big"], ["chat.small"]])
    }

    /// A dollar and a hundred dollars for a million tokens, in and out.
    @Test func whatMayCostMoreThanThePolicyAllowsIsNoCandidate() throws {
        var snapshot = snapshot()
        for (index, rate) in [100_000_000, 1_000_000].enumerated() {
            snapshot.deployments[index].price = Price(PriceRates(input: UInt64(rate), output: UInt64(rate)))
        }
        let cent = PolicyTerms(maxCost: Money(picoDollars: 10_000_000_000))
        snapshot.policies = [Stage.policy("p", try Stage.match("any"), .group(GroupID(0)), terms: cent)]
        for (tokens, causes) in [(50, [nil, nil]), (200, ["max-cost", nil]), (20_000, ["max-cost", "max-cost"])]
            as [(Int, [String?])]
        {
            let world = try ExchangeWorld(snapshot)
            let body = #"{"model":"chat","max_tokens":\#(tokens),"messages":[{"role":"user","content":"x"}]}"#
            try world.feed(Stage.request(Array(body.utf8)))
            if world.order != nil { try world.feed(.clientGone) }
            let rows = (world.record?.candidates ?? []).filter { $0.path == nil || $0.weight > 0 }
            #expect(rows.map { $0.reason == "excluded" ? $0.cause : nil } == causes, "\(tokens)")
        }
        snapshot.deployments[0].price = nil
        let unpriced = try ExchangeWorld(snapshot)
        try unpriced.feed(Stage.request(Stage.body(isStreamed: false)))
        try unpriced.feed(.clientGone)
        #expect(unpriced.record?.candidates.first?.cause == "price-unknown")
    }
}
