/// What a probe is, as configured (`network.probes`).
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

/// One active measurement that members refer to by name.
package struct ProbeDefinition: Hashable, Sendable {
    /// What is sent, and what counts as an answer.
    package enum Kind: Hashable, Sendable {
        /// ICMP or ICMPv6 echo to each target; a target is asked only over members of its family.
        case icmp(targets: [Located<IPAddress>])
        /// HTTP GET of a URL in which `{member}` stands for the member's own address and port. Checked, not yet served.
        case http(url: Located<String>, expectedStatus: Int)
    }

    package let name: Located<String>
    package let kind: Kind
    /// How many targets of a family must answer for one round to count as a success; at least 1.
    package let need: Int
    /// From the start of one round to the start of the next.
    package let interval: Span
    /// How long after it was sent an answer still counts; at most the interval.
    package let timeout: Span
    package let hysteresis: Hysteresis
    package let place: Place
}

extension ProbeDefinition {
    package static let defaultInterval = Span.seconds(1)
    /// The timeout where none is written, unless the interval is shorter.
    package static let defaultTimeout = Span.seconds(1)
    /// One answer proves that the way works.
    package static let defaultNeed = 1
    /// Below this a probe is load, not measurement.
    package static let shortestInterval = Span.milliseconds(10)
    /// Above this nobody would call it watching.
    package static let longestInterval = Span.seconds(3600)
    /// Targets are asked in every round; more than these make one member's probing traffic of its own.
    package static let mostTargets = 16
}
