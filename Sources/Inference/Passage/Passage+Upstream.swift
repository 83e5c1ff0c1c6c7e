/// What does the provider's side of a passage do, and what does the client get of it?
import NetTypes
import PolicyEngine

extension Passage {
    /// Takes another path, unless the provider may have the request already.
    mutating func tryNext(after failure: (kind: FailureClass, isSafe: Bool)?, at now: Instant) {
        let ways = failure?.isSafe ?? true ? view.snapshot.ways(to: provider, without: tried) : []
        guard let place = Sampling.weighted(ways.map(\.weight), draw: request.draw) else {
            return giveUp(failure?.kind, at: now)
        }
        tried.append(ways[place].path)
        start(ways[place], isFresh: !request.method.isIdempotent, at: now)
    }

    /// - Parameter isFresh: no kept connection: one that dies while we write leaves open whether the provider has done what it was asked.
    private mutating func start(_ way: Way, isFresh: Bool, at now: Instant) {
        let row = AttemptRow(
            member: provider.name,
            path: way.name,
            mark: way.mark,
            upstreamModel: work.model ?? "",
            endpoint: view.addresses[request.provider].endpoint,
            startedAfter: now - startedAt
        )
        let id = AttemptID(record.attempts.count)
        attempt = Try(id: id, way: way, startedAt: now, row: row, mustBeFresh: isFresh)
        deadlines[.connect] = now + Self.timeouts.connect
        actions.append(
            .connect(
                ConnectOrder(
                    attempt: id,
                    provider: request.provider,
                    host: provider.host,
                    port: provider.port,
                    isTLS: provider.isTLS,
                    families: way.families,
                    mark: way.mark,
                    mustBeFresh: isFresh
                )
            )
        )
    }

    mutating func connected(_ isReused: Bool, at now: Instant) {
        guard let id = attempt?.id, let startedAt = attempt?.startedAt else { return }
        attempt?.isSent = true
        owes = request.isWork
        attempt?.isReused = isReused
        attempt?.row.reusedConnection = isReused
        attempt?.row.connect = now - startedAt
        attempt?.row.bytesSent = UInt64(request.body.count)
        deadlines[.connect] = nil
        deadlines[.answer] = now + Self.timeouts.answer
        let sent = UpstreamRequest(
            provider: request.provider,
            path: provider.pathPrefix + request.path,
            authority: view.addresses[request.provider].authority,
            headers: request.headers,
            body: request.body,
            method: request.method
        )
        actions.append(.send(id, sent))
    }

    mutating func received(_ head: UpstreamHead, at now: Instant) {
        guard attempt?.hasHead == false, let startedAt = attempt?.startedAt, let member = attempt?.row.member else {
            return
        }
        attempt?.row.status = head.status
        attempt?.row.head = now - startedAt
        deadlines[.answer] = nil
        // It is our key that was refused, and the words about it may quote it.
        guard head.status != 401 else {
            // Some addresses want more rights than others.
            let asked = "\(request.method.rawValue) \(request.path.prefix { $0 != "?" }.prefix(200))"
            let detail = "\(asked): \(FailureClass.unauthorised.rule.message)"
            actions.append(.alarm(GatewayAlarm(.upstreamUnauthorised, object: member, detail: detail)))
            return fail(.unauthorised, nil, at: now)
        }
        attempt?.hasHead = true
        if head.status >= 400 { owes = false }
        deadlines[.silence] = now + Self.timeouts.betweenTokens
        // What others show was used before.
        if request.isWork { usage = PassageUsage(contentType: head.contentType) }
        record.status = head.status
        record.headAfter = now - self.startedAt
        // Of whose account it is, its fields speak too.
        let fields =
            request.retelling == nil
            ? head.fields : head.fields.filter { ["content-type", "retry-after"].contains($0.name) }
        let headers = [Header("x-martlet-decision", record.id)] + fields
        guard !retells(head, headers) else { return }
        actions.append(.writeHead(ClientHead(status: head.status, headers: headers, length: head.length)))
    }

    mutating func received(_ bytes: [UInt8], at now: Instant) {
        guard attempt?.hasHead == true else { return }
        attempt?.row.bytesReceived &+= UInt64(bytes.count)
        if record.contentAfter == nil { record.contentAfter = now - startedAt }
        usage?.observe(bytes)
        guard let told = retell(bytes) else { return fail(.tooLarge, nil, at: now) }
        write(told)
        if !isClientBlocked { deadlines[.silence] = now + Self.timeouts.betweenTokens }
    }

