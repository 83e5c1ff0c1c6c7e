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

    init(_ failure: ICMPFailure) {
        switch failure {
        case .unreachable: self = .probeUnreachable
        case .timeExceeded: self = .probeTimeExceeded
        case .parameterProblem: self = .probeRefused
        }
    }
}
