/// What the model plane learns from the gateway, and when the gateway gets a new snapshot.
import Forwarding
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct ModelPlaneTests {
    private func rig() throws -> Rig {
        var rig = Rig()
        try rig.configure("version: 1\n" + Rig.models)
        return rig
    }

    private func signal(_ signal: Signal) -> Fact {
        .gateway(.signal(member: "chat.one", path: nil, signal, at: Instant(nanoseconds: 0)))
    }

    private let failure = Signal.failure(Cause("status-500"))

    @Test func threeFailuresTakeAMemberOutAndOneSnapshotSaysSo() throws {
        var rig = try rig()
        let heard1 = rig.tell(signal(failure))
        #expect(heard1.snapshots.isEmpty)
        let heard2 = rig.tell(signal(failure))
        #expect(heard2.snapshots.isEmpty)
        let snapshots = rig.tell(signal(failure)).snapshots
        #expect(snapshots.map(\.generation) == [2])
        #expect(snapshots.first?.models.member(named: "chat.one")?.health.first?.verdict == .down)
        let heard3 = rig.tell(signal(failure))
        #expect(heard3.isEmpty)
    }

    @Test func afterItsTimeOutAMemberIsTriedAndOneFailureIsEnough() throws {
        var rig = try rig()
        for _ in 0..<3 { rig.tell(signal(failure)) }
        let heard4 = rig.sleep(.milliseconds(4999))
        #expect(heard4.isEmpty)
        let heard5 = rig.sleep(.milliseconds(1))
        #expect(heard5.snapshots.count == 1)
        let heard6 = rig.tell(signal(failure))
        #expect(heard6.snapshots.count == 1, "out again")
        rig.sleep(.seconds(5))
        rig.tell(signal(.success))
        #expect(rig.router.models?.groups.member(named: "chat.one")?.health.first?.verdict == .up)
        let heard7 = rig.sleep(.seconds(60))
        #expect(heard7.isEmpty)
    }

    /// The daemon keeps the earliest alarm only.
    @Test func anAlarmOfTheOtherPlaneIsNotLost() throws {
        var rig = try Rig.running(Rig.network + Rig.models)
        for _ in 0..<3 { rig.tell(signal(failure)) }
        rig.fail("wan.fiber")
        rig.answer { _ in .refused(KernelRefusal(errno: 22, words: "")) }
        rig.sleep(.seconds(1))
        rig.settle()
        let heard8 = rig.sleep(.seconds(4))
        #expect(heard8.snapshots.count == 1, "the model's trial comes all the same")
    }

    @Test func aLostProbeThatChangesNothingPushesNothing() throws {
        var rig = try Rig.running(Rig.network + Rig.models)
        rig.tell(.probed([Rig.probe("wan.fiber", .success)]))
        let heard9 = rig.tell(.probed([Rig.probe("wan.fiber", failure)]))
        #expect(heard9.snapshots.isEmpty)
        let heard10 = rig.tell(.probed([Rig.probe("wan.fiber", .success)]))
        #expect(heard10.snapshots.isEmpty)
        let heard11 = rig.fail("wan.fiber")
        #expect(heard11.snapshots.count == 1)
    }

    @Test func anAlarmIsToldOnceAndGoesWhenItsMemberWorks() throws {
        var rig = try rig()
        let alarm = GatewayAlarm(.upstreamUnauthorised, object: "chat.one", detail: "401")
        let heard12 = rig.tell(.gateway(.alarm(alarm)))
        #expect(heard12.notes == [.alarm(alarm)])
        let heard13 = rig.tell(.gateway(.alarm(alarm)))
        #expect(heard13.isEmpty)
        #expect(rig.router.models?.alarms == [alarm])
        rig.tell(signal(.success))
        #expect(rig.router.models?.alarms.isEmpty == true)
    }

    @Test func aNewGatewayGetsASnapshotAndAnEndedOneServesNone() throws {
        var rig = try rig()
        rig.tell(.gateway(.ready(generation: 1)))
        #expect(rig.router.models?.servedGeneration == 1)
        rig.tell(.gatewayEnded(status: 137))
        #expect(rig.router.models?.servedGeneration == nil)
        let heard14 = rig.tell(.gatewayStarted)
        #expect(heard14.snapshots.count == 1)
    }

    @Test func decisionsAreBounded() throws {
        var rig = try rig()
        let record = DecisionRecord(
            refused: "0",
            startedAt: rig.now,
            startedUnix: 0,
            duration: .zero,
            key: nil,
            draw: 0,
            generation: 1,
            status: 401,
            errorCode: "invalid_api_key",
            bytes: 0
        )
        for _ in 0..<ModelPlane.mostDecisions {
            rig.tell(.gateway(.decisions([DecisionRecord](repeating: record, count: 3))))
        }
        let kept = try #require(rig.router.models).decisions.count
        #expect(kept >= ModelPlane.mostDecisions && kept <= ModelPlane.mostDecisions * 5 / 4)
    }

    @Test func withoutTheModelsBlockThereIsNoGateway() throws {
        var rig = try rig()
        let effects = try rig.configure("version: 1\n")
        #expect(effects.contains { if case .serve(nil) = $0 { true } else { false } })
    }
}
