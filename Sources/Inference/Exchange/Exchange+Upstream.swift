/// What does the provider's side of an exchange do? From the open connection to the end of its answer.
import NetTypes

extension Exchange {
    mutating func connected(isReused: Bool, at now: Instant) {
        guard attempt?.phase == .connecting else { return }
        attempt?.connected(isReused: isReused, at: now)
        debtor = attempt?.candidate.member
        deadlines[.connect] = nil
        guard let id = attempt?.id, let request = attempt?.request, let timeouts = attempt?.timeouts else { return }
        awaitAnswer(timeouts, at: now)
        actions.append(.send(id, request))
        if upload == .waiting { beginUpload(timeouts, at: now) }
    }

    /// The request was sent.
    mutating func awaitAnswer(_ timeouts: ExchangeTimeouts, at now: Instant) {
        if record.isStreamed, !mayComeWhole {
            deadlines[.head] = now + timeouts.head
            deadlines[.firstToken] = now + timeouts.firstToken
        } else {
            deadlines[.answer] = now + timeouts.answer
        }
    }

    mutating func connectFailed(_ kind: FailureClass, _ detail: String, at now: Instant) {
        attempt?.hasConnection = false
        fail(kind, detail: detail, at: now)
    }

    mutating func received(_ head: UpstreamHead, at now: Instant) {
        guard attempt?.phase == .waiting, let timeouts = attempt?.timeouts else { return }
        deadlines[.head] = nil
        attempt?.received(head, at: now)
        noteProviderLimits(head, at: now)
        if let kind = FailureClass(status: head.status) {
            attempt?.phase = .refused(kind)
            debtor = nil
            deadlines[.silence] = now + timeouts.betweenTokens
        } else if let coding = head.contentEncoding {
            fail(.malformed, detail: "content-encoding \(coding)", at: now)
        } else if (record.isStreamed && !comesWhole(head)) || isUnaskedStream(head) {
            beginStream(head, at: now)
        } else if passesOn(head) {
            beginPassing(timeouts, at: now)
        } else {
            attempt?.phase = .plain
            deadlines[.silence] = now + timeouts.betweenTokens
        }
    }

    private mutating func beginStream(_ head: UpstreamHead, at now: Instant) {
        guard let dialect = attempt?.provider.dialect, let terms = answerTerms else { return }
        // Some small servers name no type; another type is no stream.
        guard head.contentType == dialect.streamType || head.contentType.isEmpty else {
            return fail(.malformed, detail: "content-type \(head.contentType)", at: now)
        }
        attempt?.phase = .streaming
        if deadlines[.answer] != nil, let timeouts = attempt?.timeouts {
            deadlines[.answer] = nil
            deadlines[.firstToken] = now + timeouts.firstToken
        }
        stream = AnswerStream(from: dialect, to: client, terms)
    }

    /// What of the request stands in its answer.
    var answerTerms: AnswerTerms? {
        guard let model = record.requestedModel else { return nil }
        let asked = ask?.view
        let echo = client == .responses ? Responses.echo(of: asked?.document) : []
        var terms = AnswerTerms(
            decision: record.id,
            model: model,
            created: record.startedUnix / 1_000_000,
            includeUsage: asked?.includeUsage ?? false,
            isArray: asked?.isArray ?? false,
            operation: record.operation ?? .chat,
            tellsCallsWhole: client == .mistral && asked?.hasTools ?? false,
            echo: echo
        )
        if client == .responses, let member = attempt?.candidate.member {
            terms.retelling = view.retelling(of: member, for: record.key ?? "", keeper?.previous)
        }
        return terms
    }

    mutating func received(_ bytes: [UInt8], at now: Instant) {
        guard let phase = attempt?.phase else { return }
        attempt?.row.bytesReceived &+= UInt64(bytes.count)
        switch phase {
        case .connecting, .waiting: return
        case .refused(let kind): collect(bytes, of: kind, at: now)
        case .plain: collect(bytes, at: now)
        case .streaming: streamed(bytes, at: now)
        case .passing: pass(bytes, at: now)
        }
    }

    private mutating func collect(_ bytes: [UInt8], of kind: FailureClass, at now: Instant) {
        let room = ExchangeLimits.errorAnswerBytes - collected.count
        collected += bytes.prefix(room)
        if bytes.count > room { refused(kind, isComplete: false, at: now) }
    }

    private mutating func collect(_ bytes: [UInt8], at now: Instant) {
        guard collected.count + bytes.count <= ExchangeLimits.plainAnswerBytes else {
            return fail(.tooLarge, detail: "more than \(ExchangeLimits.plainAnswerBytes) bytes", at: now)
        }
        if collected.isEmpty { collected = bytes } else { collected += bytes }
        if let timeouts = attempt?.timeouts { deadlines[.silence] = now + timeouts.betweenTokens }
    }

    mutating func upstreamEnded(at now: Instant) {
        attempt?.hasConnection = false
        guard let phase = attempt?.phase else { return }
        switch phase {
        case .connecting, .waiting: fail(.truncated, at: now)
        case .refused(let kind): refused(kind, isComplete: true, at: now)
        case .plain: answerPlainly(collected, at: now)
        case .streaming: streamEnded(at: now)
        case .passing: passingEnded(at: now)
        }
    }

    mutating func upstreamBroke(_ kind: FailureClass, _ detail: String, at now: Instant) {
        attempt?.hasConnection = false
        guard let current = attempt else { return }
        if case .refused(let status) = current.phase { return refused(status, isComplete: false, at: now) }
        guard current.mayReconnect, current.phase == .waiting else {
            return fail(kind, detail: detail, at: now)
        }
        reconnect(current, at: now)
    }

    /// Connections end, and streams that came too late are refused: that is nobody's failure. Being refused twice in a row is.
    mutating func upstreamRefused(_ detail: String, at now: Instant) {
        attempt?.hasConnection = false
        guard let current = attempt else { return }
        guard !current.isSecondConnection, current.phase == .waiting, !upload.hasBegun else {
            return fail(.overloaded, detail: detail, at: now)
        }
        reconnect(current, at: now)
    }

    /// The same member over the same path, by another connection.
    private mutating func reconnect(_ current: Attempt, at now: Instant) {
        deadlines.clearAttempt()
        debtor = nil
        attempt?.phase = .connecting
        attempt?.isSecondConnection = true
        attempt?.hasConnection = true
        deadlines[.connect] = now + current.timeouts.connect
        if let order = attempt?.connectOrder { actions.append(.connect(order)) }
    }

    /// The provider's error answer is complete, or as much of it as will come.
    private mutating func refused(_ kind: FailureClass, isComplete: Bool, at now: Instant) {
        guard let current = attempt, let head = current.head else { return }
        let body = collected
        let error = current.provider.dialect.error(status: head.status, body: body)
        let kind = kind.refined(by: error)
        let isClients = current.provider.dialect == client.provider
        // What is told by another status, or may name our key, is told in our own words.
        let isReadable =
            isComplete && isClients && head.contentType == "application/json" && error.kind != .contentFilter
        let failure = Failure(
            kind: kind,
            error: error,
            retryAfter: head.retryAfter ?? error.retryAfter,
            body: isReadable && kind.isOfTheRequest ? body : nil
        )
        fail(failure, detail: Self.detail(of: error, kind), at: now)
    }

    /// What of a provider's words may stand in records. Those about the client's request may repeat the prompt, and those
    /// about our key the key: of these only the code is kept.
    static func detail(of error: UpstreamError, _ kind: FailureClass) -> String? {
        kind.isOfTheRequest || kind == .unauthorised ? error.code : error.message
    }
}
