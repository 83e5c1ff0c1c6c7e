/// Does the request fit within the limits of whoever sends it and of whoever may serve it, and what did it use in the end? Taken before
/// anybody is asked, corrected when the end is known.
import NetTypes
import PolicyEngine
import Wire

/// What an exchange holds of limits, and what it knows of its tokens.
struct LoadUse: Sendable {
    /// Of the key, its team and the group.
    var holds: [LoadHold] = []
    /// Of the member that was asked last.
    var member: LoadHold?
    /// Who pays, as far as they have a budget; and what is reserved of it.
    var payers: [LoadSubject]?
    var money: [SpendingHold] = []
    /// Whose budget did not pay for a member.
    var poorest: LoadSubject?
    /// What the request may use, by estimate.
    var prompt: UInt64 = 0
    var answer: UInt64 = 0
    /// The same of what is not counted in tokens.
    var units: MediaUnits?
    var estimate: UInt64 { prompt.addingReportingOverflow(answer).overflow ? .max : prompt + answer }
    /// How the members that would have been asked were at their limits; the one that is free again first.
    var refusal: LoadRefusal?
    /// Whose provider may refuse by what was sent to it meanwhile: asked when nobody else is left.
    var spent: Candidate?
    var asksSpent = false
}

extension Exchange {
    /// Tokens of an answer that are reserved when the request names no bound, and at most when it does: many clients name the largest
    /// bound that a model takes, and use a fraction.
    private static let standardAnswer: UInt64 = 1024
    private static let largestAnswer: UInt64 = 4096
    /// Tokens, of a prompt or of an answer.
    private static let largestReport: UInt64 = 10_000_000

    /// Tokens of an answer that are reserved.
    /// - Parameter asked: the bound that the request names.
    static func reservedAnswer(_ asked: UInt64?) -> UInt64 { min(asked ?? standardAnswer, largestAnswer) }

    /// What counts against limits in tokens: what is charged, reported or estimated. Whatever a provider reports, no request is larger
    /// than any model takes, and nobody is kept out for longer than that.
    static func limitedTokens(of cost: CostRow) -> UInt64 {
        min(cost.input, largestReport) + min(cost.output, largestReport)
    }

    /// Takes the request's part of its key's and its team's limits; false when one of them is reached, which the client was told then.
    mutating func takeOfKey(_ key: ServedKey?, _ asked: RequestView, at now: Instant) -> Bool {
        if asked.operation.isMedia {
            // A body that is still to come is not known to be larger than what is at hand, if it does not say so.
            let coming = ask?.restBytes ?? 0
            load.units = asked.askedUnits(beside: coming)
            load.prompt = asked.estimatedMediaInput(beside: coming)
            load.answer = asked.estimatedMediaOutput ?? Self.reservedAnswer(nil)
        } else {
            load.prompt = asked.estimatedInputTokens
            load.answer = asked.operation == .embeddings ? 0 : Self.reservedAnswer(asked.maxTokens)
        }
        guard let key, key.isLimited else { return true }
        guard !asked.isInBackground else {
            refuse(ClientError(.uncounted("background")), at: now)
            return false
        }
        load.payers = key.payers
        return take(from: key.subjects, at: now)
    }

    /// The same of the group that serves.
    mutating func takeOfGroup(_ target: GatewayPolicy.Target, at now: Instant) -> Bool {
        let group = view.load.group(target) { view.groupOfMember[$0.index] }
        return group.map { take(from: [$0], at: now) } ?? true
    }

    private mutating func take(from subjects: [LoadSubject], at now: Instant) -> Bool {
        for subject in subjects {
            switch subject.take(tokens: load.estimate, isStreamed: record.isStreamed, at: now) {
            case .success(let hold): load.holds.append(hold)
            case .failure(let refusal):
                refuse(refusal, shown: load.holds.map(\.subject) + [subject], at: now)
                return false
            }
        }
        return true
    }

