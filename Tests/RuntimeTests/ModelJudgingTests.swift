/// How quick members are is learnt from decisions; who leads by it follows, and the gateway hears of it.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference
@testable import Runtime

@Suite struct ModelJudgingTests {
    private static func models(_ strategy: String) -> String {
        """
        version: 1
        models:
          listen: [127.0.0.1:8080]
          providers: { local: { dialect: openai, url: "http://127.0.0.1:8000/v1" } }
          groups:
            chat:
              strategy: \(strategy)
              members: { one: { provider: local, model: a }, two: { provider: local, model: b } }
          keys: { ci: { hash: "sha256:\(String(repeating: "1", count: 64))" } }

        """
    }

    private func rig(_ strategy: String = "latency") throws -> Rig {
        var rig = Rig()
        try rig.configure(Self.models(strategy))
        return rig
    }

    private func answer(
        _ member: String,
        first: Span,
        total: Span,
        streamed: Bool = true,
        input: UInt64? = 10,
        output: UInt64? = 51
    ) -> Fact {
        var record = DecisionRecord(
            refused: "0",
            startedAt: Instant(nanoseconds: 0),
            startedUnix: 0,
            duration: total,
            key: nil,
            draw: 0,
            generation: 1,
            status: 200,
            errorCode: "",
            bytes: 0
        )
        var attempt = AttemptRow(member: member, upstreamModel: "a", endpoint: "x", startedAfter: .zero)
        (attempt.firstToken, attempt.total) = (first, total)
        record.attempts = [attempt]
        record.outcome = .answered
        record.isStreamed = streamed
        record.usage = UsageRow(input: input, output: output)
        return .gateway(.decisions([record]))
    }

    private func carrying(_ rig: Rig, _ size: PromptSize? = nil) throws -> [String] {
        let groups = try #require(rig.router.models).groups
        return groups.shares(of: GroupID(0), in: .any, loadClass: size?.rawValue).carrying.map {
            groups[$0.member].fullName
        }
    }

    @Test func anAnswersTimeIsThatOfItsFirstFiftyTokens() throws {
        for (streamed, output, expected) in [
            (true, 51, 600), (true, 101, 350), (true, 1, 100), (false, 100, 300), (false, 20, 600), (false, nil, 600),
        ] as [(Bool, UInt64?, Int64)] {
            let fact = answer(
                "chat.one",
                first: streamed ? .milliseconds(100) : .milliseconds(600),
                total: .milliseconds(600),
                streamed: streamed,
                output: output
            )
            guard case .gateway(.decisions(let records)) = fact, let record = records.first else { continue }
            #expect(AnswerTime.of(record) == .milliseconds(expected), "\(streamed) \(output ?? 0)")
        }
    }

    @Test func theQuickerLeadsOnceAllAreKnown() throws {
        var rig = try rig()
        for _ in 0..<4 { rig.tell(answer("chat.one", first: .milliseconds(500), total: .milliseconds(1500))) }
        #expect(try carrying(rig) == ["chat.one", "chat.two"], "two was not measured yet")
        for _ in 0..<3 { rig.tell(answer("chat.two", first: .milliseconds(100), total: .milliseconds(300))) }
        let heard = rig.tell(answer("chat.two", first: .milliseconds(100), total: .milliseconds(300)))
        #expect(try carrying(rig) == ["chat.two"])
        #expect(heard.snapshots.count == 1, "and the gateway knows")
    }

    @Test func noiseChangesNothingAndPushesNothing() throws {
        var rig = try rig()
        let both = ["chat.one", "chat.two"]
        for _ in 0..<8 {
            for member in both { rig.tell(answer(member, first: .milliseconds(200), total: .milliseconds(400))) }
        }
        var pushed = 0
        for number in 0..<200 {
            let time = Span.milliseconds(400 + Int64(number % 7) * 5)
            for member in both {
                pushed += rig.tell(answer(member, first: .milliseconds(200), total: time)).snapshots.count
            }
            pushed += rig.sleep(.milliseconds(100)).snapshots.count
        }
        #expect(pushed == 0)
    }

    @Test func whoeverBecomesSlowGivesWayAfterTheTimeThatHysteresisSays() throws {
        var rig = try rig()
        for _ in 0..<16 {
            rig.tell(answer("chat.one", first: .milliseconds(100), total: .milliseconds(200)))
            rig.tell(answer("chat.two", first: .milliseconds(400), total: .milliseconds(900)))
        }
        #expect(try carrying(rig) == ["chat.one"])
        for _ in 0..<10 {
            rig.tell(answer("chat.one", first: .seconds(2), total: .seconds(4)))
            #expect(try carrying(rig) == ["chat.one"], "for five seconds")
            rig.sleep(.milliseconds(400))
        }
        rig.sleep(.seconds(2))
        rig.tell(answer("chat.one", first: .seconds(2), total: .seconds(4)))
        #expect(try carrying(rig) == ["chat.two"])
    }

    @Test func eachSizeOfPromptIsJudgedByItsOwn() throws {
        var rig = try rig()
        for _ in 0..<4 {
            rig.tell(answer("chat.one", first: .milliseconds(50), total: .milliseconds(100)))
            rig.tell(answer("chat.two", first: .milliseconds(300), total: .milliseconds(600)))
            rig.tell(answer("chat.one", first: .seconds(4), total: .seconds(5), input: 20_000))
            rig.tell(answer("chat.two", first: .seconds(1), total: .seconds(2), input: 20_000))
        }
        #expect(try carrying(rig, .small) == ["chat.one"] && carrying(rig, .large) == ["chat.two"])
    }

    @Test func whereNobodyAsksNothingIsLearnt() throws {
        var rig = try rig("weighted")
        for _ in 0..<4 { rig.tell(answer("chat.one", first: .milliseconds(50), total: .milliseconds(100))) }
        let groups = try #require(rig.router.models).groups
        #expect(groups.evidence(of: MemberID(0), in: .any).measured == nil)
        #expect(rig.alarms.isEmpty, "and nobody is woken for it")
    }

    /// Kept from decision to decision and over reloads, until the limit is whole again.
    @Test func whatAProviderHasLeftIsKnownUntilItIsWholeAgain() throws {
        var rig = try rig()
        guard case .gateway(.decisions(let records)) = answer("chat.one", first: .zero, total: .zero) else { return }
        var record = try #require(records.first)
        record.startedAt = rig.now
        record.attempts[0].head = .milliseconds(200)
        record.attempts[0].headroom = Headroom(percent: 12, reset: .seconds(30))
        rig.tell(.gateway(.decisions([record])))
        try rig.configure(Self.models("latency"))
        let models = try #require(rig.router.models)
        #expect(models.headroom(of: "chat.one", at: rig.now + .seconds(30)) == 12)
        #expect(models.headroom(of: "chat.one", at: rig.now + .seconds(31)) == nil)
        #expect(models.headroom(of: "chat.two", at: rig.now) == nil)
    }

    @Test func aFailedAttemptIsNoMeasure() throws {
        var rig = try rig()
        guard case .gateway(.decisions(let records)) = answer("chat.one", first: .zero, total: .zero) else { return }
        var record = try #require(records.first)
        record.outcome = .failed
        for _ in 0..<8 { rig.tell(.gateway(.decisions([record]))) }
        let groups = try #require(rig.router.models).groups
        #expect(groups.member(named: "chat.one")?.standing(in: .any)?.samples(at: rig.now) == 0)
    }
}
