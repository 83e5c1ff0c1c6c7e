/// Why a probe failed: the names that stand in health and events.
package import PolicyEngine

extension Cause {
    /// Too few targets answered in time.
    package static let probeTimeout = Cause("probe-timeout")
    /// A router or the target said that it cannot be reached.
    package static let probeUnreachable = Cause("probe-unreachable")
    /// The hop limit ran out on the way: a routing loop.
    package static let probeTimeExceeded = Cause("probe-time-exceeded")
    /// A router or the target refused the request's header.
    package static let probeRefused = Cause("probe-refused")
    /// The member's device does not exist.
    package static let noDevice = Cause("no-device")
    /// The member's device is down.
    package static let deviceDown = Cause("device-down")
    /// No route to the target by this member.
    package static let noRoute = Cause("no-route")
    /// The process lacks CAP_NET_RAW, or a local firewall rule forbids the packet.
    package static let notPermitted = Cause("not-permitted")
    /// The kernel did not take the packet for another reason.
    package static let sendFailed = Cause("send-failed")

    /// The answer came in by another device than the member's: it says nothing about the member.
    package static let answeredElsewhere = Cause("answered-elsewhere")
    /// The target refused the connection.
    package static let refused = Cause("connection-refused")
    /// The connection broke before the answer was whole.
    package static let broken = Cause("connection-broken")
    /// What came is no HTTP response, or none that fits into the bounds.
    package static let badResponse = Cause("http-malformed")
    /// A status code that the probe does not expect.
    package static let wrongStatus = Cause("http-status")
    /// The body does not hold the text that the probe expects.
    package static let wrongBody = Cause("http-body")
    /// No TLS session: a certificate that is not trusted, expired or another's, or no TLS at all.
    package static let tlsFailed = Cause("tls-failed")
    /// The resolver answers with an error.
    package static let dnsError = Cause("dns-error")
    /// The resolver's answer is not what the probe expects.
    package static let wrongAnswer = Cause("dns-answer")
    /// The member's device has no neighbours that could be asked: it is no Ethernet, or has no address.
    package static let noNeighbours = Cause("no-neighbours")

    /// Too many requests stay without an answer.
    package static let lossLimit = Cause("loss-limit")
    /// Answers take too long.
    package static let latencyLimit = Cause("latency-limit")
    /// The time that answers take varies too much.
    package static let jitterLimit = Cause("jitter-limit")
    /// The target's certificate ends soon.
    package static let certificateExpiring = Cause("certificate-expiring")

    init(_ failure: ICMPFailure) {
        switch failure {
        case .unreachable: self = .probeUnreachable
        case .timeExceeded: self = .probeTimeExceeded
        case .parameterProblem: self = .probeRefused
        }
    }
}
