/// What probing tells the rest of the house, and what it asks of the side that holds the sockets.
package import NetTypes
package import PolicyEngine

/// The verdict of one round.
package struct ProbeResult: Hashable, Sendable, Codable {
    /// `group.member`: a name, because numbers change with the configuration while results are on their way.
    package let member: String
    package let scope: HealthScope
    /// `success` or `failure`; probing never says `present` or `absent`.
    package let signal: Signal
    /// When the verdict was certain: the arrival of the deciding answer, or the moment the failure was seen.
    package let at: Instant
    /// Round-trip time of the fastest target in this round; nil when none answered.
    package let rtt: Span?
    /// Requests of the rounds closed so far, the last 32 of them (`LossWindow.rounds`).
    package let sent: Int
    /// Those of them that stayed without an answer.
    package let lost: Int
    /// Since the schedule began: answers that came when their round was over.
    package let late: UInt64
    /// Since the schedule began: rounds without a verdict because the prober itself was not running.
    package let voided: UInt64

    package init(
        member: String,
        scope: HealthScope,
        signal: Signal,
        at: Instant,
        rtt: Span?,
        sent: Int,
        lost: Int,
        late: UInt64,
        voided: UInt64
    ) {
        self.member = member
        self.scope = scope
        self.signal = signal
        self.at = at
        self.rtt = rtt
        self.sent = sent
        self.lost = lost
        self.late = late
        self.voided = voided
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
