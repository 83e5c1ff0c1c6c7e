/// A small world for routing and exchanges: two providers, two uplinks, one group of two members.
///
///     chat: big   (OpenAI dialect, over wan: fiber, then cable)
///           small (Anthropic dialect, by the host's own routes)
import ConfigSyntax
import NetTypes
import PolicyEngine
import Wire

@testable import Inference

enum Stage {
    static let place = Place(file: 0, line: 1, column: 1)
    static let start = Instant(nanoseconds: 1_000_000_000_000)
    static let fiber = Mark(0x0100_0000)
    static let cable = Mark(0x0200_0000)
    /// What each of the members' providers calls its model.
    static let bigModel = "gpt-big"
    static let smallModel = "claude-small"

    static func group(
        _ name: String,
        _ members: [(name: String, tier: Int)],
        scopes: [HealthScope],
        strategy: Strategy = .static,
        keepsLast: Bool = false
    ) -> GroupDefinition {
        GroupDefinition(
            name: Located(name, at: place),
            strategy: strategy,
            members: members.map {
                MemberDefinition(
                    name: Located($0.name, at: place),
                    weight: 1,
                    tier: $0.tier,
                    hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
                    scopes: scopes
                )
            },
            keepsLast: keepsLast
        )
    }

    static func snapshot(
        policies: [GatewayPolicy] = [],
        timeouts: ExchangeTimeouts = ExchangeTimeouts()
    ) -> GatewaySnapshot {
        GatewaySnapshot(
            generation: 7,
            providers: [
                GatewayProvider(
                    name: "one",
                    dialect: .openai,
                    isTLS: false,
                    host: "192.0.2.1",
                    port: 8000,
                    pathPrefix: "/v1",
                    path: "wan"
                ),
                GatewayProvider(
                    name: "two",
                    dialect: .anthropic,
                    isTLS: true,
                    host: "two.example",
                    port: 443,
                    pathPrefix: ""
                ),
            ],
            models: GroupTable([group("chat", [("big", 1), ("small", 1)], scopes: [.any])], at: start),
            deployments: [
                Deployment(provider: 0, model: bigModel, timeouts: timeouts),
                Deployment(provider: 1, model: smallModel, timeouts: timeouts),
            ],
            network: GroupTable([group("wan", [("fiber", 1), ("cable", 1)], scopes: [.v4, .v6])], at: start),
            paths: [PathMark(member: MemberID(0), mark: fiber), PathMark(member: MemberID(1), mark: cable)],
            keys: [],
            policies: policies,
            listeners: [],
            hashKey0: 1,
            hashKey1: 2
        )
    }

    static func policy(
        _ name: String,
        _ match: Match,
        _ target: GatewayPolicy.Target,
        terms: PolicyTerms = .none,
        fallsThrough: Bool = false
    ) -> GatewayPolicy {
        GatewayPolicy(name: name, place: place, match: match, target: target, terms: terms, fallsThrough: fallsThrough)
    }

    static func match(_ text: String) throws -> Match {
        let expression = try Expression(parsing: text)
        return try Match.compile(expression, schema: RequestFact.schema, sets: SetTable([])).get()
    }

    /// The facts of a request by the key `ci` of the team `legal`, from 10.0.0.9.
    static func facts(_ body: [UInt8], _ change: (inout ClientRequest) -> Void = { _ in }) throws -> RequestFacts {
        var client = ClientRequest(
            body: body,
            key: "ci",
            team: "legal",
            source: IPAddress("10.0.0.9"),
            unixMicroseconds: 0,
            draw: 0
        )
        change(&client)
        return RequestFacts(try RequestView(body: body), client)
    }

    static func body(model: String = "chat", isStreamed: Bool) -> [UInt8] {
        let stream = isStreamed ? #","stream":true"# : ""
        return Array(#"{"model":"\#(model)","messages":[{"role":"user","content":"hello"}]\#(stream)}"#.utf8)
    }

    /// The same of a client of the Messages API.
    static func message(isStreamed: Bool, more: String = "") -> [UInt8] {
        let stream = isStreamed ? #","stream":true"# : ""
        return Array(
            #"{"model":"chat","max_tokens":9,"messages":[{"role":"user","content":"hello"}]\#(stream)\#(more)}"#.utf8
        )
    }

    static func request(
        _ body: [UInt8],
        dialect: ClientDialect = .openai,
        operation: ModelOperation = .chat,
        passedOn: [Header] = [],
        draw: UInt64 = 0
    ) -> ExchangeEvent {
        .request(
            ClientRequest(
                dialect: dialect,
                operation: operation,
                body: body,
                passedOn: passedOn,
                key: "ci",
                team: "platform",
                source: nil,
                unixMicroseconds: 1_790_000_000_000_000,
                draw: draw
            )
        )
    }
}

/// What providers send.
enum Answer {
    static let plainHead = UpstreamHead(status: 200, contentType: "application/json")
    static let streamHead = UpstreamHead(status: 200, contentType: "text/event-stream")

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    static func event(_ json: String) -> [UInt8] { bytes("data: \(json)\n\n") }

    static let role = event(#"{"id":"x","choices":[{"index":0,"delta":{"role":"assistant"}}]}"#)
    static let word = event(#"{"id":"x","choices":[{"index":0,"delta":{"content":"hi"}}]}"#)
    static let stop = event(#"{"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)
    static let usage = event(
        #"{"id":"x","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
    )
    static let done = event("[DONE]")
    static let error = event(#"{"error":{"message":"out of memory","type":"server_error"}}"#)

    static let plain = bytes(
        #"{"id":"x","choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#
    )
    static let message = bytes(
        #"{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"hey"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":2}}"#
    )
    static let messageStream = bytes(
        [
            #"{"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":5}}}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hey"}}"#,
            #"{"type":"content_block_stop","index":0}"#,
            #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}"#,
            #"{"type":"message_stop"}"#,
        ].map { "event: x\ndata: \($0)\n\n" }.joined()
    )
}