    /// Takes the attempt's part of a member; false when it is at its limit or its provider's, and another is to be asked.
    mutating func takeOfMember(_ candidate: Candidate, at now: Instant) -> Bool {
        giveMemberBack(at: now)
        guard let member = view.load.members[at: candidate.member.index] else { return true }
        if let cause = reserveMoney(for: candidate) {
            passOver(candidate, cause, nil)
            return false
        }
        if let wait = member.providerWait(tokens: load.estimate, at: now) {
            passOver(candidate, .providerLimit, LoadRefusal(member, .tokens, wait: wait))
            return false
        }
        if !load.asksSpent, member.mayBeSpent(tokens: load.estimate, at: now), hasOthers(than: candidate) {
            load.spent = load.spent ?? candidate
            passOver(candidate, .providerLimit, nil)
            return false
        }
        guard !member.limits.isEmpty else {
            member.drawOnProvider(tokens: load.estimate)
            return true
        }
        switch member.take(tokens: load.estimate, isStreamed: record.isStreamed, at: now) {
        case .success(let hold):
            load.member = hold
            member.drawOnProvider(tokens: load.estimate)
            return true
        case .failure(let refusal):
            passOver(candidate, .atLimit, refusal)
            return false
        }
    }

    private func hasOthers(than candidate: Candidate) -> Bool {
        guard let offer else { return false }
        var others = tried
        others.add(candidate, after: .otherMember)
        return !view.candidates(for: offer, need, without: others).eligible.isEmpty
    }

    /// The candidate that was only likely to be refused by its provider, once; nil: there is none.
    mutating func takeSpent() -> Candidate? {
        defer { load.spent = nil }
        load.asksSpent = true
        return load.spent
    }

    /// What failed used nothing.
    private mutating func giveMemberBack(at now: Instant) {
        settleMoney(0)
        guard let hold = load.member else { return }
        load.member = nil
        hold.subject.settle(hold, tokens: 0, at: now)
    }

    private mutating func passOver(_ candidate: Candidate, _ cause: Cause, _ refusal: LoadRefusal?) {
        tried.add(candidate, after: .otherMember)
        if let refusal {
            let isSooner = load.refusal.map { ($0.wait ?? .zero) > (refusal.wait ?? .zero) } ?? true
            if isSooner { load.refusal = refusal }
        }
        let name = view.memberNames[candidate.member.index]
        for index in record.candidates.indices where record.candidates[index].member == name {
            record.candidates[index].weight = 0
            record.candidates[index].reason = Share.Reason.excluded(cause).code
            record.candidates[index].cause = cause.name
        }
    }

    /// The exchange is over, and its record says what it is charged for.
    mutating func settleLoad(at now: Instant) {
        if !load.money.isEmpty { settleMoney(record.cost?.picoDollars ?? 0) }
        if load.holds.isEmpty, load.member == nil { return }
        let used = record.cost.map { Self.limitedTokens(of: $0) } ?? 0
        for hold in load.holds { hold.subject.settle(hold, tokens: used, at: now) }
        if let hold = load.member { hold.subject.settle(hold, tokens: used, at: now) }
        (load.holds, load.member) = ([], nil)
    }

    /// The member's provider told how much more it takes.
    mutating func noteProviderLimits(_ head: UpstreamHead, at now: Instant) {
        guard let index = attempt?.candidate.member.index, let member = view.load.members[at: index] else { return }
        let most = longestPause
        if let limits = head.limits {
            member.heard(limits, atMost: most, at: now, unixMicroseconds: record.startedUnix)
            attempt?.row.headroom = member.headroom(at: now)
            if let headroom = attempt?.row.headroom, headroom.percent < Headroom.little {
                view.shortage.note(until: now + headroom.reset)
            }
        }
        if head.status == 429, let wait = head.retryAfter.flatMap(ResetText.span) {
            member.close(for: min(wait, most), at: now)
        }
    }
}

