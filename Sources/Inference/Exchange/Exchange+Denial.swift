/// When may an attempt not be made though there is somebody to ask? Two things are counted over all requests, where this one cannot
/// see them: the retries of a group, and the one request that tries a member again. The exchange says what it needs; whoever
/// carries the order out grants it or does not.
import NetTypes
package import PolicyEngine

/// What an order to connect needs.
package struct Permission: Hashable, Sendable {
    package var group: GroupID
    package var member: MemberID
    /// A provider was asked for this request before.
    package var isRetry: Bool
    /// The member is on trial, and somebody else could serve instead.
    package var isTrial: Bool

    package init(group: GroupID, member: MemberID, isRetry: Bool, isTrial: Bool) {
        (self.group, self.member, self.isRetry, self.isTrial) = (group, member, isRetry, isTrial)
    }
}

/// What was not granted.
package enum Denial: Hashable, Sendable {
    /// Another request tries the member now.
    case trialTaken
    /// The group has had as many retries as it may have.
    case retryBudget
}

extension Exchange {
    func permission(for candidate: Candidate) -> Permission {
        Permission(
            group: view.groupOfMember[candidate.member.index],
            member: candidate.member,
            isRetry: record.attempts.contains { $0.failure?.isOfOurOwn != true },
            isTrial: isTrial(candidate)
        )
    }

    /// A trial is for one request at a time, as long as others need not wait for its end: where nobody healthy is left, all may try.
    private func isTrial(_ candidate: Candidate) -> Bool {
        guard view.snapshot.trials.contains(candidate.member), let offer else { return false }
        var others = tried
        others.add(candidate, after: .otherMember)
        return view.candidates(for: offer, need, without: others).rows.contains { row in
            row.weight > 0 && row.reason != Share.Reason.keptLast.code
        }
    }

    mutating func denied(_ denial: Denial, at now: Instant) {
        guard let current = attempt, current.phase == .connecting else { return }
        view.loads[current.candidate.member.index].ended()
        attempt = nil
        deadlines.clearAttempt()
        switch denial {
        case .trialTaken:
            tried.add(current.candidate, after: .otherMember)
            record.ruleOut(current.row.member, because: .trialTaken)
            tryNext(at: now)
        case .retryBudget:
            var row = current.row
            row.failure = .retryBudget
            record.attempts.append(row)
            // The client is told how the last one failed that was asked.
            giveUp(at: now)
        }
    }

    /// What the runtime learns of the member. A provider that names the time after which it can be asked says that it works.
    func standing(after failure: Failure, _ rule: FailureRule) -> FailureRule.Standing {
        if isOfUnknownUse(failure) { return .untouched }
        // To come again at once is no wish to be left alone.
        let asks = askedPause(after: failure).map { $0 > .zero } ?? false
        return failure.kind == .overloaded && asks ? .wantsPause : rule.standing
    }

    /// Whether a provider may only have said that it has no such thing for this model: nobody wrote that it has, and a client that
    /// asks for it must not take the member from those who chat.
    private func isOfUnknownUse(_ failure: Failure) -> Bool {
        guard let operation = record.operation, operation != .chat, let attempt else { return false }
        let capabilities = view.deployment(of: attempt.candidate.member).facts?.capabilities
        if let capabilities, capabilities.isSuperset(of: operation.needs) { return false }
        return failure.kind == .malformed || [403, 404, 405, 501].contains(attempt.head?.status ?? 0)
    }

    /// For how long the member is left alone: as long as it asks for, within bounds.
    func pause(after failure: Failure) -> Span {
        min(askedPause(after: failure) ?? ExchangeLimits.standardPause, longestPause)
    }

    /// Nil when it names no time.
    private func askedPause(after failure: Failure) -> Span? {
        failure.retryAfter.flatMap { RetryAfter.span($0, unixSeconds: record.startedUnix / 1_000_000) }
    }

    /// Whatever its provider says, the member is not left alone for longer.
    var longestPause: Span {
        attempt.flatMap { view.deployment(of: $0.candidate.member).longestPause } ?? ExchangeLimits.longestPause
    }
}

extension DecisionRecord {
    /// Notes of a candidate that it could not be chosen after all.
    fileprivate mutating func ruleOut(_ member: String, because cause: Cause) {
        for index in candidates.indices where candidates[index].member == member {
            candidates[index].weight = 0
            candidates[index].reason = Share.Reason.excluded(cause).code
            candidates[index].cause = cause.name
        }
    }
}

extension Cause {
    /// It is on trial, and another request tries it.
    package static let trialTaken = Cause("trial-taken")
}
