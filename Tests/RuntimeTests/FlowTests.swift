import Forwarding
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

/// When are flows moved off a member, and when are they left alone?
@Suite struct FlowTests {
    private static let tracked = Rig.network.replacing("  connections: untracked\n", with: "")

    private static func recover(_ rig: inout Rig, _ member: String) -> [Effect] {
        var effects: [Effect] = []
        for _ in 0..<2 { effects += rig.tell(.probed([Rig.probe(member, .success)])) }
        while !rig.waiting.isEmpty { effects += rig.answer { _ in .accepted } }
        return effects
    }

    @Test func flowsOfAFailedMemberAreMovedOnceItsGroupLeadsElsewhere() throws {
        var rig = try Rig.running(Self.tracked)
        let failed = rig.fail("wan.fiber")
        #expect(failed.moves.isEmpty, "the kernel has not answered yet")
        let changes = rig.waiting.flatMap(\.changes)
        #expect(changes.map(\.family) == [.nexthops, .nftables], "the group first, then what is held")
        let answered = rig.answer { _ in .accepted }
        #expect(answered.moves.map(\.member) == ["wan.fiber"] && answered.moves.first?.family == .v4)
        #expect(answered.moves.first?.mark == rig.router.network?.numbers.path("wan.fiber")?.mark)
        rig.settle()
        #expect(rig.fail("wan.fiber").moves.isEmpty, "once is enough")
    }

    @Test func nothingIsMovedWithoutAHealthyAlternativeUntilThereIsOne() throws {
        var rig = try Rig.running(Self.tracked)
        rig.fail("wan.cable")
        rig.settle()
        var effects = rig.fail("wan.fiber")
        while !rig.waiting.isEmpty { effects += rig.answer { _ in .accepted } }
        #expect(effects.moves.isEmpty, "the last one is kept, and its flows with it")
        #expect(Self.recover(&rig, "wan.cable").moves.map(\.member) == ["wan.fiber"])
    }

    @Test(arguments: [("on-fail: drain", []), ("on-fail: cut", ["wan.fiber"])] as [(String, [String])])
    func aMembersOwnWordDecides(option: String, moved: [String]) throws {
        let text = Self.tracked.replacing("weight: 3, probe: internet", with: "weight: 3, probe: internet, \(option)")
        var rig = try Rig.running(text)
        var effects = rig.fail("wan.fiber")
        while !rig.waiting.isEmpty { effects += rig.answer { _ in .accepted } }
        #expect(effects.moves.map(\.member) == moved)
    }

    @Test(arguments: [("keep", nil), ("cut", [nil]), ("migrate-idle", [.seconds(10)])] as [(String, [Span?]?)])
    func whatStoodInIsFreedAsTheMemberThatReturnsSays(option: String, idle: [Span?]?) throws {
        let text = Self.tracked.replacing(
            "weight: 3, probe: internet",
            with: "weight: 3, probe: internet, on-recover: \(option)"
        )
        .replacing("via: 198.51.100.1, probe", with: "via: 198.51.100.1, tier: 2, probe")
        var rig = try Rig.running(text)
        rig.fail("wan.fiber")
        rig.settle()
        let moves = Self.recover(&rig, "wan.fiber").moves
        #expect(moves.map(\.member) == (idle == nil ? [] : ["wan.cable"]))
        #expect(moves.map(\.idleFor) == idle ?? [])
    }
}

extension [Effect] {
    fileprivate var moves: [FlowMove] {
        compactMap { effect -> FlowMove? in if case .moveFlows(let move) = effect { move } else { nil } }
    }
}
