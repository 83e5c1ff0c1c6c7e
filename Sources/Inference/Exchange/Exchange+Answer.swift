/// What does the client get, and when? Heads, bytes, heartbeats and ends; the two commit points are set here and nowhere else.
import NetTypes
import PolicyEngine
import Wire

// MARK: - Plain answers

extension Exchange {
    /// A plain answer is held until it is whole: up to here every failure was answered by trying elsewhere.
    mutating func answerPlainly(_ body: [UInt8], at now: Instant) {
        guard let dialect = attempt?.provider.dialect, let terms = answerTerms else { return }
        if dialect == client.provider {
            let observed = dialect.observed(answer: body, to: terms.operation)
            if let error = observed.error { return failInBody(error, at: now) }
            meter.observe(whole: observed)
            return deliver(terms.retelling?.whole(body) ?? body, at: now)
        }
        do {
            if let view = ask?.view, view.operation == .embeddings { return try embed(body, dialect, view, at: now) }
            let answer = try dialect.answer(from: body, decision: record.id)
            meter.observe(answer)
            notTold = client.untold(of: answer)
            deliver(client.answer(answer, terms, times: times(at: now)), at: now)
        } catch {
            failInBody(error, at: now)
        }
    }

    private mutating func embed(
        _ body: [UInt8],
        _ dialect: Dialect,
        _ view: RequestView,
        at now: Instant
    ) throws(UpstreamError) {
        let answer = try dialect.embeddings(from: body, of: ask?.textCount ?? 0)
        meter.observe(.usage(answer.usage))
        meter.observe(.done)
        notTold = answer.untold.names
        deliver(client.body(of: answer, to: view), at: now)
    }

    /// How long the answer has taken up to now.
    private func times(at now: Instant) -> AnswerTimes {
        let total = now - startedAt
        var times = AnswerTimes()
        times.total = UInt64(clamping: total.nanoseconds)
        if let first = record.contentAfter {
            times.sinceFirst = UInt64(clamping: total.nanoseconds - first.nanoseconds)
        }
        return times
    }

    /// A 200 that holds an error, or nothing that can be read.
    private mutating func failInBody(_ error: UpstreamError, at now: Instant) {
        let kind = FailureClass(inAnswer: error)
        fail(Failure(kind: kind, error: error), detail: Self.detail(of: error, kind), at: now)
    }

    private mutating func deliver(_ body: [UInt8], at now: Instant) {
        // The signal, head, body, end and record.
        actions.reserveCapacity(5)
        succeed(at: now)
        noteFirstToken(at: now)
        closeRow(as: nil, detail: nil, at: now)
        writeHead(200, type: "application/json", length: body.count, at: now)
        record.contentAfter = now - startedAt
        write(body)
        finish(.answered, end: .complete, at: now)
    }

    /// What nobody has to be asked for.
    mutating func answerByOurselves(_ body: [UInt8], at now: Instant) {
        writeHead(200, type: record.isStreamed ? client.streamType : "application/json", length: body.count, at: now)
        write(body)
        finish(.answered, end: .complete, at: now)
    }

    private mutating func noteFirstToken(at now: Instant) {
        guard let startedAt = attempt?.startedAt else { return }
        attempt?.row.firstToken = now - startedAt
    }

    /// Passive health: told with the first meaningful bytes, not at the end of a stream that may run for an hour.
    private mutating func succeed(at now: Instant) {
        guard let row = attempt?.row else { return }
        actions.append(.signal(member: row.member, path: row.path, .success))
    }
}

// MARK: - Streams

extension Exchange {
    mutating func streamed(_ bytes: [UInt8], at now: Instant) {
        let taken = times(at: now)
        stream?.times = taken
        do {
            let pieces = try stream?.feed(bytes, into: &meter) ?? []
            forward(pieces, at: now)
            if commit == .content, !isClientBlocked { keepAlive(at: now) }
        } catch {
            fail(Failure(kind: .malformed, error: error), detail: error.message, at: now)
        }
    }

    private mutating func keepAlive(at now: Instant) {
        guard let timeouts = attempt?.timeouts else { return }
        attempt?.isPathDown = false
        deadlines[.silence] = now + timeouts.betweenTokens
    }

    /// Passes pieces on, in one write: one read of the upstream is one write to the client.
    private mutating func forward(_ pieces: [AnswerPiece], at now: Instant) {
        var bytes: [UInt8] = []
        for piece in pieces {
            if let error = piece.error {
                flush(&bytes, at: now)
                let kind = commit == .content ? FailureClass.errorMidStream : FailureClass(inAnswer: error)
                return fail(Failure(kind: kind, error: error), detail: Self.detail(of: error, kind), at: now)
            }
            bytes += piece.bytes
            if piece.isMeaningful, commit < .content { commitContent(at: now) }
            if piece.isDone {
                flush(&bytes, at: now)
                return streamIsWhole(at: now)
            }
        }
        flush(&bytes, at: now)
    }

