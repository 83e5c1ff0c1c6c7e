/// What probes of providers do to the members that use them.
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct ProviderProbeTests {
    private func rig(_ kind: String = "tcp") throws -> Rig {
        var rig = Rig()
        let probe = "probe: { kind: \(kind), down-after: 2 } }"
        let models = kind == "tcp" ? Rig.models : Rig.models.replacing("http:", with: "https:")
        try rig.configure("version: 1\n" + models.replacing(#":8000/v1" }"#, with: #":8000/v1", "# + probe))
        return rig
    }

    @discardableResult
    private func probe(_ rig: inout Rig, _ failures: FailureClass?..., provider: String = "local") -> [Effect] {
        let outcomes = failures.enumerated().map { number, failure in
            ProbeOutcome(path: "wan.\(number)", failure: failure, after: .milliseconds(1))
        }
        return rig.tell(.gateway(.probed(provider: provider, outcomes, at: rig.now)))
    }

    private func verdict(_ rig: Rig, _ member: String = "chat.one") -> Verdict? {
        rig.router.models?.groups.member(named: member)?.health(in: .any)?.verdict
    }

    private func fail(_ rig: inout Rig, _ kind: FailureClass) {
        for _ in 0..<3 {
            let failure = Signal.failure(Cause(kind.rawValue))
            rig.tell(.gateway(.signal(member: "chat.one", path: nil, failure, at: rig.now)))
        }
    }

    @Test func roundsInARowWithoutAnAnswerPutEveryMemberOfTheProviderOut() throws {
        var rig = try rig()
        #expect(probe(&rig, .connectRefused).isEmpty)
        let snapshot = try #require(probe(&rig, .connectRefused).snapshots.last)
        #expect(snapshot.models.members.map { $0.health.first?.verdict } == [.down, .down])
        #expect(snapshot.models.members.first?.health.first?.cause == Cause("probe-connect-refused"))
        #expect(probe(&rig, .connectRefused).isEmpty, "once")
    }

    @Test func onePathThatAnswersIsEnough() throws {
        var rig = try rig()
        for _ in 0..<5 { probe(&rig, .connectTimeout, nil) }
        #expect(verdict(rig) == .unknown)
    }

    /// Too few descriptors are our own affair.
    @Test func whatNobodyCouldAskSaysNothing() throws {
        var rig = try rig()
        for _ in 0..<5 { probe(&rig, .noRoom, .noRoom) }
        #expect(verdict(rig) == .unknown)
        for _ in 0..<2 { probe(&rig, .noRoom, .connectRefused) }
        #expect(verdict(rig) == .down, "the other way was asked")
        probe(&rig, .noRoom)
        #expect(verdict(rig) == .down)
    }

    @Test func anAnswerBringsATrialAndNoMore() throws {
        var rig = try rig()
        for _ in 0..<2 { probe(&rig, .connectTimeout) }
        let snapshot = try #require(probe(&rig, nil).snapshots.last)
        #expect(snapshot.trials == [MemberID(0), MemberID(1)] && verdict(rig) == .unknown)
        fail(&rig, .serverError)
        #expect(verdict(rig) == .down, "the first failure of a trial is enough")
    }

    /// A connection proves nothing about what fails behind it.
    @Test(
        arguments: [
            ("tcp", .connectRefused, true), ("tcp", .tls, false), ("tcp", .serverError, false),
            ("tcp", .headTimeout, false),
            ("tls", .tls, true), ("tls", .unauthorised, false), ("models", .unauthorised, true),
            ("models", .serverError, false),
        ] as [(String, FailureClass, Bool)]
    )
    func aProbeEndsOnlyWhatItWouldHaveMet(_ kind: String, _ failure: FailureClass, _ isTried: Bool) throws {
        var rig = try rig(kind)
        fail(&rig, failure)
        probe(&rig, nil)
        #expect(verdict(rig) == (isTried ? .unknown : .down))
    }

    @Test func realTrafficIsBelievedBeforeTheProbe() throws {
        var rig = try rig()
        for _ in 0..<2 { probe(&rig, .connectTimeout) }
        rig.tell(.gateway(.signal(member: "chat.one", path: nil, .success, at: rig.now)))
        for _ in 0..<5 { probe(&rig, .connectTimeout) }
        #expect(verdict(rig) == .up && verdict(rig, "chat.two") == .down)
        rig.sleep(.seconds(19))
        rig.tell(.gateway(.answered(member: "chat.one", count: 3, at: rig.now)))
        rig.sleep(.seconds(20))
        probe(&rig, .connectTimeout)
        #expect(verdict(rig) == .up, "two rounds of ten seconds are not over since it answered")
        rig.sleep(.seconds(1))
        probe(&rig, .connectTimeout)
        #expect(verdict(rig) == .down, "an answer of long ago says nothing of now")
    }

    @Test func whoIsOnTrialIsJudgedByTheRequestThatTriesIt() throws {
        var rig = try rig()
        for _ in 0..<2 { probe(&rig, .connectTimeout) }
        rig.sleep(.seconds(5))
        #expect(verdict(rig) == .unknown)
        for _ in 0..<5 { probe(&rig, .connectTimeout) }
        #expect(verdict(rig) == .unknown)
        fail(&rig, .connectTimeout)
        #expect(verdict(rig) == .down)
    }

    @Test func whatNobodyAskedForIsIgnored() throws {
        var rig = try rig()
        #expect(probe(&rig, .connectRefused, provider: "other").isEmpty && probe(&rig).isEmpty)
    }
}
