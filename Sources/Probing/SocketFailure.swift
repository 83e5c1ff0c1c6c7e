/// Which step with a probe's socket the kernel refused, and what that says about the member.
import Glibc
import Liveness
package import PolicyEngine

/// One refused system call.
package struct SocketFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call or option, as its manual page names it: `socket`, `SO_BINDTODEVICE`, `sendto`.
    package let operation: String
    /// errno
    package let code: Int32

    package var description: String { "\(operation): \(String(cString: strerror(code)))" }

    /// What it says about the member.
    package var cause: Cause {
        switch code {
        case ENODEV, ENXIO: .noDevice
        case ENETDOWN: .deviceDown
        case ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL: .noRoute
        case EPERM, EACCES: .notPermitted
        case ECONNREFUSED: .refused
        case ECONNRESET, EPIPE: .broken
        case ETIMEDOUT: .probeTimeout
        case EPROTONOSUPPORT: .noNeighbours
        default: .sendFailed
        }
    }

    /// The same, with the words that the cause does not say.
    var fault: ProbeFault { ProbeFault(cause, cause == .sendFailed ? description : nil) }

    /// Whether the socket itself may be what is wrong: it is bound to an interface index, which a device that went and
    /// came back no longer has.
    var spoilsSocket: Bool {
        switch code {
        case EAGAIN, ENOBUFS, ENOMEM, EINTR, EPERM, EACCES: false
        default: true
        }
    }
}
