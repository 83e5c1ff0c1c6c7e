/// Whom is this request sent to? From the client's bytes to the first order to connect, and from one failure to the next.
import NetTypes
import PolicyEngine

extension Exchange {
    mutating func begin(_ request: ClientRequest, at now: Instant) {
        guard record.id.isEmpty else { return }
        startedAt = now
        client = request.dialect
        record.begin(request, at: now)
        if request.operation != .chat { record.operation = request.operation }
        do {
            let asked = try RequestView(
                body: request.body,
                dialect: request.dialect,
                operation: request.operation,
                address: request.address,
                form: request.form
            )
            if request.rest != nil { upload = .waiting }
            ask = ClientAsk(asked, rest: request.rest, passedOn: request.passedOn, amongOthers: view.hasSeveralDialects)
            record.requestedModel = asked.model
            record.isStreamed = asked.stream
            guard takeOfKey(request.access, asked, at: now) else { return }
            var facts = RequestFacts(asked, request)
            let route = route(of: request, asked.model, &facts)
            if case .use(let offer, _, _) = route {
                need = view.need(of: &facts, for: offer)
                talk = view.talk(of: facts, for: offer)
                if client == .responses { try keepToMaker(asked, offer, key: request.key) }
            }
            follow(route, model: asked.model, at: now)
        } catch {
            refuse(ClientError(error), at: now)
        }
    }

    private func route(of request: ClientRequest, _ model: String, _ facts: inout RequestFacts) -> Route {
        if let member = request.member { return .use(view.offers.offer(of: member), policy: nil, arm: nil) }
        return allowed(view.route(&facts, draw: request.draw), model: model, to: request.access)
    }

    /// What a key is not for is not there for it, as OpenAI has it. The name that the client asked for counts as well as what
    /// serves it: who may use a group may be served by whatever the operator's policies put in its place.
    private func allowed(_ route: Route, model: String, to key: ServedKey?) -> Route {
        guard case .use(let offer, _, _) = route, let key, !view.allows(view.target(of: offer), to: key) else {
            return route
        }
        return view.target(named: model).map { view.allows($0, to: key) } ?? false ? route : .unknownModel
    }

    private mutating func follow(_ route: Route, model: String, at now: Instant) {
        switch route {
        case .unknownModel:
            refuse(.unknownModel(model), at: now)
        case .rejected(let policy, let reason):
            record.policy = policy
            refuse(ClientError(403, type: "permission_error", code: "rejected_by_policy", reason), at: now)
        case .use(let offer, let policy, let arm):
            (record.policy, record.arm) = (policy, arm)
            record.group = view.groupName(of: offer)
            self.offer = offer
            guard takeOfGroup(view.target(of: offer), at: now) else { return }
            if let answer = ask.flatMap({ Ollama.answer(toNothing: $0.view, created: record.startedUnix / 1_000_000) })
            {
                return answerByOurselves(answer, at: now)
            }
            let set = candidates(at: now)
            record.candidates = set.rows
            if record.isStreamed { deadlines[.heartbeat] = now + ExchangeLimits.heartbeat }
            tryNext(set, at: now)
        }
    }

    /// Whom it can be sent to now, weighed by what their providers still take.
    private mutating func candidates(at now: Instant) -> CandidateSet {
        guard let offer else { return CandidateSet() }
        let set = view.eased(view.candidates(for: offer, need, without: tried), at: now)
        guard openFence(for: set) else { return set }
        return view.eased(view.candidates(for: offer, need, without: tried), at: now)
    }

    /// Takes the next candidate; when there is none, the client is told.
    mutating func tryNext(_ first: CandidateSet? = nil, at now: Instant) {
        var set = first
        while askedCount < ExchangeLimits.attempts, let offer {
            let choices = set ?? candidates(at: now)
            set = nil
            guard let picked = view.pick(choices, for: offer, talk, draw: drawForAttempt, at: now) else { break }
            record.affinity = picked.affinity
            if start(picked.candidate, at: now) { return }
        }
        if askedCount < ExchangeLimits.attempts, let last = takeSpent(), start(last, at: now) { return }
        giveUp(at: now)
    }

    /// How many were asked; of whom nothing was asked costs no try.
    private var askedCount: Int { record.attempts.count { $0.failure?.isOfOurOwn != true } }

