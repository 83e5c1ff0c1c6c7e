/// How is a request passed on to a provider as it is? One event in, actions out, as with `Exchange`, of which this is the small sister: one
/// provider, no translation, no second member. Only what never reached the provider is tried again, over another path.
///
/// What the provider says goes to the client byte by byte as it comes: status, fields, body. It tells nothing of members' health.
package import NetTypes
import PolicyEngine

package struct Passage: Sendable {
    /// One try over one path.
    struct Try: Sendable {
        let id: AttemptID
        let way: Way
        let startedAt: Instant
        var row: AttemptRow
        /// The provider has the request, or some of it.
        var isSent = false
        var hasHead = false
        var hasConnection = true
        var isReused = false
        var mustBeFresh: Bool
    }

    let view: RoutingView
    let request: PassageRequest
    let provider: GatewayProvider
    var actions: [ExchangeAction] = []
    var deadlines = Deadlines()
    var record: DecisionRecord
    let startedAt: Instant
    /// Paths that were tried; nil: the host's own routing.
    var tried: [MemberID?] = []
    var attempt: Try?
    var usage: PassageUsage?
    var retold: RetoldAnswer?
    var work = Work()
    /// What it holds of limits and budgets.
    var load = LoadUse()
    /// The provider works on something that is to be paid for, or has.
    var owes = false
    var isClientBlocked = false
    /// The provider has said once that it has not begun.
    var hasBeenRefused = false
    package private(set) var isOver = false

    /// Nobody has a word for these requests' timeouts; files and batches take their time.
    static let timeouts = ExchangeTimeouts(Timeouts.standard)

    /// A passage on one snapshot, which it keeps to its end. `begin` follows.
    package init(_ request: PassageRequest, on view: RoutingView, at now: Instant) {
        self.view = view
        self.request = request
        provider = view.snapshot.providers[request.provider]
        startedAt = now
        record = DecisionRecord(generation: view.snapshot.generation)
        record.id = DecisionRecord.id(unixMicroseconds: request.unixMicroseconds, draw: request.draw)
        (record.startedAt, record.startedUnix) = (now, request.unixMicroseconds)
        (record.key, record.team, record.draw) = (request.key, request.team, request.draw)
        record.operation = .passThrough
        record.requestedModel = provider.passageName
    }

    /// When `tick` is due; nil once it is over.
    package var nextDeadline: Instant? { deadlines.next }

    /// Chooses a path and asks for a connection, or refuses.
    package mutating func begin(at now: Instant) -> [ExchangeAction] {
        deadlines[.total] = now + Self.timeouts.total
        if let reason = rejection() {
            refuse(ClientError(403, type: "permission_error", code: "rejected_by_policy", reason), .rejected, at: now)
        } else {
            weigh()
            guard take(at: now) else { return taken() }
            let ways = view.snapshot.ways(to: provider, without: [])
            record.candidates = ways.map { CandidateRow(provider: provider, way: $0) }
            tryNext(after: nil, at: now)
        }
        return taken()
    }

    /// Why a policy rejects it; nil: none does.
    private mutating func rejection() -> String? {
        var facts = self.facts
        guard request.retelling == nil else {
            let rejection = view.rejection(ofKept: &facts)
            record.policy = rejection?.policy
            return rejection?.reason
        }
        switch view.route(&facts, draw: request.draw) {
        case .use(_, let policy, _): record.policy = policy
        case .unknownModel: break
        case .rejected(let policy, let reason):
            record.policy = policy
            return reason
        }
        return nil
    }

    /// What policies can ask for. The model of a passage is `providers/NAME`.
    private var facts: RequestFacts {
        var facts = RequestFacts(model: provider.passageName, document: nil)
        (facts.key, facts.team, facts.tags) = (request.key, request.team, request.tags)
        facts.source = request.source
        (facts.headers, facts.secondOfDay) = (request.askedHeaders, request.secondOfDay)
        // What is kept was a conversation.
        if request.retelling == nil { facts.operation = .passThrough }
        return facts
    }

    /// What the event asks for, in order. Events that come too late are ignored.
    package mutating func handle(_ event: ExchangeEvent, at now: Instant) -> [ExchangeAction] {
        guard !isOver else { return [] }
        switch event {
        // It asks for no permission: retries and members are not what it is about.
        case .request, .denied: break
        // Its body is at hand.
        case .uploaded, .uploadEnded, .uploadBroke, .upstreamTook, .upstreamWritable: break
        case .connected(let id, let isReused): if isCurrent(id) { connected(isReused, at: now) }
        case .connectFailed(let id, let kind, let detail):
            if isCurrent(id) {
                attempt?.hasConnection = false
                fail(kind, detail, at: now)
            }
        case .upstreamHead(let id, let head): if isCurrent(id) { received(head, at: now) }
        case .upstreamBytes(let id, let bytes): if isCurrent(id) { received(bytes, at: now) }
        case .upstreamEnded(let id):
            if isCurrent(id) {
                attempt?.hasConnection = false
                ended(at: now)
            }
        case .upstreamBroke(let id, let kind, let detail): if isCurrent(id) { broke(kind, detail, at: now) }
        case .upstreamRefused(let id, let detail): if isCurrent(id) { refused(detail, at: now) }
        case .clientWritable(let isWritable): clientWritable(isWritable, at: now)
        case .clientGone: clientGone(at: now)
        case .tick: tick(at: now)
        case .pathDown(let mark): if attempt?.way.mark == mark { fail(.pathDown, nil, at: now) }
        }
        return taken()
    }

    private func isCurrent(_ id: AttemptID) -> Bool { attempt?.id == id }

    private mutating func taken() -> [ExchangeAction] {
        defer { actions = [] }
        return actions
    }

    /// The end of everything: the last two actions.
    mutating func finish(_ outcome: Outcome, _ end: ClientEnd, at now: Instant) {
        isOver = true
        deadlines.clear()
        usage?.finish()
        record.usage = UsageRow(usage?.usage ?? Usage())
        record.outcome = outcome
        record.duration = now - startedAt
        record.cost = charge(isWhole: outcome == .answered)
        settleLoad(at: now)
        actions.append(.endAnswer(end))
        actions.append(.finished(record))
    }
}

extension GatewayProvider {
    /// How a provider is named where a model's name would stand.
    package var passageName: String { "providers/" + name }
}

extension CandidateRow {
    fileprivate init(provider: GatewayProvider, way: Way) {
        self.init(
            member: provider.name,
            path: way.name,
            mark: way.mark,
            weight: way.weight,
            reason: way.weight > 0 ? way.reason.code : "path-" + way.reason.code,
            cause: way.reason.cause?.name
        )
    }
}
