/// Whose server has enough to do is asked when nobody else can be.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct QueueTests {
    /// chat: `here` with a bound in front of `there`, in another tier; `twin` shares the server of `here`.
    private func snapshot(_ most: UInt32? = 3) -> GatewaySnapshot {
        var snapshot = Stage.snapshot()
        snapshot.providers[0].path = nil
        snapshot.models = GroupTable(
            [
                Stage.group("chat", [("here", 1), ("there", 2)], scopes: [.any], keepsLast: true),
                Stage.group("other", [("twin", 1)], scopes: [.any]),
            ],
            at: Stage.start
        )
        snapshot.deployments = [
            Deployment(provider: 0, model: "a", queueAtMost: most), Deployment(provider: 1, model: "b"),
            Deployment(provider: 0, model: "c"),
        ]
        return snapshot
    }

    private func set(_ view: RoutingView, without tried: Exclusions = Exclusions()) -> CandidateSet {
        view.candidates(for: view.offers.offer(of: GroupID(0)), .unknown, without: tried)
    }

    private func chosen(_ view: RoutingView, without tried: Exclusions = Exclusions()) -> [String] {
        set(view, without: tried).eligible.map { view.memberNames[$0.member.index] }
    }

    private func tell(_ view: RoutingView, running: UInt32?, waiting: UInt32? = nil) {
        let reading = ServerReading(models: [], running: running, waiting: waiting)
        let outcome = ProbeOutcome(path: nil, failure: nil, after: .zero, reading: reading)
        view.heard([outcome], fromProvider: "one")
    }

    @Test func ownRequestsCountAtOnceWhoeverOfTheServersMembersTheyAreOf() throws {
        let view = try RoutingView(snapshot())
        #expect(chosen(view) == ["chat.here"])
        view.loads[0].began()
        view.loads[2].began()
        #expect(chosen(view) == ["chat.here"])
        view.loads[2].began()
        #expect(chosen(view) == ["chat.there"])
        #expect(set(view).rows.map(\.cause) == ["queue", nil])
        view.loads[0].ended()
        #expect(chosen(view) == ["chat.here"], "there is room again")
    }

    @Test func othersCountAsTheServerToldLast() throws {
        let view = try RoutingView(snapshot())
        view.loads[0].began()
        tell(view, running: 2, waiting: 1)
        #expect(chosen(view) == ["chat.there"], "one of the three is ours")
        view.loads[0].ended()
        #expect(chosen(view) == ["chat.here"])
        view.loads[0].began()
        tell(view, running: 1)
        view.loads[0].began()
        #expect(chosen(view) == ["chat.here"], "both are ours")
        tell(view, running: nil)
        #expect(chosen(view) == ["chat.here"], "who tells nothing has ours")
        view.heard([], fromProvider: "nobody")
    }

    @Test func whatOthersHaveOutlivesSnapshots() throws {
        let view = try RoutingView(snapshot())
        tell(view, running: 5)
        let next = try RoutingView(snapshot(), after: view)
        #expect(chosen(next) == ["chat.there"])
    }

    /// Another server's queue is no word about this one, and nobody tells how long one is that is read no more.
    @Test(arguments: ["address", "probe"]) func aQueueIsForgottenWith(_ what: String) throws {
        var snapshot = snapshot()
        let probe = ProviderProbe(kind: .vllm, every: .seconds(1), timeout: .seconds(1), downAfter: 3)
        snapshot.providers[0].probe = probe
        let view = try RoutingView(snapshot)
        tell(view, running: 5)
        if what == "probe" { snapshot.providers[0].probe = nil } else { snapshot.providers[0].port += 1 }
        #expect(chosen(try RoutingView(snapshot, after: view)) == ["chat.here"])
    }

    @Test func whoIsTooBusyToTellIsBelievedForAWhile() throws {
        let view = try RoutingView(snapshot())
        tell(view, running: 5)
        for _ in 0..<2 { tell(view, running: nil) }
        #expect(chosen(view) == ["chat.there"])
        tell(view, running: nil)
        #expect(chosen(view) == ["chat.here"])
    }

    @Test func aQueueRefusesNobody() throws {
        let view = try RoutingView(snapshot())
        tell(view, running: 50)
        var tried = Exclusions()
        tried.add(MemberID(1))
        #expect(chosen(view, without: tried) == ["chat.here"], "who was tried leaves the queue")
    }

    @Test func aPolicyMayPassItOn() throws {
        var snapshot = snapshot()
        let match = try Stage.match(#"model == "chat""#)
        snapshot.policies = [
            Stage.policy("local", match, .member(MemberID(0)), fallsThrough: true),
            Stage.policy("rest", match, .member(MemberID(1))),
        ]
        let view = try RoutingView(snapshot)
        func policy() throws -> String? {
            var facts = try Stage.facts(Array(#"{"model":"chat","messages":[{"role":"user","content":"hi"}]}"#.utf8))
            guard case .use(_, let policy, _) = view.route(&facts, draw: 0) else { return nil }
            return policy
        }
        #expect(try policy() == "local")
        tell(view, running: 3)
        #expect(try policy() == "rest")
    }

    @Test func whoIsDownIsNoReasonToPassOverAQueue() throws {
        var snapshot = snapshot()
        _ = snapshot.models.trip(MemberID(1), in: .any, because: Cause("x"), at: Stage.start)
        let view = try RoutingView(snapshot)
        tell(view, running: 50)
        #expect(chosen(view) == ["chat.here"])
    }

    @Test func whoCannotServeIsStillOut() throws {
        var snapshot = snapshot()
        snapshot.deployments[0].facts = ModelFacts(context: 10)
        let view = try RoutingView(snapshot)
        tell(view, running: 50)
        var need = RequestNeed.unknown
        need.text = 1000
        let set = view.candidates(for: view.offers.offer(of: GroupID(0)), need, without: Exclusions())
        #expect(set.rows.first?.cause == "queue" && set.eligible.count == 1)
    }

    @Test func withoutABoundNobodyLooks() throws {
        let view = try RoutingView(snapshot(nil))
        tell(view, running: 1_000_000)
        #expect(chosen(view) == ["chat.here"] && view.offers.all.allSatisfy(\.queues.isEmpty))
    }

    /// Requests in any order against a plain count.
    @Test func itIsTheSameAsAPlainCount() throws {
        let view = try RoutingView(snapshot())
        var (own, others, draw) = (0, 0, UInt64(9))
        for _ in 0..<500 {
            draw = draw &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            switch draw >> 33 & 3 {
            case 0:
                view.loads[0].began()
                own += 1
            case 1 where own > 0:
                view.loads[0].ended()
                own -= 1
            case 2:
                let queue = Int(draw >> 40 & 7)
                others = max(0, queue - own)
                tell(view, running: UInt32(queue))
            default: break
            }
            #expect(chosen(view) == [own + others >= 3 ? "chat.there" : "chat.here"])
        }
    }
}
