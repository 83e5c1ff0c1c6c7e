/// When is a member tried again that real traffic put out, and has it failed too often of late? A circuit breaker: closed while the
/// member works, open while it is out, half open while one request at a time tries it.
import Inference
import NetTypes
import PolicyEngine

struct MemberBreaker: Hashable, Sendable {
    /// Until when it is left alone because it asked for that; it works.
    var pausedUntil: Instant?
    /// Open: when it may be tried.
    private(set) var trialAt: Instant?
    /// Half open.
    private(set) var isOnTrial = false
    /// Trials in a row that failed.
    private(set) var strikes = 0
    private var closedAt: Instant?
    private var wait = Span.zero
    private var attempts = TallyWindow(slice: PassiveHealth.slice)
    /// When it last answered a request, as far as that was told.
    private(set) var answeredAt: Instant?

    mutating func answered(_ count: UInt64, at now: Instant) {
        attempts.add(all: count, some: 0, at: now)
        answeredAt = now
    }

    /// Counts a failure; whether there were too many.
    mutating func failed(under rule: PassiveHealth, at now: Instant) -> Bool {
        attempts.add(all: 1, some: 1, at: now)
        return rule.isTooOften(attempts.sums(at: now))
    }

    /// It went out. One that was on trial, or came back no longer ago than it had been out for, waits twice as long as before.
    mutating func open(under rule: PassiveHealth, at now: Instant) {
        let again = isOnTrial || closedAt.map { now - $0 < wait } ?? false
        strikes = again ? strikes + 1 : 0
        wait = rule.pause(afterFailedTrials: strikes)
        (trialAt, isOnTrial, closedAt) = (now + wait, false, nil)
        attempts = TallyWindow(slice: PassiveHealth.slice)
    }

    /// It may be tried.
    mutating func beginTrial() { (trialAt, isOnTrial) = (nil, true) }

    /// It works again.
    mutating func close(at now: Instant) {
        if trialAt != nil || isOnTrial { closedAt = now }
        (trialAt, isOnTrial) = (nil, false)
    }

    /// When it has to be looked at next.
    var nextMoment: Instant? {
        guard let trialAt, let pausedUntil else { return trialAt ?? pausedUntil }
        return min(trialAt, pausedUntil)
    }
}
