/// A/B: shares as configured, the same key always the same arm, and a changed weight moves no more than it must.
import PolicyEngine
import Testing

@testable import Inference

@Suite struct SplitTests {
    /// One group of one member each.
    private func view(_ weights: [UInt32], by: SplitKey, name: String = "trial") throws -> RoutingView {
        var snapshot = Stage.snapshot()
        snapshot.models = GroupTable(
            ["a", "b"].map { Stage.group($0, [("one", 1)], scopes: [.any]) },
            at: Stage.start
        )
        let arms = weights.enumerated().map { GatewayPolicy.Arm(group: GroupID($0.offset), weight: $0.element) }
        snapshot.policies = [Stage.policy(name, try Stage.match("any"), .split(arms, by: by))]
        return try RoutingView(snapshot)
    }

    private func arms(
        _ view: RoutingView,
        _ count: Int,
        _ change: (inout ClientRequest, Int) -> Void,
        user: (Int) -> String? = { _ in nil }
    ) throws -> [String] {
        try (0..<count).map { number in
            let name = user(number).map { #","user":"\#($0)""# } ?? ""
            let body = Array(#"{"model":"x","messages":[]\#(name)}"#.utf8)
            var facts = try Stage.facts(body) { change(&$0, number) }
            guard case .use(_, let policy, let arm?) = view.route(&facts, draw: Self.draw(number)) else { return "" }
            #expect(policy == "trial" || policy == "other")
            return arm
        }
    }

    /// Spread over all values, the same in every run.
    private static func draw(_ number: Int) -> UInt64 { UInt64(number) &* 0x9E37_79B9_7F4A_7C15 }

    @Test(arguments: SplitKey.allCases) func theArmsGetTheirShares(_ by: SplitKey) throws {
        let found = try arms(
            try view([3, 1], by: by),
            4000,
            { request, number in
                request.key = "k\(number)"
                if by == .session { request.headers = [.init(name: "x-session-id", value: "s\(number)")] }
            },
            user: { by == .user ? "u\($0)" : nil }
        )
        let part = Double(found.count { $0 == "a" }) / 4000
        // 0.75 ± 0.0068 is one standard deviation.
        #expect(abs(part - 0.75) < 0.04, "\(by): \(part)")
    }

    @Test func aKeyStaysWithItsArmWhateverElseChanges() throws {
        let view = try view([1, 1], by: .key)
        let first = try arms(view, 200) { request, number in request.key = "k\(number)" }
        let again = try arms(
            view,
            200,
            {
                $0.key = "k\($1)"
                $0.source = nil
            },
            user: { "u\($0)" }
        )
        #expect(first == again && Set(first) == ["a", "b"])
    }

    @Test func withoutAUserTheKeyDecides() throws {
        let found = try arms(try view([1, 1], by: .user), 50) { request, _ in request.key = "one" }
        #expect(Set(found).count == 1)
    }

    @Test func moreForOneArmMovesOnlyToIt() throws {
        let key: (inout ClientRequest, Int) -> Void = { $0.key = "k\($1)" }
        let before = try arms(try view([90, 10], by: .key), 2000, key)
        let after = try arms(try view([80, 20], by: .key), 2000, key)
        #expect(!zip(before, after).contains { $0 == "b" && $1 == "a" }, "nobody leaves the arm that grows")
        let moved = zip(before, after).count { $0 != $1 }
        #expect(moved > 100 && moved < 340, "about a tenth and a bit: \(moved)")
    }

    @Test func twoSplitsDoNotRepeatEachOther() throws {
        let key: (inout ClientRequest, Int) -> Void = { $0.key = "k\($1)" }
        let one = try arms(try view([1, 1], by: .key), 2000, key)
        let other = try arms(try view([1, 1], by: .key, name: "other"), 2000, key)
        let same = zip(one, other).count { $0 == $1 }
        #expect(same > 850 && same < 1150, "half by chance: \(same)")
    }

    @Test func anArmOfWeightZeroGetsNobody() throws {
        let found = try arms(try view([1, 0], by: .key), 500) { $0.key = "k\($1)" }
        #expect(Set(found) == ["a"])
    }

    @Test func theArmStandsInTheRecord() throws {
        var snapshot = Stage.snapshot()
        snapshot.policies = [
            Stage.policy("trial", try Stage.match("any"), .split([.init(group: GroupID(0), weight: 1)], by: .key))
        ]
        let world = try ExchangeWorld(snapshot)
        try world.feed(Stage.request(Stage.body(model: "no-such", isStreamed: false)))
        try world.feed(.clientGone)
        #expect(world.record?.arm == "chat" && world.record?.policy == "trial" && world.record?.group == "chat")
    }
}
