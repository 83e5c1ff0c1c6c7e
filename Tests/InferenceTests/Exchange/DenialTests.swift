/// What an exchange needs before it may connect, and what it does when that is not granted.
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct DenialTests {
    private let big = MemberID(0)

    private func world(_ change: (inout GatewaySnapshot) -> Void = { _ in }) throws -> ExchangeWorld {
        var snapshot = Stage.snapshot()
        change(&snapshot)
        let world = try ExchangeWorld(snapshot)
        try world.feed(Stage.request(Stage.body(isStreamed: false)))
        return world
    }

    private func deny(_ world: ExchangeWorld, _ denial: Denial) throws {
        try world.denyConnection(denial)
    }

    private func answer(_ world: ExchangeWorld) throws {
        try world.connect()
        try world.answer(Answer.plainHead)
        try world.send(Answer.message)
        try world.endUpstream()
    }

    @Test func theFirstAttemptIsNoRetryAndEveryFurtherOneIs() throws {
        let world = try world()
        #expect(world.order?.permission == Permission(group: GroupID(0), member: big, isRetry: false, isTrial: false))
        try world.refuseConnection(.connectRefused)
        #expect(world.order?.permission?.isRetry == true)
        #expect(world.order?.permission?.member == MemberID(1))
    }

    @Test func aDeadIdleConnectionIsReplacedWithoutPermission() throws {
        let world = try world()
        try world.connect(isReused: true)
        try world.breakUpstream(.reset)
        #expect(world.order?.mustBeFresh == true && world.order?.permission == nil)
    }

    @Test func whereATrialIsTakenTheNextMemberIsAskedAndNothingIsHeldAgainstAnybody() throws {
        let world = try world { $0.trials = [MemberID(0)] }
        #expect(world.order?.permission?.isTrial == true)
        try deny(world, .trialTaken)
        #expect(
            world.order?.permission
                == Permission(group: GroupID(0), member: MemberID(1), isRetry: false, isTrial: false)
        )
        try answer(world)
        let record = try #require(world.record)
        #expect(record.attempts.map(\.member) == ["chat.small"] && record.outcome == .answered)
        #expect(record.candidates.first { $0.member == "chat.big" }?.cause == "trial-taken")
        #expect(world.signals == ["chat.small - success"])
    }

    @Test func nobodyWaitsForATrialWhenNobodyElseIsHealthy() throws {
        let world = try world { snapshot in
            snapshot.trials = [MemberID(0)]
            _ = snapshot.models.observe(.failure(Cause("test")), of: MemberID(1), in: .any, at: Stage.start)
        }
        #expect(world.order?.permission?.isTrial == false)
    }

    @Test func withoutRetriesLeftTheClientIsToldTheFailureThatWas() throws {
        let world = try world()
        try world.connect()
        try world.answer(UpstreamHead(status: 503, contentType: "text/plain"))
        try world.endUpstream()
        try deny(world, .retryBudget)
        let record = try #require(world.record)
        #expect(world.head?.status == 503 && record.errorCode == "upstream_overloaded")
        #expect(record.attempts.map(\.failure) == [.overloaded, .retryBudget])
        #expect(record.attempts.map(\.member) == ["chat.big", "chat.small"])
        #expect(world.signals == [FailureRow.onMember], "the member that was not asked has not failed")
    }

    /// Who names a time works, and is left alone until then.
    @Test(
        arguments: [
            (429, "7", "chat.big pause 7s"),
            (429, "99999", "chat.big pause 60s"),
            (429, "soon", "chat.big pause 2s"),
            (529, "3", "chat.big pause 3s"),
            (503, "Mon, 21 Sep 2026 14:13:50 GMT", "chat.big pause 30s"),
            (529, nil, "chat.big - failure"),
            (500, "3", "chat.big - failure"),
        ] as [(Int, String?, String)]
    )
    func aRetryAfterIsAPauseAndNoFailure(_ status: Int, _ after: String?, _ signal: String) throws {
        let world = try world()
        try world.connect()
        try world.answer(UpstreamHead(status: status, contentType: "text/plain", retryAfter: after))
        try world.endUpstream()
        #expect(world.signals == [signal])
    }
}
