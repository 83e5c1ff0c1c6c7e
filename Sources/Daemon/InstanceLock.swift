/// One daemon per network namespace and route protocol number: a second one is refused, with the first one's process id. Routes are known
/// by that number alone, so two daemons that share it would each remove the other's.
///
/// The lock is a listening socket in the abstract namespace, which belongs to the network namespace and vanishes with its
/// holder, however that ends.
import Forwarding
import Foundation

final class InstanceLock: Sendable {
    private let descriptor: Int32

    /// Throws when another process holds the lock, naming it.
    init(window: OwnershipWindow) throws {
        let name = "@martlet/\(window.routeProtocol)"
        let address = UnixSocketAddress(name)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw DaemonError.system("cannot make the instance lock", errno: errno) }
        self.descriptor = descriptor
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else {
            let reason = errno
            guard reason == EADDRINUSE else { throw DaemonError.system("cannot take the instance lock", errno: reason) }
            let holder = Self.holder(of: address).map { "process \($0)" } ?? "another process"
            throw DaemonError.plain(
                """
                \(holder) already manages this network namespace with route protocol \(window.routeProtocol): stop it, or give this \
                one other numbers in 'network.ownership'
                """
            )
        }
        _ = listen(descriptor, 1)
    }

    deinit { close(descriptor) }

    private static func holder(of address: UnixSocketAddress) -> pid_t? {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return nil }
        defer { close(probe) }
        guard address.withPointer({ connect(probe, $0, $1) }) == 0 else { return nil }
        return PeerCredentials(of: probe)?.process
    }
}
