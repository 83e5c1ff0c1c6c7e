/// How long does a decision take? Twenty members, a hundred policies of which the last but one decides, and a body of a kilobyte
/// that was scanned before. Prints nanoseconds a decision, the median and quartiles of many rounds.
import ConfigSyntax
import Glibc
import Inference
import NetTypes
import PolicyEngine

@main
enum BenchDecision {
    private static let (members, policies, rounds, each) = (20, 100, 101, 2000)
    private static let place = Place(file: 0, line: 1, column: 1)

    static func main() throws {
        let plain = GroupRouting.standard
        for (name, routing, needs) in [
            ("weights", plain, false), ("tools, which half of them lack", plain, true),
            ("least outstanding", GroupRouting(balance: .leastOutstanding), false),
            ("affinity by prefix", GroupRouting(affinity: Affinity(by: .prefix)), false),
        ] {
            let view = try RoutingView(try snapshot(routing))
            let facts = try facts(needs)
            var times = (0..<rounds).map { round in time(view, facts, round) }.dropFirst()
            times.sort()
            let quarter = times.count / 4
            print(
                "\(members) members, \(policies) policies, \(name):",
                "\(times[times.startIndex + 2 * quarter]) ns a decision",
                "(quartiles \(times[times.startIndex + quarter]) and \(times[times.startIndex + 3 * quarter]))"
            )
        }
    }

    /// Nanoseconds a decision, over one round.
    private static func time(_ view: RoutingView, _ facts: RequestFacts, _ round: Int) -> UInt64 {
        let start = now()
        for number in 0..<each {
            let draw = UInt64(round * each + number) &* 0x9E37_79B9_7F4A_7C15
            guard view.decide(facts, draw: draw, at: Instant(nanoseconds: start)) != nil else { exit(1) }
        }
        return (now() - start) / UInt64(each)
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func facts(_ needsTools: Bool) throws -> RequestFacts {
        var sketch = RequestSketch(prompt: String(repeating: "seven martlets ", count: 64), model: "auto")
        (sketch.key, sketch.team, sketch.hasTools) = ("ci", "team98", needsTools)
        return try sketch.facts()
    }

    private static func snapshot(_ routing: GroupRouting) throws -> GatewaySnapshot {
        let group = GroupDefinition(
            name: Located("chat", at: place),
            strategy: .weighted,
            members: (0..<members).map { number in
                MemberDefinition(
                    name: Located("m\(number)", at: place),
                    weight: number + 1,
                    tier: 1,
                    hysteresis: Hysteresis(downAfter: 3, upAfter: 1),
                    scopes: [.any]
                )
            },
            keepsLast: true
        )
        var snapshot = GatewaySnapshot(
            generation: 1,
            providers: [
                GatewayProvider(
                    name: "p",
                    dialect: .openai,
                    isTLS: false,
                    host: "192.0.2.1",
                    port: 80,
                    pathPrefix: "/v1"
                )
            ],
            models: GroupTable([group], at: Instant(nanoseconds: 0)),
            deployments: (0..<members).map {
                Deployment(
                    provider: 0,
                    model: "m\($0)",
                    facts: ModelFacts(capabilities: $0 % 2 == 0 ? .chat : [.chat, .tools])
                )
            },
            network: GroupTable([], at: Instant(nanoseconds: 0)),
            paths: [],
            keys: [],
            policies: try (0..<policies).map(policy),
            listeners: [],
            hashKey0: 1,
            hashKey1: 2
        )
        snapshot.routing = [routing]
        return snapshot
    }

    private static func policy(_ number: Int) throws -> GatewayPolicy {
        let text = #"model == "auto" and key.team == "team\#(number)" and not stream"#
        let match = try Match.compile(
            try Expression(parsing: text),
            schema: RequestFact.schema,
            sets: SetTable([])
        ).get()
        return GatewayPolicy(
            name: "p\(number)",
            place: place,
            match: match,
            target: .group(GroupID(0)),
            fallsThrough: false
        )
    }
}
