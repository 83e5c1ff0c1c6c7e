/// When members are asked by canaries, and how often at most.
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct CanaryTests {
    /// Of `one` and `two`, the first has a canary each minute, at most three a day.
    private func rig() throws -> Rig {
        var rig = Rig()
        let canary = "model: a, canary: { every: 60s, per-day: 3 } }"
        try rig.configure("version: 1\n" + Rig.models.replacing("model: a }", with: canary))
        rig.tell(.gateway(.ready(generation: 1)))
        return rig
    }

    private func answer(_ rig: inout Rig) {
        rig.tell(.gateway(.signal(member: "chat.one", path: nil, .success, at: rig.now)))
    }

    private func fail(_ rig: inout Rig, times: Int) -> [Effect] {
        let failure = Signal.failure(Cause("server-error"))
        return (0..<times).flatMap { _ in
            rig.tell(.gateway(.signal(member: "chat.one", path: nil, failure, at: rig.now)))
        }
    }

    @Test func aMemberThatNobodyAsksIsAskedByTheClockAndTheDaysCap() throws {
        var rig = try rig()
        #expect(rig.sleep(.seconds(59)).canaries.isEmpty, "not with the start")
        #expect(rig.sleep(.seconds(1)).canaries == ["chat.one"])
        #expect(rig.sleep(.seconds(3600)).canaries.count == 2, "three in all")
        #expect(rig.sleep(.seconds(86_400 - 3600 - 1)).canaries.isEmpty)
        #expect(rig.sleep(.seconds(1)).canaries.count == 1, "the first is a day ago")
    }

    @Test func whoAnswersClientsNeedsNone() throws {
        var rig = try rig()
        for _ in 0..<10 {
            #expect(rig.sleep(.seconds(59)).canaries.isEmpty)
            answer(&rig)
        }
        #expect(rig.sleep(.seconds(60)).canaries == ["chat.one"])
    }

    @Test func aTrialIsMadeByACanaryBehindTheSnapshotThatHasIt() throws {
        var rig = try rig()
        _ = fail(&rig, times: 3)
        let effects = rig.sleep(.seconds(5))
        #expect(effects.canaries == ["chat.one"])
        let serve = try #require(effects.firstIndex { if case .serve = $0 { true } else { false } })
        let ask = try #require(effects.firstIndex { if case .canary = $0 { true } else { false } })
        #expect(serve < ask)
        _ = fail(&rig, times: 1)
        #expect(rig.sleep(.seconds(10)).canaries.count == 1)
        _ = fail(&rig, times: 1)
        #expect(rig.sleep(.seconds(20)).canaries.count == 1)
        _ = fail(&rig, times: 1)
        #expect(rig.sleep(.seconds(1000)).canaries.isEmpty, "the day's are used up: clients try from now on")
    }

    @Test func nobodyIsAskedWhomTheOperatorTookOutOrWhomNoGatewayCanAsk() throws {
        var rig = try rig()
        rig.tell(.gatewayEnded(status: 1))
        #expect(rig.sleep(.seconds(61)).canaries.isEmpty)
        rig.tell(.gateway(.ready(generation: 2)))
        let override = Override(plane: .models, member: "chat.one", admin: .drain)
        rig.tell(.admin(override, by: "root"))
        #expect(rig.sleep(.seconds(600)).canaries.isEmpty)
    }

    /// What is kept before a canary is asked is told to the next daemon before its first configuration.
    @Test func aRestartForgetsNotHowManyThereWere() throws {
        var rig = try rig()
        let effects = rig.sleep(.seconds(180))
        let kept = effects.compactMap { if case .keepCanaries(let uses) = $0 { uses } else { nil } }
        #expect(kept.map { $0.first?.countedUntil.count } == [1, 2, 3])
        let first = try #require(effects.firstIndex { if case .keepCanaries = $0 { true } else { false } })
        let asked = try #require(effects.firstIndex { if case .canary = $0 { true } else { false } })
        #expect(first < asked)
        var next = Rig()
        next.now = rig.now
        next.tell(.canaries(try #require(kept.last)))
        let canary = "model: a, canary: { every: 60s, per-day: 3 } }"
        try next.configure("version: 1\n" + Rig.models.replacing("model: a }", with: canary))
        next.tell(.gateway(.ready(generation: 1)))
        #expect(next.sleep(.seconds(3600)).canaries.isEmpty)
        #expect(next.sleep(.seconds(86_400)).canaries.count == 3)
    }

    /// A member that is left out of the file for a while has asked as often as before.
    @Test func aMemberThatComesBackForgetsNotHowManyThereWere() throws {
        var rig = try rig()
        #expect(rig.sleep(.seconds(180)).canaries.count == 3)
        let canary = "model: a, canary: { every: 60s, per-day: 3 } }"
        try rig.configure("version: 1\n")
        try rig.configure("version: 1\n" + Rig.models.replacing("model: a }", with: canary))
        rig.tell(.gateway(.ready(generation: 2)))
        #expect(rig.sleep(.seconds(3600)).canaries.isEmpty)
    }

    @Test func anApplyForgetsNotHowManyThereWere() throws {
        var rig = try rig()
        #expect(rig.sleep(.seconds(180)).canaries.count == 3)
        let canary = "model: a, canary: { every: 60s, per-day: 3 } }"
        try rig.configure("version: 1\n" + Rig.models.replacing("model: a }", with: canary).replacing("5s", with: "6s"))
        #expect(rig.sleep(.seconds(600)).canaries.isEmpty)
    }
}

extension [Effect] {
    fileprivate var canaries: [String] {
        compactMap { if case .canary(let member) = $0 { member } else { nil } }
    }
}
