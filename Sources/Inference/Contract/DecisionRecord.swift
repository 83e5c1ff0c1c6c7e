/// Why did this request go where it went, and what came of it? One flat row set per request, written by the gateway, kept and
/// shown by the daemon (`martlet explain ID`). Holds no word of the prompt or the answer and no secret.
package import NetTypes

package struct DecisionRecord: Hashable, Sendable, Codable {
    /// 24 hexadecimal digits: milliseconds since 1970, then chance. Sorts by time.
    package var id: String
    /// When the request's head had come, on the daemon's clock.
    package var startedAt: Instant
    /// The same moment in microseconds since 1970, for people.
    package var startedUnix: UInt64
    /// From `startedAt` to the last byte of the answer (or to the client's leaving).
    package var duration: Span
    /// The key's name, never the key.
    package var key: String?
    package var team: String?
    /// The `model` of the request.
    package var requestedModel: String?
    /// The policy that decided; nil when the requested name is itself a group or `group.member`.
    package var policy: String?
    /// Of a policy that splits, the arm that the request fell on: the group's name.
    package var arm: String?
    /// The group that served, or that should have.
    package var group: String?
    /// What became of the conversation; nil: the group does not keep conversations together.
    package var affinity: AffinityVerdict?
    package var isStreamed: Bool
    /// What was asked for; nil: chat, as nearly always.
    package var operation: ModelOperation?
    /// The chance that was drawn for this request: with it and the snapshot the choice can be repeated.
    package var draw: UInt64
    /// The snapshot it was decided on.
    package var generation: UInt64
    package var candidates: [CandidateRow]
    package var attempts: [AttemptRow]
    package var usage: UsageRow
    /// What is to be paid for it; nil: no provider did anything that is paid for.
    package var cost: CostRow?
    package var outcome: Outcome
    /// The status the client got; nil when it left before there was one.
    package var status: Int?
    /// The `code` of the error the client got.
    package var errorCode: String?
    /// Body bytes to the client.
    package var bytesToClient: UInt64
    /// The local date at which it began, 20261126; nil when no budget pays for it.
    package var localDay: Int?
    /// From `startedAt` to the head, and to the first meaningful byte, that went to the client.
    package var headAfter: Span?
    package var contentAfter: Span?
    /// Fields of the request that its provider never saw; nil: none.
    package var notCarried: [String]?
    /// Fields of the answer that the client never saw; nil: none.
    package var notTold: [String]?
}

/// What became of a request.
package enum Outcome: String, Hashable, Sendable, Codable, CaseIterable {
    /// The whole answer was delivered.
    case answered
    /// Refused before any provider was asked: key, model, policy, a wrong body.
    case rejected
    /// Every candidate failed, or the provider refused the request as the client's own mistake.
    case failed
    /// The answer broke off after meaningful bytes had been delivered.
    case brokenOff = "broken-off"
    /// The client left before the end.
    case clientGone = "client-gone"
}

/// One thing that could have been chosen.
package struct CandidateRow: Hashable, Sendable, Codable {
    /// `group.member` of the model plane.
    package var member: String
    /// `group.member` of the network plane; nil: the host's own routing.
    package var path: String?
    package var mark: Mark?
    /// Its part of the sum of all candidates' weights; 0: could not be chosen.
    package var weight: UInt32
    /// A code of `ReasonCode`: why the weight is what it is.
    package var reason: String
    /// The health cause behind the reason, if there is one.
    package var cause: String?
    /// Percent of its provider's limit that were left, where some candidate had so little that weights were changed for it.
    package var headroom: UInt32?
}

/// One try at one candidate.
package struct AttemptRow: Hashable, Sendable, Codable {
    package var member: String
    package var path: String?
    package var mark: Mark?
    package var upstreamModel: String
    /// `host:port`.
    package var endpoint: String
    /// An idle connection was used again.
    package var reusedConnection = false
    /// When it began, counted from the request.
    package var startedAfter: Span
    /// nil: it gave the answer, or the client left first.
    package var failure: FailureClass?
    /// What the upstream or the system said about the failure, cut to 200 characters and free of secrets.
    package var detail: String?
    package var status: Int?
    /// Spans from the attempt's beginning.
    package var connect: Span?
    package var head: Span?
    package var firstToken: Span?
    package var total: Span?
    /// Body bytes.
    package var bytesSent: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    /// What the provider still takes, as its answer's head said.
    package var headroom: Headroom?
}

/// What the provider reported of tokens. nil means unreported, which is not 0.
package struct UsageRow: Hashable, Sendable, Codable {
    package var input: UInt64?
    package var cachedInput: UInt64?
    package var cacheWrite: UInt64?
    package var output: UInt64?
    package var reasoning: UInt64?

    package init(
        input: UInt64? = nil,
        cachedInput: UInt64? = nil,
        cacheWrite: UInt64? = nil,
        output: UInt64? = nil,
        reasoning: UInt64? = nil
    ) {
        self.input = input
        self.cachedInput = cachedInput
        self.cacheWrite = cacheWrite
        self.output = output
        self.reasoning = reasoning
    }
}

extension DecisionRecord {
    /// The record of a request that was refused before its body was looked at.
    package init(
        refused id: String,
        startedAt: Instant,
        startedUnix: UInt64,
        duration: Span,
        key: GatewayKey?,
        draw: UInt64,
        generation: UInt64,
        status: Int,
        errorCode: String,
        bytes: Int
    ) {
        self.init(
            id: id,
            startedAt: startedAt,
            startedUnix: startedUnix,
            duration: duration,
            key: key?.name,
            team: key?.team,
            isStreamed: false,
            draw: draw,
            generation: generation,
            candidates: [],
            attempts: [],
            usage: UsageRow(),
            outcome: .rejected,
            status: status,
            errorCode: errorCode,
            bytesToClient: UInt64(clamping: bytes)
        )
    }
}