    /// Before the content commit events are held back: another provider's stream may have to take their place.
    private mutating func flush(_ bytes: inout [UInt8], at now: Instant) {
        guard !bytes.isEmpty else { return }
        commitStreamHead(at: now)
        if commit < .content, held.count + bytes.count > ExchangeLimits.heldEventBytes { commitContent(at: now) }
        if commit < .content {
            held += bytes
        } else {
            write(held.isEmpty ? bytes : held + bytes)
            held = []
            deadlines[.heartbeat] = now + ExchangeLimits.heartbeat
        }
        bytes = []
    }

    mutating func commitContent(at now: Instant) {
        if attempt?.phase != .passing { commitStreamHead(at: now) }
        commit = .content
        deadlines[.firstToken] = nil
        record.contentAfter = now - startedAt
        noteFirstToken(at: now)
        succeed(at: now)
        dropBody()
    }

    private mutating func streamIsWhole(at now: Instant) {
        if let attempt, attempt.hasConnection { actions.append(.releaseUpstream(attempt.id)) }
        closeRow(as: nil, detail: nil, at: now)
        finish(.answered, end: .complete, at: now)
    }

    /// The provider's HTTP answer is over. Without its dialect's mark of a proper end it was whole only if the model had
    /// stopped: some servers leave `[DONE]` out, and the client gets it from us.
    mutating func streamEnded(at now: Instant) {
        let taken = times(at: now)
        stream?.times = taken
        do {
            let rest = try stream?.finish(into: &meter) ?? []
            forward(rest, at: now)
        } catch {
            return fail(Failure(kind: .malformed, error: error), detail: error.message, at: now)
        }
        guard commit != .over, attempt != nil else { return }
        guard commit == .content, meter.finish != nil, let end = stream?.missingEnd(into: &meter) else {
            return fail(.truncated, at: now)
        }
        if !end.isEmpty { write(Array(end)) }
        streamIsWhole(at: now)
    }

    mutating func heartbeat(at now: Instant) {
        if !isClientBlocked, !mayComeWhole {
            commitStreamHead(at: now)
            let second = record.startedUnix / 1_000_000
            write(client.heartbeat(model: record.requestedModel ?? "", second: second, record.operation ?? .chat))
        }
        deadlines[.heartbeat] = now + ExchangeLimits.heartbeat
    }
}

// MARK: - Writing

extension Exchange {
    private mutating func commitStreamHead(at now: Instant) {
        guard commit == .nothing else { return }
        writeHead(200, type: ask?.view.isArray == true ? "application/json" : client.streamType, length: nil, at: now)
        commit = .head
    }

    mutating func writeHead(_ status: Int, type: String, length: Int?, more: [Header] = [], at now: Instant) {
        let fields = [Header("content-type", type)]
        writeHead(status, fields: fields, length: length, more: more, at: now)
    }

    /// - Parameter fields: that say what the body is.
    mutating func writeHead(_ status: Int, fields: [Header], length: Int?, more: [Header] = [], at now: Instant) {
        var headers = fields + [Header("x-martlet-decision", record.id)]
        if length == nil { headers.append(Header("cache-control", "no-cache")) }
        if !omissions.isEmpty, status == 200 {
            headers.append(Header("x-martlet-not-carried", omissions.joined(separator: ", ")))
        }
        // Of a stream it is known at its end only.
        if !notTold.isEmpty, status == 200 {
            headers.append(Header("x-martlet-not-told", notTold.joined(separator: ", ")))
        }
        headers += loadFields(at: now)
        record.status = status
        record.headAfter = now - startedAt
        actions.append(.writeHead(ClientHead(status: status, headers: headers + more, length: length)))
    }

    mutating func write(_ bytes: [UInt8]) {
        record.bytesToClient &+= UInt64(bytes.count)
        actions.append(.writeBody(bytes))
    }

    /// The end of everything: the last two actions of every exchange.
    mutating func finish(_ outcome: Outcome, end: ClientEnd, at now: Instant) {
        commit = .over
        deadlines.clear()
        record.outcome = outcome
        record.duration = now - startedAt
        record.usage = UsageRow(meter.usage)
        record.cost = charge()
        let untold = stream?.untold ?? notTold
        record.notCarried = omissions.isEmpty ? nil : omissions
        record.notTold = untold.isEmpty ? nil : untold
        settleLoad(at: now)
        noteCache()
        actions.append(.endAnswer(end))
        actions.append(.finished(record))
        ask = nil
        stream = nil
        held = []
    }
}

extension UsageRow {
    init(_ usage: Usage) {
        self.init(
            input: usage.input,
            cachedInput: usage.cachedRead,
            cacheWrite: usage.cacheWrite,
            output: usage.output,
            reasoning: usage.reasoning
        )
    }
}
