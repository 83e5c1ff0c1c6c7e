/// What a probe is, as configured (`network.probes`).
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

/// One active measurement that members refer to by name.
package struct ProbeDefinition: Hashable, Sendable {
    /// What is sent, and what counts as an answer. A target is asked only over members of its family.
    package enum Kind: Hashable, Sendable {
        /// ICMP or ICMPv6 echo to each target.
        case icmp(targets: [Located<ProbeHost>])
        /// A TCP connection to each target.
        case tcp(targets: [Located<ProbeEndpoint>])
        case http(HTTPProbe)
        case dns(DNSProbe)
        /// The member's gateway itself is asked for its hardware address.
        case neighbour
        /// A BFD session with the member's gateway, in each of its families.
        case bfd(BFDProbe)
    }

    package let name: Located<String>
    package let kind: Kind
    /// How many targets of a family must answer for one round to count as a success; at least 1.
    package let need: Int
    /// From the start of one round to the start of the next.
    package let interval: Span
    /// How long after it was sent an answer still counts; at most the interval.
    package let timeout: Span
    /// How many rounds loss, latency and jitter are counted over.
    package let rounds: Int
    package let limits: ProbeLimits?
    package let hysteresis: Hysteresis
    package let place: Place

    package init(
        name: Located<String>,
        kind: Kind,
        need: Int,
        interval: Span,
        timeout: Span,
        rounds: Int = ProbeWindow.standardRounds,
        limits: ProbeLimits? = nil,
        hysteresis: Hysteresis,
        place: Place
    ) {
        (self.name, self.kind, self.need, self.interval, self.timeout) = (name, kind, need, interval, timeout)
        (self.rounds, self.limits, self.hysteresis, self.place) = (rounds, limits, hysteresis, place)
    }
}

/// An HTTP request as configured.
package struct HTTPProbe: Hashable, Sendable {
    package let url: Located<ProbeURL>
    /// The addresses asked where the URL has a name; else empty.
    package let targets: [Located<IPAddress>]
    package let method: HTTPQuestion.Method
    /// The Host header; nil: that of the URL.
    package let host: Located<String>?
    package let expect: [StatusRange]
    package let body: Located<String>?
    package let tls: TLSTerms

    /// What the `tls` block says, or its absence.
    package struct TLSTerms: Hashable, Sendable {
        package let verify: Bool
        package let authority: Located<String>?
        package let expiresWithin: Span?

        static let standard = TLSTerms(verify: true, authority: nil, expiresWithin: nil)
    }
}

/// A DNS query as configured.
package struct DNSProbe: Hashable, Sendable {
    package let servers: [Located<DNSServer>]
    package let question: DNSQuestion
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
    /// Bytes of a text looked for in a body.
    package static let longestBody = 256
}
