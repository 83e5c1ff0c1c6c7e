/// The model API's listening sockets: opened by the daemon, handed to each gateway process, kept over its restarts.
import Foundation
import NetTypes

/// Owns one listening descriptor.
final class ListeningSocket: Sendable {
    let endpoint: IPEndpoint
    let descriptor: Int32

    /// Connections that may wait to be accepted while a gateway restarts.
    private static let backlog: Int32 = 1024

    /// Binds and listens, non-blocking. Throws what the system says, with the address it was about.
    init(_ endpoint: IPEndpoint) throws {
        self.endpoint = endpoint
        let domain = endpoint.address.family == .v4 ? AF_INET : AF_INET6
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(domain, type, 0)
        guard descriptor >= 0 else { throw DaemonError.system("cannot open a socket for \(endpoint)", errno: errno) }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        if domain == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size) }
        let outcome = SocketAddress.with(endpoint) { bind(descriptor, $0, $1) }
        guard outcome == 0, listen(descriptor, Self.backlog) == 0 else {
            let reason = errno
            close(descriptor)
            throw DaemonError.system("cannot listen on \(endpoint)", errno: reason)
        }
    }

    /// A descriptor of its own for somebody who closes it himself.
    func duplicate() -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }

    deinit { close(descriptor) }
}

/// An IP endpoint as the socket calls want it.
enum SocketAddress {
    static func with<Result>(_ endpoint: IPEndpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch endpoint.address.family {
        case .v4:
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = endpoint.port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: endpoint.address.low).bigEndian
            return rebound(&address, body)
        case .v6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = endpoint.port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: endpoint.address.bytes) }
            return rebound(&address, body)
        }
    }

    private static func rebound<Address, Result>(
        _ address: inout Address,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
        }
    }
}
