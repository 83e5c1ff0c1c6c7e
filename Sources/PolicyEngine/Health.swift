/// When a member's health changes: hysteresis over successes and failures, for one member and scope.
package import NetTypes

/// How many results in a row turn the verdict.
package struct Hysteresis: Hashable, Sendable, Codable {
    /// Failures in a row that make a member `down`; at least 1.
    package let downAfter: Int
    /// Successes in a row that bring a `down` member back `up`; at least 1.
    package let upAfter: Int

    package init(downAfter: Int, upAfter: Int) {
        self.downAfter = max(1, downAfter)
        self.upAfter = max(1, upAfter)
    }

    /// Three lost answers in a row are no accident; three in a row back are no flicker.
    package static let standard = Hysteresis(downAfter: 3, upAfter: 3)
}

/// What is known of a member's health.
package enum Verdict: String, Hashable, Sendable, CaseIterable, Codable {
    /// Nothing heard yet; treated as able to carry load.
    case unknown
    case up
    /// Answers, but worse than it has to; carries load while nobody better can.
    case degraded
    case down
}

/// Why a health verdict is what it is: a short name that the observing side chose (`probe-timeout`, `no-carrier`).
///
/// The engine only carries it; words for people are made where it is shown.
package struct Cause: Hashable, Sendable, Codable {
    package let name: String

    package init(_ name: String) { self.name = name }

    package init(from decoder: any Decoder) throws {
        name = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

/// One thing learnt about a member, by a probe or from real traffic.
package enum Signal: Hashable, Sendable, Codable {
    case success
    /// It answers, but worse than it has to: beyond a limit on loss, latency or jitter, or about to fail. Whoever says so has
    /// weighed it already: it acts without hysteresis, and so does the success that ends it.
    case degraded(Cause)
    case failure(Cause)
    /// Nothing is known any more, though nothing failed: the far side was told by its operator not to answer. Acts at once.
    case unmeasured(Cause)
    /// What the member stands on is there (again): its link has carrier, its address is known.
    case present
    /// What the member stands on is gone; it cannot carry load whatever probes say. Acts at once, without hysteresis.
    case absent(Cause)
}

/// The health of one member in one scope.
package struct Health: Hashable, Sendable, Codable {
    package private(set) var verdict: Verdict = .unknown
    /// When the verdict last changed.
    package private(set) var since: Instant
    /// What brought the verdict about; nil while unknown and after a plain success.
    package private(set) var cause: Cause?
    /// Why the member cannot be used at all, if so (`Signal.absent`).
    package private(set) var absence: Cause?
    package private(set) var successes = 0
    package private(set) var failures = 0
    package let hysteresis: Hysteresis

    package init(_ hysteresis: Hysteresis, since: Instant) {
        self.hysteresis = hysteresis
        self.since = since
    }

    /// Whether health alone lets the member carry load.
    package var isEligible: Bool { absence == nil && verdict != .down }

    package enum Change: Hashable, Sendable {
        case none
        case became(Verdict, from: Verdict)
        case appeared
        case vanished(Cause)
    }

    package mutating func observe(_ signal: Signal, at now: Instant) -> Change {
        switch signal {
        case .success: return answered(as: .up, because: nil, at: now)
        case .degraded(let cause): return answered(as: .degraded, because: cause, at: now)
        case .failure(let cause): return failed(cause, at: now)
        case .unmeasured(let cause):
            (successes, failures) = (0, 0)
            guard verdict != .unknown else { return .none }
            return turn(to: .unknown, because: cause, at: now)
        case .present:
            guard absence != nil else { return .none }
            absence = nil
            return .appeared
        case .absent(let cause):
            guard absence != cause else { return .none }
            absence = cause
            return .vanished(cause)
        }
    }

    /// Lets a `down` member carry load again on trial: one more failure puts it down, one success brings it up. True when it was
    /// down.
    package mutating func giveTrial(at now: Instant) -> Bool {
        guard verdict == .down else { return false }
        _ = turn(to: .unknown, because: cause, at: now)
        failures = hysteresis.downAfter - 1
        return true
    }

    /// Puts a member down at once, whatever its hysteresis: whoever says so has counted for itself.
    package mutating func trip(_ cause: Cause, at now: Instant) -> Change {
        (successes, failures) = (0, hysteresis.downAfter)
        return verdict == .down ? .none : turn(to: .down, because: cause, at: now)
    }

    /// The same health under another rule, counting from here.
    package func under(_ hysteresis: Hysteresis) -> Health {
        var copy = Health(hysteresis, since: since)
        (copy.verdict, copy.cause, copy.absence) = (verdict, cause, absence)
        return copy
    }

    /// An answer makes a member what the answer says, except that one that is down must answer often enough in a row.
    private mutating func answered(as verdict: Verdict, because cause: Cause?, at now: Instant) -> Change {
        failures = 0
        successes = min(successes + 1, hysteresis.upAfter)
        if self.verdict == .down, successes < hysteresis.upAfter { return .none }
        guard self.verdict != verdict else {
            // Degraded for another reason than before: no news for the load.
            self.cause = cause
            return .none
        }
        return turn(to: verdict, because: cause, at: now)
    }

    private mutating func failed(_ cause: Cause, at now: Instant) -> Change {
        successes = 0
        failures = min(failures + 1, hysteresis.downAfter)
        guard verdict != .down, failures >= hysteresis.downAfter else { return .none }
        return turn(to: .down, because: cause, at: now)
    }

    private mutating func turn(to next: Verdict, because cause: Cause?, at now: Instant) -> Change {
        let old = verdict
        (verdict, self.cause, since) = (next, cause, now)
        return .became(next, from: old)
    }
}