    mutating func ended(at now: Instant) {
        guard attempt?.hasHead == true, let status = record.status else { return fail(.truncated, nil, at: now) }
        endRetelling()
        close(as: status < 400 ? nil : FailureClass(status: status), nil, at: now)
        finish(status < 400 ? .answered : .failed, .complete, at: now)
    }

    /// A kept connection that was closed by the provider before it said a word is replaced: once, and only where asking twice does no harm.
    mutating func broke(_ kind: FailureClass, _ detail: String, at now: Instant) {
        attempt?.hasConnection = false
        guard let last = attempt, last.isReused, !last.mustBeFresh, !last.hasHead else {
            return fail(kind, detail, at: now)
        }
        owes = false
        close(as: kind, detail, at: now)
        start(last.way, isFresh: true, at: now)
    }

    /// The provider has not begun: asking it again does no harm, whatever it was asked for.
    mutating func refused(_ detail: String, at now: Instant) {
        attempt?.hasConnection = false
        guard let last = attempt else { return }
        owes = false
        close(as: .overloaded, detail, at: now)
        guard !hasBeenRefused else { return tryNext(after: (.overloaded, true), at: now) }
        hasBeenRefused = true
        start(last.way, isFresh: true, at: now)
    }

    mutating func clientWritable(_ isWritable: Bool, at now: Instant) {
        guard isClientBlocked == isWritable else { return }
        isClientBlocked = !isWritable
        deadlines[.unread] = isWritable ? nil : now + ExchangeLimits.slowClient
        guard let id = attempt?.id else { return }
        actions.append(.readUpstream(id, isWritable))
        // A provider that is not read cannot be called silent.
        deadlines[.silence] = isWritable && attempt?.hasHead == true ? now + Self.timeouts.betweenTokens : nil
    }

    mutating func clientGone(at now: Instant) {
        close(as: nil, nil, at: now)
        finish(.clientGone, .abort, at: now)
    }

    mutating func tick(at now: Instant) {
        while !isOver, let slot = deadlines.takeExpired(at: now) {
            switch slot {
            case .connect: fail(.connectTimeout, nil, at: now)
            case .head, .answer, .firstToken: fail(.headTimeout, nil, at: now)
            case .silence: fail(.stall, nil, at: now)
            case .total: fail(.total, nil, at: now)
            case .unread: clientGone(at: now)
            case .heartbeat: break
            }
        }
    }

    mutating func fail(_ kind: FailureClass, _ detail: String?, at now: Instant) {
        guard let last = attempt else { return giveUp(kind, at: now) }
        close(as: kind, detail, at: now)
        if retold?.head != nil {
            // Nothing of it has left yet.
            (retold, owes) = (nil, false)
            return giveUp(kind, at: now)
        }
        guard !last.hasHead else {
            // What the client has is not the whole, and must not look like it.
            record.errorCode = kind.rule.errorCode
            return finish(.brokenOff, .abort, at: now)
        }
        owes = false
        tryNext(after: (kind, kind != .total && !last.isSent), at: now)
    }

    /// Ends the attempt, connection and all.
    mutating func close(as kind: FailureClass?, _ detail: String?, at now: Instant) {
        guard var row = attempt?.row, let last = attempt else { return }
        if last.hasConnection { actions.append(.closeUpstream(last.id)) }
        row.failure = kind
        row.detail = detail.map { String($0.prefix(200)) }
        row.total = now - last.startedAt
        record.attempts.append(row)
        attempt = nil
        deadlines.clearAttempt()
    }

    private mutating func giveUp(_ kind: FailureClass?, at now: Instant) {
        let none = ClientError(503, type: "upstream_error", code: "no_candidate", "No path leads to the provider now.")
        refuse(kind.map { ClientError($0.rule) } ?? none, .failed, at: now)
    }

    /// An answer of our own.
    mutating func refuse(_ error: ClientError, _ outcome: Outcome, more: [Header] = [], at now: Instant) {
        let body = request.dialect.body(of: error, id: record.id)
        let status = request.dialect.status(of: error)
        record.errorCode = error.code
        record.status = status
        record.headAfter = now - startedAt
        record.bytesToClient &+= UInt64(body.count)
        let headers = [Header("content-type", "application/json"), Header("x-martlet-decision", record.id)]
        actions.append(.writeHead(ClientHead(status: status, headers: headers + more, length: body.count)))
        actions.append(.writeBody(body))
        finish(outcome, .complete, at: now)
    }
}
