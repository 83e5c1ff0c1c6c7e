/// A router under test: the clock is a value that the test moves, the kernel answers when the test says so.
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Forwarding
import Inference
import Liveness
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

struct Rig {
    var router = Router()
    var now = Instant(nanoseconds: 1_000_000_000)
    /// Sent and not answered yet, oldest first.
    private(set) var waiting: [(token: UInt64, lane: Lane, changes: [KernelChange])] = []
    /// Lists that are to be compared, and jobs of routes that are to be sent, oldest first.
    private(set) var questions: [(generation: UInt64, question: FeedQuestion)] = []
    private(set) var jobs: [(token: UInt64, job: FeedJob)] = []
    /// Everything that was ever sent, but for nftables: held flows follow health there, which tests of their own look at.
    var sent: [KernelChange] = []
    /// Times asked for with `wake` that are still to come.
    private(set) var alarms: [Instant] = []

    /// `lists`: what stands in the files that the text names.
    static func configuration(_ text: String, lists: [String: String] = [:]) throws -> Configuration {
        let tree = ConfigLoader.read(Array(text.utf8), name: "martlet.yaml")
        let checked = Configuration.check(tree) { path throws(UnreadableList) in
            guard let list = lists[path] else { throw UnreadableList(words: "there is no \(path)") }
            return Array(list.utf8)
        }
        #expect(checked.errors.isEmpty && checked.unserved.isEmpty)
        return try #require(checked.configuration)
    }

    @discardableResult
    mutating func configure(_ text: String, lists: [String: String] = [:]) throws -> [Effect] {
        turn(.configured(try Self.configuration(text, lists: lists)))
    }

    @discardableResult
    mutating func tell(_ fact: Fact) -> [Effect] { turn(.fact(fact)) }

    private mutating func turn(_ kind: Event.Kind) -> [Effect] {
        let effects = router.turn(Event(at: now, draw: 0, kind))
        for effect in effects {
            switch effect {
            case .program(let lane, let token, let changes):
                waiting.append((token, lane, changes))
                sent += changes.filter { $0.family != .nftables }
            case .wake(let at): alarms.append(at)
            case .planFeeds(let generation, let question): questions.append((generation, question))
            case .programFeeds(let token, let job): jobs.append((token, job))
            case .cancelFeeds, .reread, .probe, .bfd, .serve, .keep, .keepUsage, .count, .tellLocalTime,
                .moveFlows, .note, .canary, .keepCanaries, .decided:
                break
            }
        }
        return effects
    }

    /// The kernel takes everything that waits, and echoes it.
    mutating func settle() {
        while !(waiting.isEmpty && questions.isEmpty && jobs.isEmpty) {
            answer { _ in .accepted }
            compareLists()
            answerJob()
        }
    }

    /// The oldest question about lists is answered.
    @discardableResult
    mutating func compareLists() -> [Effect] {
        guard !questions.isEmpty else { return [] }
        let asked = questions.removeFirst()
        return tell(.feedsPlanned(generation: asked.generation, FeedPlan.answering(asked.question)))
    }

    /// The kernel is done with the oldest job: it took all of it, unless told otherwise.
    @discardableResult
    mutating func answerJob(_ outcome: ((FeedJob) -> FeedOutcome)? = nil) -> [Effect] {
        guard !jobs.isEmpty else { return [] }
        let (token, job) = jobs.removeFirst()
        let all = FeedOutcome(ending: .complete, accepted: job.count, refused: 0, refusals: [], standing: nil)
        return tell(.feedsProgrammed(token: token, outcome?(job) ?? all))
    }

    /// The kernel answers the oldest batch; it echoes what it took.
    @discardableResult
    mutating func answer(_ outcome: (KernelChange) -> ChangeOutcome) -> [Effect] {
        guard !waiting.isEmpty else { return [] }
        let batch = waiting.removeFirst()
        let outcomes = batch.changes.map(outcome)
        let taken = zip(batch.changes, outcomes).filter { $1 == .accepted }.map(\.0)
        let echoed = tell(.kernel(taken.compactMap(Self.echo)))
        return echoed + tell(.programmed(token: batch.token, outcomes))
    }

