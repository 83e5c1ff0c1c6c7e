/// What happens when something fails? One road for all classes: close, note, tell, and then by the class's rule.
import NetTypes
import PolicyEngine
import Wire

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
        closeAttempt(as: failure.kind, detail: detail, at: now)
        if commit == .content { return breakOff(failure, at: now) }
        held = []
        stream = nil
        meter = Meter()
        guard rule.next != .giveUp else { return giveUp(at: now) }
        tried.add(current.candidate, after: rule.next)
        tryNext(at: now)
    }

    /// Passive health and alarms.
    private mutating func tell(_ failure: Failure, _ rule: FailureRule, of attempt: Attempt, detail: String?) {
        if rule.countsAgainstHealth {
            // The path is named only when it may be at fault.
            let path = rule.next == .otherCandidate ? attempt.row.path : nil
            let signal = Signal.failure(Cause(failure.kind.rawValue))
            actions.append(.signal(member: attempt.row.member, path: path, signal))
        }
        if let alarm = rule.alarm {
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
        row.failure = kind
        row.detail = Self.shortened(detail)
        row.total = now - startedAt
        record.attempts.append(row)
        attempt = nil
        collected = []
        deadlines.clearAttempt()
    }

    /// What strangers say is kept short: records are many.
    private static func shortened(_ text: String?) -> String? { text.map { String($0.prefix(200)) } }
}

// MARK: - What the client is told

extension Exchange {
    /// Nobody is left, or nobody else would do better.
    mutating func giveUp(at now: Instant) {
        guard let failure = lastFailure else {
            let text = "No provider can serve '\(record.requestedModel ?? "")' now."
            return failed(503, OpenAI.errorBody(message: text, type: "upstream_error", code: "no_candidate"), now)
        }
        if let error = failure.requestError {
            record.errorCode = error.code.rawValue
            return failed(error.status, OpenAI.errorBody(error), now)
        }
        let rule = failure.kind.rule
        record.errorCode = rule.errorCode
        if failure.kind == .clientError {
            let status = failure.error?.status ?? rule.status
            return failed(status, failure.body ?? failure.error.map(OpenAI.errorBody) ?? body(of: rule), now)
        }
        failed(rule.status, body(of: rule), retryAfter: failure.retryAfter, now)
    }

    private func body(of rule: FailureRule) -> [UInt8] {
        OpenAI.errorBody(message: rule.message, type: rule.errorType, code: rule.errorCode)
    }

    /// As an answer of its own; as an event, when a heartbeat has made it a stream with status 200 already.
    private mutating func failed(_ status: Int, _ body: [UInt8], retryAfter: String? = nil, _ now: Instant) {
        if record.errorCode == nil { record.errorCode = "no_candidate" }
        guard commit == .nothing else { return endStream(with: body, .failed, at: now) }
        var more: [Header] = []
        if status == 429 || status == 503, let retryAfter { more.append(Header("retry-after", retryAfter)) }
        // Everything was tried already: a client library that tries three times more makes it worse. After a limit's
        // pause it may.
        if status >= 500 { more.append(Header("x-should-retry", "false")) }
        writeHead(status, type: "application/json", length: body.count, more: more, at: now)
        write(body)
        finish(.failed, end: .complete, at: now)
    }

    /// After the content commit: an error event, and no mark of a proper end.
    private mutating func breakOff(_ failure: Failure, at now: Instant) {
        record.errorCode = failure.kind.rule.errorCode
        endStream(with: body(of: failure.kind.rule), .brokenOff, at: now)
    }

    private mutating func endStream(with body: [UInt8], _ outcome: Outcome, at now: Instant) {
        var event: [UInt8] = []
        EventStreamWriter.append(data: body, to: &event)
        write(event)
        finish(outcome, end: .complete, at: now)
    }

    /// Before any provider is asked.
    mutating func refuse(_ status: Int, _ code: String, _ message: String, param: String? = nil, at now: Instant) {
        let type = status == 403 ? "permission_error" : "invalid_request_error"
        refuse(status, OpenAI.errorBody(message: message, type: type, param: param, code: code), code: code, at: now)
    }

    mutating func refuse(_ status: Int, _ body: [UInt8], code: String, at now: Instant) {
        record.errorCode = code
        writeHead(status, type: "application/json", length: body.count, at: now)
        write(body)
        finish(.rejected, end: .complete, at: now)
    }
}
