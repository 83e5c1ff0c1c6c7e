/// Of which class is an error that the system, NIO or TLS reports about a provider's connection?
import Glibc
import Inference
import NIOCore
import NIOHTTP2
import NIOSSL
import Wire

enum UpstreamFault {
    static func classify(_ error: any Error) -> (FailureClass, String) {
        switch error {
        case let error as IOError: (kind(errno: error.errnoCode), String(cString: strerror(error.errnoCode)))
        // The stream ended where HTTP wanted more: what came before it may have been right.
        case let error as HTTPError: (error == .truncated ? .truncated : .malformed, error.rawValue)
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: (.tls, words(ofTLS: "\(error)"))
        // The library's words are the names of its errors.
        case let error as any NIOHTTP2Error: (.malformed, "its HTTP/2 breaks the rules: \(type(of: error))")
        case is ChannelError: (.reset, "\(error)")
        default: (.reset, "\(error)")
        }
    }

    /// The library says where in its sources it stumbled; an operator wants to know over what.
    private static func words(ofTLS error: String) -> String {
        if error.contains("CERTIFICATE_VERIFY_FAILED") {
            return "its certificate is expired, or of no authority we trust"
        }
        if error.contains("failedToValidateHostname") { return "its certificate is another name's" }
        return error
    }

    private static func kind(errno code: Int32) -> FailureClass {
        switch code {
        case ECONNREFUSED: .connectRefused
        case ETIMEDOUT: .connectTimeout
        // EPERM, EACCES: the mark or a firewall's reject; EADDRNOTAVAIL: no source address on the path.
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL, EPERM, EACCES, EINVAL: .unreachable
        // Ours, and not the provider's.
        case EMFILE, ENFILE, ENOMEM, ENOBUFS: .noRoom
        default: .reset
        }
    }
}
