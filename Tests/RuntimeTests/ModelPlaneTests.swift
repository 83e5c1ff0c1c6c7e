/// What the model plane learns from the gateway, and when the gateway gets a new snapshot.
import Forwarding
import NetTypes
import PolicyEngine
import Testing

@testable import Inference
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

    /// What is passed on unread has no member whose success could end it.
    @Test(arguments: [
        ("local", 200, true), ("local", 404, false), ("chat.two", 200, true), ("local", 401, false),
        ("local", 403, false), ("chat.two", 401, false), ("local", nil, false), ("other", 200, false),
    ]) func aProvidersAlarmGoesWithItsNextAnswer(_ asked: String, _ status: Int?, _ isMended: Bool) throws {
        var rig = try rig()
        let alarm = GatewayAlarm(.upstreamUnauthorised, object: "local", detail: "GET /files: 401")
        rig.tell(.gateway(.alarm(alarm)))
        var record = record(rig, "chat", asked)
        record.attempts[0].status = status
        rig.tell(.gateway(.decisions([record])))
        #expect(rig.router.models?.alarms == (isMended ? [] : [alarm]))
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

    private func record(_ rig: Rig, _ group: String, _ member: String, key: String = "ci") -> DecisionRecord {
        var record = DecisionRecord(
            refused: "0",
            startedAt: rig.now,
            startedUnix: 7,
            duration: .zero,
            key: nil,
            draw: 0,
            generation: 1,
            status: 200,
            errorCode: "",
            bytes: 0
        )
        (record.group, record.key, record.outcome) = (group, key, .answered)
        var attempt = AttemptRow(member: member, upstreamModel: "m-" + member, endpoint: "x:1", startedAfter: .zero)
        (attempt.head, attempt.total) = (.zero, .zero)
        attempt.headroom = Headroom(percent: 50, reset: .seconds(60))
        record.attempts = [attempt]
        return record
    }

    /// A gateway that strangers have taken over says whatever they like.
    @Test func whatAGatewaySaysMakesNoNamesAndFillsNoMemory() throws {
        var rig = try rig()
        for number in 0..<3000 {
            let name = "stranger\(number)"
            rig.tell(.gateway(.decisions([record(rig, name, name, key: name)])))
            rig.tell(.gateway(.alarm(GatewayAlarm(.upstreamUnauthorised, object: name, detail: name))))
            rig.tell(.gateway(.serving(loop: number * 7, requests: -1)))
        }
        rig.tell(
            .gateway(.underWay([MemberCount("stranger", 5), MemberCount("chat.one", 2), MemberCount("chat.one", -2)]))
        )
        rig.tell(.gateway(.decisions([record(rig, "chat", "chat.one")])))
        let models = try #require(rig.router.models)
        #expect(models.counters.keys.map(\.member).sorted() == ["chat.one", ModelMeasures.other])
        #expect(models.measures.requests.count == 2 && models.measures.attempts.count == 2)
        #expect(models.headrooms.keys.sorted() == ["chat.one"] && models.lastUsed == ["ci": 7])
        #expect(models.underWay == [MemberCount("chat.one", 2)])
        #expect(models.alarms.count == ModelPlane.mostAlarms && models.serving.count <= ModelPlane.mostLoops)
        #expect(models.serving.values.allSatisfy { $0 == 0 })
    }

    @Test func theTextsOfDecisionsAndAlarmsAreBounded() throws {
        var rig = try rig()
        let long = String(repeating: "x", count: 1 << 20)
        for _ in 0..<100 { rig.tell(.gateway(.decisions([record(rig, "chat", long)]))) }
        rig.tell(.gateway(.alarm(GatewayAlarm(.snapshotRefused, object: long, detail: long))))
        let models = try #require(rig.router.models)
        // Each has it twice, once behind two letters.
        #expect(models.decisions.count == ModelPlane.mostDecisionBytes / (2 << 20) - 1)
        #expect(models.alarms.map(\.detail.utf8.count) == [ModelPlane.longestDetail])
        rig.tell(.gateway(.decisions([record(rig, "chat", "chat.one")])))
        #expect(rig.router.models?.decisions.last?.attempts.first?.member == "chat.one")
    }

    @Test func withoutTheModelsBlockThereIsNoGateway() throws {
        var rig = try rig()
        let effects = try rig.configure("version: 1\n")
        #expect(effects.contains { if case .serve(nil) = $0 { true } else { false } })
    }
}
