/// A descriptor that a probe sends by: bound to its member's device, marked with its member's path, closed with its object.
import CShim
import Glibc
import Liveness
import NetTypes

/// The way by which a member's requests leave.
struct MemberLink: Hashable {
    let device: String?
    let mark: Mark?
}

/// Used by the prober's thread only.
final class ProbeSocket {
    /// -1 once it was handed over.
    private(set) var descriptor: Int32

    /// A non-blocking socket.
    init(_ family: AddressFamily, _ type: __socket_type, _ number: Int = 0) throws(SocketFailure) {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(family.domain, Int32(type.rawValue) | flags, Int32(number))
        guard descriptor >= 0 else { throw SocketFailure(operation: "socket", code: errno) }
    }

    /// Takes a descriptor over.
    init(owning descriptor: Int32, from operation: String) throws(SocketFailure) {
        self.descriptor = descriptor
        guard descriptor >= 0 else { throw SocketFailure(operation: operation, code: -descriptor) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Gives the descriptor away: whoever takes it closes it.
    func handOver() -> Int32 {
        defer { descriptor = -1 }
        return descriptor
    }

    /// Makes everything sent on it leave by the member.
    func bind(to link: MemberLink) throws(SocketFailure) {
        if let mark = link.mark { try set(SO_MARK, Int32(bitPattern: mark.value), "SO_MARK") }
        guard let device = link.device else { return }
        let size = socklen_t(device.utf8.count)
        guard setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, device, size) == 0 else {
            throw SocketFailure(operation: "SO_BINDTODEVICE", code: errno)
        }
    }

    func set(_ option: Int32, _ value: Int32, _ name: String, level: Int32 = SOL_SOCKET) throws(SocketFailure) {
        var value = value
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard setsockopt(descriptor, level, option, &value, size) == 0 else {
            throw SocketFailure(operation: name, code: errno)
        }
    }

    func value(of option: Int32, level: Int32 = SOL_SOCKET) -> Int32 {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, level, option, &value, &size)
        return value
    }

    /// The index of the device it is bound to; 0 when it is bound to none. A device that went and came back has
    /// another.
    var interfaceIndex: Int32 { value(of: SO_BINDTOIFINDEX) }

    /// Connects, or begins to.
    func connect(_ target: ProbeTarget) throws(SocketFailure) {
        var address = SocketAddress(target.address, port: target.port, scope: interfaceIndex)
        let result = address.withPointer { Glibc.connect(descriptor, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { throw SocketFailure(operation: "connect", code: errno) }
    }

    /// The address it sends from; nil while the kernel has chosen none.
    var source: IPAddress? { SocketAddress.local(of: descriptor) }
}

extension AddressFamily {
    var domain: Int32 { self == .v4 ? AF_INET : AF_INET6 }
}
