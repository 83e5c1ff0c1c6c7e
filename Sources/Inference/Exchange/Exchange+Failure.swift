/// What happens when something fails? One road for all classes: close, note, tell, and then by the class's rule.
import NetTypes
import PolicyEngine

// MARK: - Attempts that fail

extension Exchange {
    mutating func fail(_ kind: FailureClass, detail: String? = nil, at now: Instant) {
        fail(Failure(kind: kind), detail: detail, at: now)
    }

    mutating func fail(_ failure: Failure, detail: String?, at now: Instant) {
        lastFailure = failure
        guard let current = attempt else { return giveUp(at: now) }
        let rule = failure.kind.rule
        tell(failure, rule, of: current, detail: detail)
        let isPassing = current.phase == .passing
        closeAttempt(as: failure.kind, detail: detail, at: now)
        if commit == .content { return breakOff(failure, isPassing: isPassing, at: now) }
        held = []
        stream = nil
        meter = Meter()
        if !failure.kind.isOfWorkDone { debtor = nil }
        guard rule.next != .giveUp, !upload.hasBegun else { return giveUp(at: now) }
        tried.add(current.candidate, after: rule.next)
        if rule.next == .longerMember { ruleOutShorter(than: current.candidate.member) }
        tryNext(at: now)
    }

    /// Rules out whoever is not known to take more than this member, which has found the request too long; where nobody knows what that
    /// one takes, whoever is not known to take as much as the request is estimated to have.
    private mutating func ruleOutShorter(than member: MemberID) {
        let floor = context(of: member) ?? load.prompt
        for other in view.snapshot.models[view.groupOfMember[member.index]].members where other != member {
            if context(of: other).map({ $0 <= floor }) ?? true { tried.add(other) }
        }
    }

    /// Tokens; nil: nobody says.
    private func context(of member: MemberID) -> UInt64? {
        view.deployment(of: member).facts?.context
    }

    /// Passive health and alarms.
    private mutating func tell(_ failure: Failure, _ rule: FailureRule, of attempt: Attempt, detail: String?) {
        let member = attempt.row.member
        switch standing(after: failure, rule) {
        case .failed:
            // The path is named only when it may be at fault.
            let path = rule.next == .otherCandidate ? attempt.row.path : nil
            actions.append(.signal(member: member, path: path, .failure(Cause(failure.kind.rawValue))))
        case .wantsPause:
            actions.append(.pause(member: member, Cause(failure.kind.rawValue), pause(after: failure)))
        case .untouched: break
        }
        if let alarm = rule.alarm, standing(after: failure, rule) != .untouched {
            let text = Self.shortened(detail) ?? failure.kind.rule.message
            actions.append(.alarm(GatewayAlarm(alarm, object: attempt.row.member, detail: text)))
        }
    }

    /// Ends the attempt, connection and all.
    mutating func closeAttempt(as kind: FailureClass?, detail: String?, at now: Instant) {
        if let attempt, attempt.hasConnection { actions.append(.closeUpstream(attempt.id)) }
        closeRow(as: kind, detail: detail, at: now)
    }

    /// Ends the attempt; what becomes of its connection has been said.
    mutating func closeRow(as kind: FailureClass?, detail: String?, at now: Instant) {
        guard var row = attempt?.row, let startedAt = attempt?.startedAt else { return }
        if let member = attempt?.candidate.member { view.loads[member.index].ended() }
        row.failure = kind
        row.detail = Self.shortened(detail)
        row.total = now - startedAt
        record.attempts.append(row)
        attempt = nil
        collected = []
        deadlines.clearAttempt()
    }

    /// What strangers say is kept short, in bytes: records are many, and one letter may have as many marks as its writer likes.
    static func shortened(_ text: String?) -> String? {
        text.map { $0.utf8.count <= 200 ? $0 : String(decoding: $0.utf8.prefix(200), as: UTF8.self) }
    }
}

// MARK: - What the client is told

extension Exchange {
    /// Nobody is left, or nobody else would do better.
    mutating func giveUp(at now: Instant) {
        guard let failure = lastFailure else {
            if let refusal = load.refusal { return allAtLimit(refusal, at: now) }
            if let subject = load.poorest { return broke(subject, at: now) }
            if let offer, let error = view.unfitness(for: offer, need) {
                return turnAway(error, .rejected, [], at: now)
            }
            let text =
                keeper?.previous.map {
                    "The provider that has kept '\($0.told)' cannot serve now, and no other has it."
                }
                ?? "No provider can serve '\(record.requestedModel ?? "")' now."
            return failed(ClientError(503, type: "upstream_error", code: "no_candidate", text), now)
        }
        if let error = failure.requestError { return failed(ClientError(error), now) }
        let rule = failure.kind.rule
        record.errorCode = rule.errorCode
        guard failure.kind.isOfTheRequest, let error = failure.error else {
            return failed(ClientError(rule), retryAfter: failure.retryAfter, now)
        }
        let words = failure.body.map { keeper?.previous?.words($0) ?? $0 }
        failed(ClientError(error, status: error.status), body: words, now)
    }

    /// As an answer of its own; as an event, when a heartbeat has made it a stream with status 200 already.
    /// - Parameter body: the provider's own words, when the client understands them.
    private mutating func failed(
        _ error: ClientError,
        body: [UInt8]? = nil,
        retryAfter: String? = nil,
        _ now: Instant
    ) {
        record.errorCode = record.errorCode ?? error.code
        let body = body ?? client.body(of: error, id: record.id)
        guard commit == .nothing else { return endStream(with: body, .failed, at: now) }
        var more: [Header] = []
        if error.status == 429 || error.status == 503, let retryAfter { more.append(Header("retry-after", retryAfter)) }
        // Everything was tried already: a client library that tries three times more makes it worse. After a limit's
        // pause it may.
        if error.status >= 500, !upload.hasBegun { more.append(Header("x-should-retry", "false")) }
        let status = client.status(of: error)
        writeHead(status, type: "application/json", length: body.count, more: more, at: now)
        write(body)
        finish(.failed, end: .complete, at: now)
    }

    /// After the content commit: an error event, and no mark of a proper end.
    /// - Parameter isPassing: nothing of ours can be said in it.
    private mutating func breakOff(_ failure: Failure, isPassing: Bool, at now: Instant) {
        let rule = failure.kind.rule
        record.errorCode = rule.errorCode
        guard !isPassing else { return finish(.brokenOff, end: .abort, at: now) }
        // What the provider said of itself is worth more than that it said something: overloaded, too long, …
        let error = failure.error.map { ClientError($0) } ?? ClientError(rule)
        endStream(with: client.body(of: error, id: record.id), .brokenOff, at: now)
    }

    mutating func endStream(with body: [UInt8], _ outcome: Outcome, at now: Instant) {
        let isArray = ask?.view.isArray ?? asked?.isArray ?? false
        let (isFirst, sequence) = (commit != .content, stream?.sequence ?? 0)
        write(client.event(ofError: body, isArray: isArray, isFirst: isFirst, sequence: sequence))
        finish(outcome, end: .complete, at: now)
    }

    /// Before any provider is asked.
    mutating func refuse(_ error: ClientError, at now: Instant) {
        record.errorCode = error.code
        let body = client.body(of: error, id: record.id)
        writeHead(client.status(of: error), type: "application/json", length: body.count, at: now)
        write(body)
        finish(.rejected, end: .complete, at: now)
    }
}
