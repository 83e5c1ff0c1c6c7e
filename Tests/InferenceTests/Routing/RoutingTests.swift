/// Policies first, then names; the same answer without sending.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct RoutingTests {
    private func match(_ text: String) throws -> Match {
        let expression = try Expression(parsing: text)
        return try Match.compile(expression, schema: RequestFact.schema, sets: SetTable([])).get()
    }

    private func route(
        _ policies: [GatewayPolicy],
        model: String = "chat",
        change: (inout GatewaySnapshot) -> Void = { _ in }
    )
        throws -> Route
    {
        var snapshot = Stage.snapshot(policies: policies)
        change(&snapshot)
        var facts = try Stage.facts(Stage.body(model: model, isStreamed: false))
        return try RoutingView(snapshot).route(&facts, draw: 0)
    }

    /// The offer that a policy of this number, or a name, leads to, among those of `Stage.snapshot`: a group and two members.
    private func policyOffer(_ number: Int) -> OfferID { OfferID(index: 3 + number) }

    private let small = GatewayPolicy.Target.member(MemberID(1))
    private let chat = GatewayPolicy.Target.group(GroupID(0))

    @Test func theFirstPolicyThatMatchesDecides() throws {
        let policies = [
            Stage.policy("other", try match(#"key.team == "sales""#), .reject(reason: "no")),
            Stage.policy("legal", try match(#"key.team == "legal" and not stream"#), small),
            Stage.policy("rest", try match("any"), chat),
        ]
        #expect(
            try route(policies) == .use(policyOffer(0), policy: "legal", arm: nil),
            "the one before it leads nowhere"
        )
    }

    @Test func aPolicyMayRefuse() throws {
        let policies = [Stage.policy("wall", try match("src in 10.0.0.0/8"), .reject(reason: "not from here"))]
        #expect(try route(policies) == .rejected(policy: "wall", reason: "not from here"))
    }

    @Test(arguments: [
        ("chat", Route.use(OfferID(index: 0), policy: nil, arm: nil)),
        ("chat.small", .use(OfferID(index: 2), policy: nil, arm: nil)),
        ("gpt-big", .unknownModel),
    ])
    func aNameIsServedByWhatHasItWhenNoPolicySaysOtherwise(_ model: String, _ expected: Route) throws {
        #expect(try route([], model: model) == expected)
    }

    @Test func aPolicyPassesOnOnlyWhenNobodyInItsTargetCanServe() throws {
        let policies = [
            Stage.policy("first", try match("any"), small, fallsThrough: true),
            Stage.policy("second", try match("any"), chat),
        ]
        #expect(try route(policies) == .use(policyOffer(0), policy: "first", arm: nil))
        let drained = try route(policies) { _ = $0.models.set(.drain, of: MemberID(1)) }
        #expect(drained == .use(policyOffer(1), policy: "second", arm: nil))
    }

    @Test func anExplanationIsTheDecisionWithoutSending() throws {
        let view = try RoutingView(Stage.snapshot(policies: [Stage.policy("all", try match("any"), chat)]))
        let explained = view.explain(try Stage.facts(Stage.body(isStreamed: false)), draw: 5)
        #expect(explained.policy == "all" && explained.group == "chat" && explained.refusal == nil)
        let world = try ExchangeWorld(view.snapshot)
        try world.feed(Stage.request(Stage.body(isStreamed: false), draw: 5))
        let choice = explained.choice.map { explained.candidates[$0] }
        #expect(choice?.mark == world.order?.mark)
    }

    /// What is asked for, how one is picked, and in which words a client would be refused.
    @Test func anExplanationHasTheTermsThePickingAndTheRefusal() throws {
        let terms = PolicyTerms(only: .init(capabilities: .tools))
        var snapshot = Stage.snapshot(policies: [Stage.policy("all", try match("any"), chat, terms: terms)])
        snapshot.routing = [GroupRouting(affinity: Affinity(by: .user))]
        for index in 0..<2 {
            snapshot.deployments[index].facts = ModelFacts(maxOutput: 10, capabilities: [.chat, .tools])
        }
        let view = try RoutingView(snapshot)
        var sketch = RequestSketch(prompt: "hello", model: "chat")
        (sketch.hasTools, sketch.user) = (true, "ann")
        let explained = view.explain(try sketch.facts(), draw: 5)
        #expect(explained.choice != nil && explained.terms == terms && explained.routing == snapshot.routing[0])
        for (needs, code) in [
            ({ $0.wantsThinking = true }, "unsupported_parameter"), ({ $0.hasAudio = true }, "unsupported_parameter"),
            ({ $0.hasFile = true }, "unsupported_parameter"), ({ $0.maxTokens = 11 }, "invalid_value"),
        ] as [((inout RequestSketch) -> Void, String)] {
            var asked = sketch
            needs(&asked)
            let refused = view.explain(try asked.facts(), draw: 5)
            #expect(refused.choice == nil && refused.refusal == code && refused.refusalText?.contains("'chat'") == true)
        }
    }

    @Test func aSnapshotThatNamesNothingIsRefused() {
        var snapshot = Stage.snapshot()
        snapshot.deployments[1].provider = 9
        #expect(throws: SnapshotError.noSuchProvider(member: "chat.small", index: 9)) { try RoutingView(snapshot) }
        snapshot = Stage.snapshot()
        snapshot.deployments.removeLast()
        #expect(throws: SnapshotError.self) { try RoutingView(snapshot) }
        snapshot = Stage.snapshot()
        snapshot.keys = [GatewayKey(name: "k", sha256: "xyz")]
        #expect(throws: SnapshotError.badKeyHash(key: "k")) { try RoutingView(snapshot) }
    }
}
