/// Can a client reach what was not kept for it, or more at a provider than a response? And what is it told when what it names is gone?
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing
import Wire

@testable import Inference

@Suite struct KeptResponseGuardTests {
    private static let sealed: [KeyedHash?] = [Responses.seal(of: "sk-one"), Responses.seal(of: "sk-two")]

    private static func names(_ view: RoutingView, of member: Int, key: String = "ci") -> Responses.Names {
        Responses.Names(view.seals[member], member: view.memberHashes[member], key: key)
    }

    private static func kept(_ id: String, on view: RoutingView, models: [String]? = nil) -> KeptResponse? {
        view.kept(id, "", query: "", for: KeptStage.key(view, models: models))
    }

    private static func body(_ actions: [ExchangeAction]) -> [UInt8] {
        actions.flatMap { if case .writeBody(let bytes) = $0 { bytes } else { [UInt8]() } }
    }

    private static func head(_ actions: [ExchangeAction]) -> ClientHead? {
        actions.lazy.compactMap { if case .writeHead(let head) = $0 { head } else { nil } }.first
    }

    private static func record(_ actions: [ExchangeAction]) -> DecisionRecord? {
        actions.lazy.compactMap { if case .finished(let record) = $0 { record } else { nil } }.first
    }

    /// The provider's own names too: another client may have them.
    @Test(arguments: [
        "resp_own", "resp_mt", "resp_mt0123456789abcdef-", "resp_mt0123456789abcdef-resp_own", "resp_mt0-resp_own",
        "Resp_mt", "", "resp_mt" + String(repeating: "é", count: 40), String(repeating: "resp_mt0", count: 100_000),
    ])
    func aNameThatWasNotMadeHereIsNotThere(name: String) throws {
        let world = try KeptStage.world(#","previous_response_id":"\#(name)""#)
        #expect(world.head?.status == 400 && world.orders.isEmpty)
        let error = try JSONDocument(world.body)["error"]
        #expect(error?["code"]?.string == "previous_response_not_found")
        #expect(try #require(error?["message"]?.string).utf8.count < 512)
        #expect(Self.kept(name, on: try RoutingView(KeptStage.snapshot())) == nil)
    }

    @Test func nobodyMakesANameUpWithoutTheProvidersKey() throws {
        let (open, closed) = (
            try RoutingView(KeptStage.snapshot()), try RoutingView(KeptStage.snapshot(), seals: Self.sealed)
        )
        let guessed = try #require(Self.names(open, of: 0).told("resp_own"))
        let told = try #require(Self.names(closed, of: 0).told("resp_own"))
        #expect(Self.kept(guessed, on: closed) == nil && Self.kept(told, on: closed)?.provider == 0)
        let anew = try RoutingView(KeptStage.snapshot(), seals: Self.sealed)
        #expect(Self.kept(told, on: anew)?.path == "/responses/resp_own", "any gateway with the same key knows it")
        let others = try #require(Self.names(closed, of: 0, key: "other").told("resp_own"))
        #expect(Self.kept(others, on: closed) == nil)
    }

    /// What would mean something else in an address gets no name, so that none leads there.
    @Test(arguments: [
        "../files", "..", ".", "a/b", "a%2fb", "a?b=c", "a b", "é", "", String(repeating: "a", count: 257),
    ])
    func aNameLeadsToAResponseAndNowhereElse(own: String) throws {
        let view = try RoutingView(KeptStage.snapshot())
        #expect(Self.names(view, of: 0).told(own) == nil)
        let retelling = try #require(view.retelling(of: MemberID(0), for: "ci", nil))
        let answer = Array(#"{"id":"\#(own)","output":[]}"#.utf8)
        #expect(retelling.whole(answer) == answer)
    }

    /// A policy may have put the member in the place of a group that the key may use, or the key may have lost a model since.
    @Test(arguments: [["chat"], ["chat.small"], ["chat.big"], []]) func whatAKeyMadeIsItsOwn(models: [String]) throws {
        let view = try RoutingView(KeptStage.snapshot())
        let told = try #require(Self.names(view, of: 1).told("resp_own"))
        #expect(Self.kept(told, on: view, models: models)?.provider == 1)
        let others = try #require(Self.names(view, of: 1, key: "other").told("resp_own"))
        #expect(Self.kept(others, on: view, models: models) == nil)
    }

    @Test func whatIsNoLongerLetBeKeptIsNotThere() throws {
        let told = try #require(Self.names(RoutingView(KeptStage.snapshot()), of: 1).told("resp_own"))
        var snapshot = KeptStage.snapshot()
        snapshot.providers[1].keepsResponses = nil
        #expect(Self.kept(told, on: try RoutingView(snapshot)) == nil)
        snapshot.providers[1].dialect = .openai
        #expect(Self.kept(told, on: try RoutingView(snapshot)) == nil)
        let world = try KeptStage.world(#","previous_response_id":"\#(told)""#, snapshot)
        #expect(world.head?.status == 400 && world.orders.isEmpty)
    }

    /// By which name the model was asked for is not known: what depends on it closes nothing, and may have let it through.
    @Test(arguments: [
        ([("", false)], true, "everything"), ([(#"key == "ci""#, false)], true, "its key"),
        ([(#"key == "other""#, false)], false, "another key"),
        ([(#"header.x-app == "batch""#, false)], true, "what its head says"),
        ([("time in 00:00-02:00", false)], true, "the hour"), ([("time in 02:00-03:00", false)], false, "another hour"),
        ([("operation == pass_through", false)], false, "it was a conversation"),
        ([(#"model == "chat""#, false)], false, "its group, which nobody may ask for by name"),
        ([(#"model != "fast""#, false)], false, "every other name"),
        ([(#"model == "providers/two""#, false)], false, "the provider's other addresses"),
        ([(#"model == "fast""#, true), ("", false)], false, "what no policy before lets through"),
        ([(#"model == "fast" and key == "other""#, true), ("", false)], true, "and that one is for others"),
        ([(#"model == "fast" or key == "other""#, true), ("", false)], false, "or for others too"),
        ([(#"not (model == "fast" or key == "ci")"#, true), ("", false)], true, "all but its key"),
        ([(#"key == "ci""#, true), ("", false)], false, "its key is let through"),
        ([(#"model == "fast" or key == "ci""#, false)], true, "its key, whatever the model"),
    ]) func policiesHoldForWhatWasKept(_ policies: [(String, Bool)], _ isRefused: Bool, _ why: Comment) throws {
        var snapshot = KeptStage.snapshot()
        snapshot.policies = try policies.enumerated().map { index, policy in
            let match = policy.0.isEmpty ? Match(root: .always, attributes: []) : try Stage.match(policy.0)
            let target = policy.1 ? GatewayPolicy.Target.group(GroupID(0)) : .reject(reason: "closed")
            return Stage.policy("p\(index)", match, target)
        }
        let (_, actions) = try KeptStage.asked("", .get, snapshot)
        #expect((Self.head(actions)?.status == 403) == isRefused, why)
        #expect(actions.contains { if case .send = $0 { true } else { false } } != isRefused, why)
        if isRefused { #expect(Self.record(actions)?.policy == "p\(policies.count - 1)", why) }
    }

    /// Who may use a group is served by whatever a policy puts in its place, and can read and stop it there.
    @Test func whatAPolicyMadeOfARequestIsReachedByItsKey() throws {
        var snapshot = KeptStage.snapshot()
        let small = GatewayPolicy.Target.member(MemberID(1))
        snapshot.policies = [Stage.policy("elsewhere", try Stage.match(#"model == "chat.big""#), small)]
        let world = try KeptStage.world(#","background":true"#, model: "chat.big", snapshot)
        let told = try #require(try KeptStage.answered(world)["id"]?.string)
        let view = try RoutingView(snapshot)
        let kept = try #require(Self.kept(told, on: view, models: ["chat.big"]))
        #expect(kept.provider == 1 && kept.path == "/responses/resp_own")
    }

    /// Strings, numbers and lists are flags to many a server.
    @Test(arguments: ["\"true\"", "1", "0", "\"\"", "[]", "{}"]) func theBackgroundIsAFlagOrNothing(_ value: String)
        throws
    {
        let world = try KeptStage.world(#","background":\#(value)"#)
        #expect(world.head?.status == 400 && world.orders.isEmpty)
        #expect(try JSONDocument(world.body)["error"]?["param"]?.string == "background")
        #expect(try KeptStage.world(#","background":null"#).orders.count == 1)
    }

    @Test func aRefusalNamesNoProvider() throws {
        let world = try KeptStage.world(#","store":true"#, KeptStage.snapshot(keeps: false))
        let text = world.text
        #expect(world.head?.status == 400 && text.contains("keeps-responses"))
        for provider in KeptStage.snapshot().providers { #expect(!text.contains("'\(provider.name)'")) }
    }

    // MARK: What goes to the provider

    /// Another reader may take the first of two.
    @Test(arguments: [
        #","previous_response_id":"resp_own","previous_response_id":null"#, #","store":true,"store":false"#,
    ])
    func aFieldThatStandsTwiceIsRefused(more: String) throws {
        let world = try KeptStage.world(more, KeptStage.snapshot(keeps: more.contains("previous")))
        #expect(world.head?.status == 400 && world.orders.isEmpty)
    }

    @Test(arguments: [true, false])
    func conversationsWithoutAMarkAreRefusedByName(keeps: Bool) throws {
        let world = try KeptStage.world(#","conversation":{"id":"conv_1"}"#, KeptStage.snapshot(keeps: keeps))
        #expect(world.head?.status == 400 && world.sent.isEmpty)
        let error = try JSONDocument(world.body)["error"]
        #expect(error?["param"]?.string == "conversation" && error?["code"]?.string == "unsupported_parameter")
    }

    @Test func aNameIsAString() throws {
        let world = try KeptStage.world(#","previous_response_id":["resp_own"]"#)
        let error = try JSONDocument(world.body)["error"]
        #expect(world.head?.status == 400 && error?["code"]?.string == "invalid_type")
    }

    // MARK: When it is gone

    @Test func aConversationWhoseProviderIsDownWaitsForIt() throws {
        let id = try #require(try KeptStage.answered(KeptStage.world())["id"]?.string)
        var snapshot = KeptStage.snapshot()
        _ = snapshot.models.observe(.failure(Cause("x")), of: MemberID(0), in: .any, at: Stage.start)
        let world = try KeptStage.world(#","previous_response_id":"\#(id)""#, snapshot)
        #expect(world.head?.status == 503 && world.orders.isEmpty)
        let error = try JSONDocument(world.body)["error"]
        #expect(error?["code"]?.string == "no_candidate" && error?["message"]?.string?.contains(id) == true)
        let anew = try KeptStage.world("", snapshot)
        #expect(anew.order?.host == "two.example", "what names nothing is served by another")
    }

    private static let missing =
        #"{"error":{"message":"Response with id 'resp_own' not found.","type":"invalid_request_error","param":null,"code":null}}"#

    @Test func aProviderThatHasLostItSaysSoInTheClientsWords() throws {
        let id = try #require(try KeptStage.answered(KeptStage.world())["id"]?.string)
        let world = try KeptStage.world(#","previous_response_id":"\#(id)""#)
        try world.connect()
        try world.answer(UpstreamHead(status: 404, contentType: "application/json"))
        try world.send(Array(Self.missing.utf8))
        try world.endUpstream()
        #expect(world.head?.status == 404 && world.signals.isEmpty)
        #expect(world.text == Self.missing.replacing("resp_own", with: id))

        var (passage, _) = try KeptStage.asked("", .delete)
        let now = Stage.start
        var actions = passage.handle(
            .upstreamHead(AttemptID(0), UpstreamHead(status: 404, contentType: "application/json")),
            at: now
        )
        actions += passage.handle(.upstreamBytes(AttemptID(0), Array(Self.missing.utf8)), at: now)
        actions += passage.handle(.upstreamEnded(AttemptID(0)), at: now)
        let text = String(decoding: Self.body(actions), as: UTF8.self)
        #expect(Self.head(actions)?.status == 404 && Self.head(actions)?.length == text.utf8.count)
        #expect(text.contains("'resp_mt") && text.contains("-resp_own'"))
        #expect(Self.record(actions)?.cost == nil)
    }

    @Test func halfAnAnswerIsNone() throws {
        var (passage, _) = try KeptStage.asked("", .get)
        let now = Stage.start
        let head = UpstreamHead(status: 200, contentType: "application/json")
        var actions = passage.handle(.upstreamHead(AttemptID(0), head), at: now)
        actions += passage.handle(.upstreamBytes(AttemptID(0), Array(#"{"id":"resp_own","#.utf8)), at: now)
        actions += passage.handle(.upstreamBroke(AttemptID(0), .truncated, detail: "closed"), at: now)
        #expect(Self.head(actions).map { $0.status >= 500 } == true, "nothing of it had left")
        #expect(try JSONDocument(Self.body(actions))["error"]?.kind == .object)
        #expect(Self.record(actions)?.outcome == .failed && Self.record(actions)?.cost == nil)
    }

    @Test func whatWasPaidForIsNotPaidForAgain() throws {
        var snapshot = KeptStage.snapshot()
        for place in snapshot.providers.indices { snapshot.providers[place].passThroughPrice = 1_000_000 }
        for (part, method) in [("", PassageRequest.Method.get), ("", .delete), ("/cancel", .post)] {
            var (passage, _) = try KeptStage.asked(part, method, snapshot)
            let now = Stage.start
            let head = UpstreamHead(status: 200, contentType: "application/json")
            var actions = passage.handle(.upstreamHead(AttemptID(0), head), at: now)
            let usage = #","model":"gpt-big","usage":{"input_tokens":5,"output_tokens":7}"#
            actions += passage.handle(.upstreamBytes(AttemptID(0), Array(KeptStage.response(usage).utf8)), at: now)
            actions += passage.handle(.upstreamEnded(AttemptID(0)), at: now)
            let record = try #require(Self.record(actions))
            #expect(record.outcome == .answered && record.cost == nil && record.usage.output == nil)
        }
    }
}
