/// What readings of local servers make of the members that stand for them.
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct LocalServerTests {
    private static func text(_ members: String, catalogue: String = "", every: String = "1s") -> String {
        """
        version: 1
        models:
          listen: [127.0.0.1:8080]
          providers: { local: { dialect: openai, url: "http://127.0.0.1:8000/v1", probe: { kind: vllm, every: \(every), down-after: 2 } } }
          \(catalogue)
          groups: { chat: { members: { \(members) } } }
          keys: { ci: { hash: "sha256:\(String(repeating: "1", count: 64))" } }

        """
    }

    private static let unnamed = "one: { provider: local, queue-at-most: 4 }"

    private func rig(_ members: String = unnamed, catalogue: String = "") throws -> Rig {
        var rig = Rig()
        try rig.configure(Self.text(members, catalogue: catalogue))
        return rig
    }

    @discardableResult
    private func read(
        _ rig: inout Rig,
        _ models: ServedModel...,
        running: UInt32? = nil,
        unanswered: ServerReading.Unanswered? = nil
    ) -> [Effect] {
        var reading = ServerReading(models: models, running: running)
        reading.unanswered = unanswered
        let outcome = ProbeOutcome(path: nil, failure: nil, after: .milliseconds(1), reading: reading)
        rig.sleep(.seconds(1))
        return rig.tell(.gateway(.probed(provider: "local", [outcome], at: rig.now)))
    }

    private func fail(_ rig: inout Rig) {
        let outcome = ProbeOutcome(path: nil, failure: .connectRefused, after: .milliseconds(1))
        rig.sleep(.seconds(1))
        rig.tell(.gateway(.probed(provider: "local", [outcome], at: rig.now)))
    }

    private func absence(_ rig: Rig, _ member: String = "chat.one") -> String? {
        rig.router.models?.groups.member(named: member)?.health(in: .any)?.absence?.name
    }

    private func verdict(_ rig: Rig) -> Verdict? {
        rig.router.models?.groups.member(named: "chat.one")?.health(in: .any)?.verdict
    }

    private func deployment(_ rig: Rig, _ index: Int = 0) -> Deployment? { rig.router.models?.deployments[index] }

    @Test func aServerJoinsWhenItIsFound() throws {
        var rig = try rig()
        #expect(absence(rig) == "server-not-found")
        for _ in 0..<5 { fail(&rig) }
        #expect(verdict(rig) == .unknown && absence(rig) == "server-not-found", "what was never there is not down")
        let effects = read(&rig, ServedModel("llama", context: 8192))
        #expect(absence(rig) == nil && deployment(rig)?.model == "llama")
        #expect(deployment(rig)?.facts?.context == 8192 && deployment(rig)?.queueAtMost == 4)
        #expect(effects.snapshots.last?.deployments.first?.model == "llama")
        #expect(effects.notes.contains(.found(member: "chat.one", model: "llama", context: 8192)))
        #expect(effects.notes.contains(.presence(member: "chat.one", .any, absent: nil)))
        #expect(read(&rig, ServedModel("llama", context: 8192), running: 3).snapshots.isEmpty, "a queue is no change")
    }

    @Test func otherModelsMustBeSaidTwice() throws {
        var rig = try rig()
        read(&rig, ServedModel("llama"))
        for _ in 0..<5 {
            #expect(read(&rig, ServedModel("qwen")).isEmpty)
            #expect(read(&rig, ServedModel("llama")).isEmpty, "who wavers changes nothing")
        }
        read(&rig, ServedModel("qwen", context: 4096))
        #expect(deployment(rig)?.model == "llama")
        let effects = read(&rig, ServedModel("qwen", context: 4096))
        #expect(deployment(rig)?.model == "qwen" && deployment(rig)?.facts?.context == 4096)
        #expect(effects.notes.contains(.found(member: "chat.one", model: "qwen", context: 4096)))
    }

    /// What it does say instead holds, though it never says it twice.
    @Test func whatIsNotSaidThreeTimesRunningHoldsNoLonger() throws {
        var rig = try rig()
        read(&rig, ServedModel("a"))
        read(&rig, ServedModel("b"))
        read(&rig, ServedModel("c"))
        #expect(deployment(rig)?.model == "a")
        read(&rig, ServedModel("b"))
        #expect(deployment(rig)?.model == "b")
        for _ in 0..<5 {
            #expect(read(&rig, ServedModel("c")).isEmpty && read(&rig, ServedModel("b")).isEmpty, "now it holds")
        }
    }

    @Test func halfAnAnswerChangesNothingAndDelaysNothing() throws {
        var rig = try rig()
        let (loaded, other) = (ServedModel("a", context: 4096), ServedModel("b", context: 8192, isLoaded: false))
        read(&rig, loaded, other)
        for _ in 0..<5 {
            let half = ServedModel("a", context: 131_072, isLoaded: false)
            #expect(read(&rig, half, other, unanswered: .loaded).isEmpty)
            #expect(read(&rig, ServedModel("a"), other, unanswered: .contexts).isEmpty)
        }
        #expect(deployment(rig)?.model == "a" && deployment(rig)?.facts?.context == 4096)
        let now = ServedModel("b", context: 2048)
        read(&rig, now, ServedModel("a", isLoaded: false))
        read(&rig, loaded, other, unanswered: .loaded)
        read(&rig, now, ServedModel("a", isLoaded: false))
        #expect(deployment(rig)?.model == "b" && deployment(rig)?.facts?.context == 2048)
    }

    @Test func halfAnAnswerIsBetterThanNoneUntilThereIsAWholeOne() throws {
        var rig = try rig()
        read(&rig, ServedModel("a", context: 131_072, isLoaded: false), unanswered: .loaded)
        #expect(absence(rig) == nil && deployment(rig)?.facts?.context == 131_072)
        read(&rig, ServedModel("a", context: 4096))
        #expect(deployment(rig)?.facts?.context == 4096, "at once: nothing whole was said before")
    }

    @Test func whatIsNotServedIsAbsentAndSaysWhy() throws {
        var rig = try rig("one: { provider: local, model: llama }, two: { provider: local }")
        read(&rig, ServedModel("a"), ServedModel("b"))
        #expect(absence(rig) == "model-not-served" && absence(rig, "chat.two") == "several-models")
        for _ in 0..<2 { read(&rig, ServedModel("llama")) }
        #expect(absence(rig) == nil && absence(rig, "chat.two") == nil)
        #expect(deployment(rig, 1)?.model == "llama")
    }

    /// The nearer to the model, the more it counts.
    @Test(
        arguments: [
            ("one: { provider: local, model: llama, context: 1000 }", 1000 as UInt64, "at the member"),
            ("one: { provider: local, model: llama }", 4096, "read"),
        ]
    )
    func whatIsConfiguredWins(_ member: String, _ context: UInt64, _ why: Comment) throws {
        var rig = try rig(member, catalogue: "catalogue: { llama: { context: 131072, max-output: 100 } }")
        #expect(deployment(rig)?.facts?.context == (context == 1000 ? 1000 : 131072))
        read(&rig, ServedModel("llama", context: 4096))
        #expect(deployment(rig)?.facts == ModelFacts(context: context, maxOutput: 100), why)
    }

    @Test func aServerThatStopsIsDownAndComesBackWithWhatItHasThen() throws {
        var rig = try rig()
        read(&rig, ServedModel("llama"))
        for _ in 0..<2 { fail(&rig) }
        #expect(verdict(rig) == .down && absence(rig) == nil)
        read(&rig, ServedModel("qwen"))
        #expect(deployment(rig)?.model == "qwen" && verdict(rig) == .unknown)
    }

    @Test func whatWasFoundOutlivesAReload() throws {
        var rig = try rig()
        read(&rig, ServedModel("llama", context: 8192))
        try rig.configure(Self.text(Self.unnamed + ", two: { provider: local, model: x }"))
        #expect(deployment(rig)?.model == "llama" && absence(rig) == nil)
        #expect(absence(rig, "chat.two") == "model-not-served", "the reading is there already")
        try rig.configure(Self.text(Self.unnamed, every: "5s"))
        #expect(deployment(rig)?.model == "llama" && absence(rig) == nil, "another pace is no other server")
        try rig.configure(Self.text(Self.unnamed).replacing(":8000", with: ":8001"))
        #expect(absence(rig) == "server-not-found")
        try rig.configure(
            Self.text("one: { provider: local, model: llama }").replacing("kind: vllm", with: "kind: tcp")
        )
        #expect(absence(rig) == nil, "nothing is read any more")
    }

    @Test func whatAGatewaySaysIsBounded() throws {
        var rig = try rig()
        let many = (0..<1000).map { ServedModel("m\($0)") } + [ServedModel("bad\n")]
        let outcome = ProbeOutcome(path: nil, failure: nil, after: .zero, reading: ServerReading(models: many))
        rig.tell(.gateway(.probed(provider: "local", [outcome], at: rig.now)))
        #expect(rig.router.models?.reading(of: "local")?.reading.models.count == ServerReading.mostModels)
    }
}