    /// The alarm clock: only the earliest time asked for is kept, as the daemon does it.
    @discardableResult
    mutating func sleep(_ span: Span) -> [Effect] {
        let end = now + span
        var effects: [Effect] = []
        while let next = alarms.min(), next <= end {
            alarms = []
            now = max(now, next)
            effects += tell(.woke)
        }
        now = end
        return effects
    }

    private static func echo(_ change: KernelChange) -> KernelReport? {
        switch change.operation {
        case .setNexthop(let nexthop): .nexthop(nexthop)
        case .deleteNexthop(let id, _): .nexthopGone(id)
        case .setRoute(let route): .route(route)
        case .deleteRoute(let route): .routeGone(route)
        case .addRule(let rule): .rule(rule)
        case .deleteRule(let rule): .ruleGone(rule)
        case .changeRuleset: nil
        }
    }

    static func probe(_ member: String, _ signal: Signal, _ scope: HealthScope = .v4) -> ProbeResult {
        ProbeResult(
            member: member,
            scope: scope,
            signal: signal,
            at: Instant(nanoseconds: 0),
            figures: Figures(sent: 1, lost: 0)
        )
    }

    /// Three failures: the probe's `down-after`.
    @discardableResult
    mutating func fail(_ member: String, _ scope: HealthScope = .v4) -> [Effect] {
        var effects: [Effect] = []
        for _ in 0..<3 { effects += tell(.probed([Self.probe(member, .failure(Cause("probe-timeout")), scope)])) }
        return effects
    }

    /// Dumps of an otherwise empty kernel with two uplinks and `more`, by family.
    mutating func readKernel(_ more: [KernelReport] = [], table: RulesetState? = nil) {
        for family in KernelFamily.allCases {
            tell(.dumpBegan(family))
            if family == .links { tell(.kernel(Self.uplinks)) }
            if family == .addresses { tell(.kernel(Self.addresses)) }
            if family == .rules { tell(.kernel(more)) }
            if family == .nftables { tell(.ruleset(table)) }
            tell(.dumpEnded(family))
        }
    }

    static func link(_ index: UInt32, _ name: String, carrier: Bool = true) -> KernelReport {
        .link(Link(index: index, name: name, isUp: true, hasCarrier: carrier, isLoopback: false))
    }

    static let uplinks = [link(11, "eth0"), link(12, "eth1")]
    static let addresses: [KernelReport] = [(11, "203.0.113.2"), (12, "198.51.100.2")].map {
        .address(InterfaceAddress(interface: $0.0, address: IPAddress($0.1)!, prefixLength: 29, isTentative: false))
    }

    static let network = """
        version: 1
        network:
          connections: untracked
          probes: { internet: { icmp: [192.0.2.53], every: 200ms, timeout: 150ms, down-after: 3, up-after: 2 } }
          groups:
            wan:
              members:
                fiber: { dev: eth0, via: 203.0.113.1, weight: 3, probe: internet }
                cable: { dev: eth1, via: 198.51.100.1, probe: internet }
          routes: { default: wan, 10.1.0.0/16: wan }

        """

    static let models = """
        models:
          listen: [127.0.0.1:8080]
          providers: { local: { dialect: openai, url: "http://127.0.0.1:8000/v1" } }
          groups:
            chat:
              down-after: 3
              recover-after: 5s
              members: { one: { provider: local, model: a }, two: { provider: local, model: b } }
          keys: { ci: { hash: "sha256:\(String(repeating: "1", count: 64))" } }

        """

    /// A network that is programmed and answered.
    static func running(_ text: String = network) throws -> Rig {
        var rig = Rig()
        try rig.configure(text)
        rig.readKernel()
        rig.settle()
        rig.sent = []
        return rig
    }
}

extension [Effect] {
    var changes: [KernelChange] {
        flatMap { effect -> [KernelChange] in
            guard case .program(_, _, let changes) = effect else { return [] }
            return changes.filter { $0.family != .nftables }
        }
    }
    var notes: [Note] {
        compactMap { effect -> Note? in if case .note(let note) = effect { note } else { nil } }
    }
    var snapshots: [GatewaySnapshot] {
        compactMap { effect -> GatewaySnapshot? in if case .serve(let snapshot?) = effect { snapshot } else { nil } }
    }
    var rereads: [KernelFamily] {
        compactMap { effect -> KernelFamily? in if case .reread(let family) = effect { family } else { nil } }
    }
}
