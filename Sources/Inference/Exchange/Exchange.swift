/// How does one request get its answer? The state machine between a client and the providers that may serve it: one event in,
/// actions out; the time comes with the event, chance with the request.
///
/// Two commit points (docs/architecture.md §4). *Head commit*: the head goes to the client with the first good event of the
/// upstream, or with the first heartbeat. *Content commit*: the first meaningful event. Until then every failure is answered by
/// trying elsewhere, as `FailureRule` says; after it the stream ends with an error event and without a success marker.
///
///     request ─▶ route ─▶ choose ─▶ connect ─▶ send ─▶ head ─▶ body ─▶ end
///                           ▲                    │ any failure before the content commit
///                           └────────────────────┘
package import NetTypes
import PolicyEngine

/// Owned once, by whoever drives it: it is large, and a copy that went on by itself would be another answer to the same request.
/// `~Copyable` would say so, but the compiler's check of a type with so many parts in its parts took minutes.
package struct Exchange: Sendable {
    /// What the client has got so far. → nothing → head → content → over; plain answers go from nothing to over.
    enum Commit: Int, Sendable, Comparable {
        case nothing, head, content, over

        static func < (a: Commit, b: Commit) -> Bool { a.rawValue < b.rawValue }
    }

    let view: RoutingView
    var actions: [ExchangeAction] = []
    var deadlines = Deadlines()
    var commit = Commit.nothing
    var startedAt = Instant(nanoseconds: 0)
    var record: DecisionRecord
    /// The client's dialect.
    var client = ClientDialect.openai
    var ask: ClientAsk?
    /// What its end has to know of it, once it is not kept any more.
    var asked: AskedFacts?
    var offer: OfferID?
    var need = RequestNeed.unknown
    /// The conversation, where its group keeps those together.
    var talk: Talk?
    /// Who made what the request goes on from; nil: it begins anew, or says all of it.
    var keeper: Keeper?
    var tried = Exclusions()
    var attempt: Attempt?
    var stream: AnswerStream?
    var meter = Meter()
    /// The member that has been sent the request and has to be paid for what it does; nil: nobody has.
    var debtor: MemberID?
    /// The body of a plain or an error answer, as far as it has come.
    var collected: [UInt8] = []
    /// Events of a stream before the first meaningful one.
    var held: [UInt8] = []
    /// What the provider of the answer cannot take into account.
    var omissions: [String] = []
    /// Fields of the answer that the client never sees, of an answer in one piece.
    var notTold: [String] = []
    var isClientBlocked = false
    /// How the last attempt failed, for the answer when nobody is left.
    var lastFailure: Failure?
    var load = LoadUse()
    /// How far a body has come that is sent on as it comes, and how many bytes of it.
    var upload = UploadState.none
    var uploadedBytes: UInt64 = 0

    /// One failed attempt, as far as the client is concerned.
    struct Failure: Sendable {
        let kind: FailureClass
        var error: UpstreamError?
        var requestError: RequestError?
        var retryAfter: String?
        /// The provider's own words for a client's mistake, when they are in the client's dialect.
        var body: [UInt8]?
    }

    /// An exchange on one snapshot, which it keeps to its end.
    package init(on view: RoutingView) {
        self.view = view
        record = DecisionRecord(generation: view.snapshot.generation)
    }

    /// The request's name in records and for the client.
    package var id: String { record.id }

    /// When `tick` is due; nil once the exchange is over.
    package var nextDeadline: Instant? { deadlines.next }

    package var isOver: Bool { commit == .over }

    /// What the event asks for, in order. Events that come too late are ignored.
    package mutating func handle(_ event: ExchangeEvent, at now: Instant) -> [ExchangeAction] {
        guard commit != .over else { return [] }
        switch event {
        case .request(let request): begin(request, at: now)
        case .connected(let id, let isReused): ifCurrent(id) { $0.connected(isReused: isReused, at: now) }
        case .denied(let id, let denial): ifCurrent(id) { $0.denied(denial, at: now) }
        case .connectFailed(let id, let kind, let detail):
            ifCurrent(id) { $0.connectFailed(kind, detail, at: now) }
        case .upstreamHead(let id, let head): ifCurrent(id) { $0.received(head, at: now) }
        case .upstreamBytes(let id, let bytes): ifCurrent(id) { $0.received(bytes, at: now) }
        case .upstreamEnded(let id): ifCurrent(id) { $0.upstreamEnded(at: now) }
        case .upstreamBroke(let id, let kind, let detail): ifCurrent(id) { $0.upstreamBroke(kind, detail, at: now) }
        case .upstreamRefused(let id, let detail): ifCurrent(id) { $0.upstreamRefused(detail, at: now) }
        case .clientWritable(let isWritable): clientWritable(isWritable, at: now)
        case .clientGone: clientGone(at: now)
        case .uploaded(let count): uploaded(count, at: now)
        case .uploadEnded: uploadEnded(at: now)
        case .uploadBroke(let error): uploadBroke(error, at: now)
        case .upstreamWritable(let id, let isWritable):
            ifCurrent(id) { $0.upstreamWritable(isWritable, at: now) }
        case .upstreamTook(let id): ifCurrent(id) { $0.upstreamTook(at: now) }
        case .tick: tick(at: now)
        case .pathDown(let mark): pathDown(mark, at: now)
        }
        defer { actions = [] }
        return actions
    }

    private mutating func ifCurrent(_ id: AttemptID, _ body: (inout Exchange) -> Void) {
        if attempt?.id == id { body(&self) }
    }
}

// MARK: - The client and the clock

extension Exchange {
    private mutating func clientWritable(_ isWritable: Bool, at now: Instant) {
        guard isClientBlocked == isWritable else { return }
        isClientBlocked = !isWritable
        deadlines[.unread] = isWritable ? nil : now + ExchangeLimits.slowClient
        guard let attempt else { return }
        actions.append(.readUpstream(attempt.id, isWritable))
        // A provider that is not read cannot be called silent.
        if !isWritable {
            deadlines[.silence] = nil
        } else if commit == .content {
            deadlines[.silence] = now + attempt.timeouts.betweenTokens
        }
    }

    private mutating func clientGone(at now: Instant) {
        closeAttempt(as: nil, detail: nil, at: now)
        finish(.clientGone, end: .abort, at: now)
    }

    private mutating func tick(at now: Instant) {
        while commit != .over, let slot = deadlines.takeExpired(at: now) {
            switch slot {
            case .connect: fail(.connectTimeout, at: now)
            case .head, .answer: fail(.headTimeout, at: now)
            case .firstToken: fail(.firstTokenTimeout, at: now)
            case .silence where isClientSlow: clientStalled(at: now)
            case .silence: fail(attempt?.isPathDown == true ? .pathDown : .stall, at: now)
            case .total: fail(.total, at: now)
            case .heartbeat: heartbeat(at: now)
            case .unread: clientGone(at: now)
            }
        }
    }

    private mutating func pathDown(_ mark: Mark, at now: Instant) {
        guard attempt?.candidate.mark == mark else { return }
        guard commit == .content else { return fail(.pathDown, at: now) }
        attempt?.isPathDown = true
        let grace = now + ExchangeLimits.graceOnLostPath
        if !isClientBlocked { deadlines[.silence] = min(deadlines[.silence] ?? grace, grace) }
    }
}