extension Array {
    fileprivate subscript(at index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

// MARK: - What the client is told

extension Exchange {
    private mutating func refuse(_ refusal: LoadRefusal, shown subjects: [LoadSubject], at now: Instant) {
        let more = refusal.retryFields + fields(of: subjects, at: now)
        turnAway(.overLimit(refusal.words), .rejected, more, at: now)
    }

    /// Nobody failed: all who could serve are at their limits.
    mutating func allAtLimit(_ refusal: LoadRefusal, at now: Instant) {
        let text = "All who serve '\(record.requestedModel ?? "")' are at their limits."
        turnAway(.overLimit(text), .failed, refusal.retryFields, at: now)
    }

    /// As an answer of its own; as an event, when a heartbeat has made it a stream already.
    mutating func turnAway(_ error: ClientError, _ outcome: Outcome, _ more: [Header], at now: Instant) {
        record.errorCode = error.code
        let body = client.body(of: error, id: record.id)
        guard commit == .nothing else { return endStream(with: body, outcome, at: now) }
        writeHead(client.status(of: error), type: "application/json", length: body.count, more: more, at: now)
        write(body)
        finish(outcome, end: .complete, at: now)
    }

    /// What an answer says of limits; nothing where nobody has any.
    func loadFields(at now: Instant) -> [Header] {
        load.holds.isEmpty ? [] : fields(of: load.holds.map(\.subject), at: now)
    }

    /// Of several limits the one with the least left.
    private func fields(of subjects: [LoadSubject], at now: Instant) -> [Header] {
        [LoadBound.requests, .tokens].flatMap { bound -> [Header] in
            let standings = subjects.compactMap { $0.standing(bound, at: now) }
            guard let tightest = standings.min(by: { $0.left < $1.left }) else { return [] }
            return client.fields(of: bound, tightest, unixMicroseconds: record.startedUnix)
        }
    }
}

extension ClientDialect {
    /// As each provider calls it: OpenAI says after what time a limit is whole again, Anthropic when.
    fileprivate func fields(
        of bound: LoadBound,
        _ standing: (limit: UInt64, left: UInt64, reset: Span),
        unixMicroseconds: UInt64
    ) -> [Header] {
        let name = bound.rawValue
        switch self {
        // Neither Gemini's API nor Ollama's says anything of the kind.
        case .openai, .gemini, .ollama, .responses, .mistral:
            return [
                Header("x-ratelimit-limit-\(name)", "\(standing.limit)"),
                Header("x-ratelimit-remaining-\(name)", "\(standing.left)"),
                Header("x-ratelimit-reset-\(name)", ResetText.text(standing.reset)),
            ]
        case .anthropic:
            let seconds = UInt64(max(0, standing.reset.nanoseconds + 999_999_999)) / 1_000_000_000
            return [
                Header("anthropic-ratelimit-\(name)-limit", "\(standing.limit)"),
                Header("anthropic-ratelimit-\(name)-remaining", "\(standing.left)"),
                Header(
                    "anthropic-ratelimit-\(name)-reset",
                    ResetText.moment(unixSeconds: unixMicroseconds / 1_000_000 &+ seconds)
                ),
            ]
        }
    }
}

extension ClientError {
    static func overLimit(_ text: String) -> ClientError {
        ClientError(429, type: "rate_limit_error", code: "rate_limit_exceeded", text)
    }
}

extension LoadRefusal {
    /// When to come again (RFC 9110 §10.2.3, whole seconds); clients of both providers know the milliseconds too.
    var retryFields: [Header] {
        let milliseconds = wait.map { max(1, ($0.nanoseconds + 999_999) / 1_000_000) } ?? 1000
        return [
            Header("retry-after", "\((milliseconds + 999) / 1000)"), Header("retry-after-ms", "\(milliseconds)"),
        ]
    }
}

extension Cause {
    /// A limit of the member is reached.
    static let atLimit = Cause("at-limit")
    /// Its provider said that it takes no more for a while.
    static let providerLimit = Cause("provider-limit")
}

extension RequestError {
    /// What goes on after the answer is over costs what nobody here sees.
    static func uncounted(_ field: String) -> RequestError {
        let text =
            "What '\(field)' costs is not known here, and this key has limits or a budget: leave '\(field)' out, or use a key without."
        return RequestError(.unsupported, field, text)
    }
}
