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

/// One echo request to be sent.
package struct ProbeRequest: Hashable, Sendable {
    /// Counts this schedule's requests; the echo's sequence is its lower half-word.
    package let number: UInt64
    package let target: IPAddress
    /// Its identifier names the schedule within the table.
    package let echo: Echo

    package init(number: UInt64, target: IPAddress, echo: Echo) {
        self.number = number
        self.target = target
        self.echo = echo
    }
}

/// What the table wants done.
package enum ProbeAction: Hashable, Sendable {
    /// Send this, then say `sent` or `refused`.
    case send(ProbeRequest)
    case report(ProbeResult)
}
