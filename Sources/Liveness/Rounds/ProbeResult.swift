/// What probing tells the rest of the house, and what it asks of the side that holds the sockets.
package import NetTypes
package import PolicyEngine

/// Whose clock measured a round trip.
package enum TripClock: String, Hashable, Sendable, Codable {
    /// The kernel said when the answer came, or how long the connection took to open.
    case kernel
    /// The prober's own reading: what it took to be woken is in it.
    case process
}

/// The verdict of one round.
package struct ProbeResult: Hashable, Sendable, Codable {
    /// `group.member`: a name, because numbers change with the configuration while results are on their way.
    package let member: String
    package let scope: HealthScope
    /// `success`, `degraded` or `failure`; probing never says `present` or `absent`.
    package let signal: Signal
    /// What a person would want to know beyond the cause: `status 503`, `the certificate expired …`; nil when that says all.
    package let detail: String?
    /// When the verdict was certain: the arrival of the deciding answer, or the moment the failure was seen.
    package let at: Instant
    /// Round-trip time of the fastest target in this round; nil when none answered.
    package let rtt: Span?
    /// Who measured `rtt`.
    package let clock: TripClock
    /// Over the rounds closed so far, the last of them (`ProbeWindow`).
    package let figures: Figures
    /// Since the schedule began: answers that came when their round was over.
    package let late: UInt64
    /// Since the schedule began: rounds without a verdict because the prober itself was not running.
    package let voided: UInt64

    package init(
        member: String,
        scope: HealthScope,
        signal: Signal,
        detail: String? = nil,
        at: Instant,
        rtt: Span? = nil,
        clock: TripClock = .kernel,
        figures: Figures = .none,
        late: UInt64 = 0,
        voided: UInt64 = 0
    ) {
        (self.member, self.scope, self.signal, self.detail, self.at) = (member, scope, signal, detail, at)
        (self.rtt, self.clock, self.figures, self.late, self.voided) = (rtt, clock, figures, late, voided)
    }
}

/// A target that seems dead itself, or has come back: every member's requests to it stay unanswered, while other targets answer
/// over each of them.
package struct TargetReport: Hashable, Sendable, Codable {
    /// The kind of probe that asks it (`ProbeQuestion.name`).
    package let kind: String
    package let target: ProbeTarget
    package let isDead: Bool
    /// Who asks it, `group.member`, in order.
    package let members: [String]
    package let at: Instant

    package init(kind: String, target: ProbeTarget, isDead: Bool, members: [String], at: Instant) {
        (self.kind, self.target, self.isDead, self.members, self.at) = (kind, target, isDead, members, at)
    }
}

/// One request to be sent.
package struct ProbeRequest: Hashable, Sendable {
    /// Which schedule asks: what its echo requests carry as identifier.
    package let schedule: UInt16
    /// Counts the schedule's requests.
    package let number: UInt64
    package let target: ProbeTarget
    /// What nobody off the path can guess.
    package let nonce: UInt64
    package let timeout: Span

    package init(schedule: UInt16, number: UInt64, target: ProbeTarget, nonce: UInt64, timeout: Span) {
        (self.schedule, self.number, self.target) = (schedule, number, target)
        (self.nonce, self.timeout) = (nonce, timeout)
    }

    /// As an echo: the sequence is the number's lower half-word.
    package var echo: Echo {
        Echo(identifier: schedule, sequence: UInt16(truncatingIfNeeded: number), nonce: nonce)
    }
}

/// A good answer to a request.
package struct ProbeAnswer: Hashable, Sendable {
    /// nil: from the moment the request was sent to the answer's arrival.
    package let trip: Span?
    package let clock: TripClock
    /// The answer is good, but will not be for long.
    package let warning: ProbeFault?

    package init(trip: Span? = nil, clock: TripClock, warning: ProbeFault? = nil) {
        (self.trip, self.clock, self.warning) = (trip, clock, warning)
    }
}

/// What became of one request.
package struct ProbeTrace: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case answered(Span, TripClock, warning: ProbeFault?)
        case failed(ProbeFault)
    }

    package let schedule: UInt16
    package let number: UInt64
    package let outcome: Outcome
}

/// What the table wants done.
package enum ProbeAction: Hashable, Sendable {
    /// Send this, then say `sent` or `refused`.
    case send(ProbeRequest)
    /// Nobody waits any more for the answers to these requests; whatever they hold can be closed.
    case abandon(schedule: UInt16, Range<UInt64>)
    case report(ProbeResult)
    case target(TargetReport)
    /// What became of one request of a schedule that is watched closely.
    case traced(ProbeTrace)
}
