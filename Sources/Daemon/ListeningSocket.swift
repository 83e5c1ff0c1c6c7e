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

    /// Takes over a socket that listens already, as one before us left it with the service manager.
    /// - Returns: nil if it is none; the descriptor is left alone then.
    init?(listening descriptor: Int32) {
        guard Self.number(SO_ACCEPTCONN, of: descriptor) == 1,
            Self.number(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
            let endpoint = SocketAddress.local(of: descriptor)
        else { return nil }
        self.endpoint = endpoint
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    private static func number(_ option: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : nil
    }

    /// What the service manager keeps it under: its address, without what may not stand in a name (sd_pid_notify_with_fds(3)).
    var name: String { "models_" + String(endpoint.description.map { $0 == ":" ? "_" : $0 }) }

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

    /// What a socket is bound to; nil unless that is an IP address.
    static func local(of descriptor: Int32) -> IPEndpoint? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer -> IPEndpoint? in
            let failed = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size)
            }
            guard failed == 0 else { return nil }
            switch Int32(pointer.pointee.ss_family) {
            case AF_INET:
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    let address = IPAddress(v4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
                    return IPEndpoint(address: address, port: UInt16(bigEndian: $0.pointee.sin_port))
                }
            case AF_INET6:
                return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
                    let bytes = withUnsafeBytes(of: v6.pointee.sin6_addr) { Array($0) }
                    let port = UInt16(bigEndian: v6.pointee.sin6_port)
                    return IPAddress(bytes: bytes).map { IPEndpoint(address: $0, port: port) }
                }
            default: return nil
            }
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