    /// The request's own draw, and for later attempts others made of it: a recording repeats them all.
    private var drawForAttempt: UInt64 {
        record.attempts.isEmpty ? record.draw : view.hash.hash(record.draw, UInt64(record.attempts.count))
    }

    /// False when the candidate's dialect cannot carry the request: noted as an attempt that sent nothing.
    private mutating func start(_ candidate: Candidate, at now: Instant) -> Bool {
        let deployment = view.deployment(of: candidate.member)
        let provider = view.provider(of: candidate.member)
        let row = AttemptRow(
            member: view.memberNames[candidate.member.index],
            path: candidate.path.map { view.snapshot.network[$0].fullName },
            mark: candidate.mark,
            upstreamModel: deployment.model,
            endpoint: view.addresses[deployment.provider].endpoint,
            startedAfter: now - startedAt
        )
        guard view.snapshot.isPriced(candidate.member, second: record.startedUnix / 1_000_000) else {
            notPriced(candidate, row)
            return false
        }
        do {
            let made = try ask?.request(
                for: provider,
                number: deployment.provider,
                at: view.addresses[deployment.provider],
                deployment,
                keeping: client == .responses
                    ? view.keeping(of: candidate.member, for: record.key ?? "", keeper) : nil
            )
            guard let made else { return false }
            omissions = LostNames(made.omissions).names
            guard takeOfMember(candidate, at: now) else { return false }
            connect(to: candidate, provider, deployment.timeouts, made.request, row, at: now)
            return true
        } catch {
            notCarried(error, candidate, row)
            return false
        }
    }

    private mutating func connect(
        to candidate: Candidate,
        _ provider: GatewayProvider,
        _ timeouts: ExchangeTimeouts,
        _ request: UpstreamRequest,
        _ row: AttemptRow,
        at now: Instant
    ) {
        let attempt = Attempt(
            id: AttemptID(record.attempts.count),
            candidate: candidate,
            provider: provider,
            timeouts: timeouts,
            request: request,
            permission: permission(for: candidate),
            startedAt: now,
            row: row
        )
        if deadlines[.total] == nil { deadlines[.total] = startedAt + timeouts.total }
        deadlines[.connect] = now + timeouts.connect
        actions.append(.connect(attempt.connectOrder))
        view.loads[candidate.member.index].began()
        self.attempt = attempt
    }

    /// What it would cost is not known, and the configuration wants it refused then.
    private mutating func notPriced(_ candidate: Candidate, _ row: AttemptRow) {
        var row = row
        row.failure = .priceUnknown
        record.attempts.append(row)
        // How somebody failed who was asked says more.
        if lastFailure == nil { lastFailure = Failure(kind: .priceUnknown) }
        tried.add(candidate, after: FailureClass.priceUnknown.rule.next)
    }

    private mutating func notCarried(_ error: RequestError, _ candidate: Candidate, _ row: AttemptRow) {
        var row = row
        row.failure = .notCarried
        row.detail = Self.shortened(error.param)
        record.attempts.append(row)
        if lastFailure == nil { lastFailure = Failure(kind: .notCarried, requestError: error) }
        tried.add(candidate, after: FailureClass.notCarried.rule.next)
    }
}

extension DecisionRecord {
    /// An empty record on a snapshot.
    init(generation: UInt64) {
        self.init(
            id: "",
            startedAt: Instant(nanoseconds: 0),
            startedUnix: 0,
            duration: .zero,
            isStreamed: false,
            draw: 0,
            generation: generation,
            candidates: [],
            attempts: [],
            usage: UsageRow(),
            outcome: .rejected,
            bytesToClient: 0
        )
    }

    fileprivate mutating func begin(_ request: ClientRequest, at now: Instant) {
        id = Self.id(unixMicroseconds: request.unixMicroseconds, draw: request.draw)
        startedAt = now
        startedUnix = request.unixMicroseconds
        key = request.key
        team = request.team
        localDay = request.localDay
        draw = request.draw
    }

    /// 24 hexadecimal digits: 12 of milliseconds since 1970, 12 of chance.
    package static func id(unixMicroseconds: UInt64, draw: UInt64) -> String {
        digits(unixMicroseconds / 1000) + digits(draw >> 16)
    }

    private static func digits(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 12) { buffer in
            for index in 0..<12 {
                let digit = UInt8(truncatingIfNeeded: value >> UInt64(44 - 4 * index)) & 0xF
                buffer[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
            }
            return 12
        }
    }
}
