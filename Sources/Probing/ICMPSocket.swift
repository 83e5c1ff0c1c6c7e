/// How one member's echo requests leave by that member and no other way, and how the answers are read.
import CShim
import Glibc
import Liveness
import NetTypes

/// The way by which a member's requests leave.
struct MemberLink: Hashable {
    let device: String?
    let mark: Mark?
}

/// A raw ICMP or ICMPv6 socket of one schedule. Needs CAP_NET_RAW; used by the prober's thread only.
final class ICMPSocket {
    let family: AddressFamily
    private let descriptor: Int32

    /// Enough for every answer of some rounds; a flood beyond it is dropped by the kernel.
    private static let receiveBuffer: Int32 = 64 * 1024

    /// A non-blocking socket bound to the device, marked, and filtered down to answers to `identifier`.
    init(_ family: AddressFamily, _ link: MemberLink, identifier: UInt16) throws(SocketFailure) {
        self.family = family
        let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = family == .v4 ? Int32(IPPROTO_ICMP) : Int32(IPPROTO_ICMPV6)
        descriptor = socket(Self.domain(family), type, number)
        guard descriptor >= 0 else { throw SocketFailure(operation: "socket", code: errno) }
        try restrict(to: identifier)
        try set(SO_RCVBUF, Self.receiveBuffer, "SO_RCVBUF")
        try set(SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS")
        if let mark = link.mark { try set(SO_MARK, Int32(bitPattern: mark.value), "SO_MARK") }
        if let device = link.device { try bind(to: device) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// For epoll; valid as long as the socket lives.
    var fileDescriptor: Int32 { descriptor }

    private static func domain(_ family: AddressFamily) -> Int32 { family == .v4 ? AF_INET : AF_INET6 }

    private func restrict(to identifier: UInt16) throws(SocketFailure) {
        let result = martlet_icmp_set_filter(descriptor, Self.domain(family), identifier)
        guard result == 0 else { throw SocketFailure(operation: "SO_ATTACH_FILTER", code: -result) }
    }

    private func set(_ option: Int32, _ value: Int32, _ name: String) throws(SocketFailure) {
        var value = value
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard setsockopt(descriptor, SOL_SOCKET, option, &value, size) == 0 else {
            throw SocketFailure(operation: name, code: errno)
        }
    }

    private func bind(to device: String) throws(SocketFailure) {
        let size = socklen_t(device.utf8.count)
        guard setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, device, size) == 0 else {
            throw SocketFailure(operation: "SO_BINDTODEVICE", code: errno)
        }
    }
}

// MARK: - Sending

extension ICMPSocket {
    func send(_ echo: Echo, to target: IPAddress) throws(SocketFailure) {
        let message = echo.request(family)
        let sent = family == .v4 ? send(message, v4: target) : send(message, v6: target)
        guard sent == message.count else { throw SocketFailure(operation: "sendto", code: sent < 0 ? errno : EMSGSIZE) }
    }

    private func send(_ message: [UInt8], v4 target: IPAddress) -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(truncatingIfNeeded: target.low).bigEndian
        return send(message, to: &address, MemoryLayout<sockaddr_in>.size)
    }

    /// A link-local target needs no scope: the socket is bound to its device.
    private func send(_ message: [UInt8], v6 target: IPAddress) -> Int {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
            bytes.storeBytes(of: target.high.bigEndian, toByteOffset: 0, as: UInt64.self)
            bytes.storeBytes(of: target.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return send(message, to: &address, MemoryLayout<sockaddr_in6>.size)
    }

    private func send(_ message: [UInt8], to address: UnsafeRawPointer, _ size: Int) -> Int {
        sendto(descriptor, message, message.count, 0, address.assumingMemoryBound(to: sockaddr.self), socklen_t(size))
    }
}

// MARK: - Receiving

extension ICMPSocket {
    /// One message that came in.
    struct Arrival {
        /// nil: not an answer to an echo of ours.
        let message: ICMPMessage?
        let source: IPAddress
        /// CLOCK_REALTIME nanoseconds at which the kernel received it; nil when it did not say.
        let stamp: UInt64?
    }

    /// The next message, nil when there is none. The buffer is scratch space; what exceeds it is no answer of ours.
    func receive(_ buffer: UnsafeMutableRawBufferPointer) throws(SocketFailure) -> Arrival? {
        var arrival = martlet_icmp_arrival()
        let length = martlet_icmp_receive(descriptor, buffer.baseAddress, buffer.count, &arrival)
        if length < 0 {
            let code = Int32(-length)
            if code == EAGAIN || code == EINTR { return nil }
            throw SocketFailure(operation: "recvmsg", code: code)
        }
        let source = withUnsafeBytes(of: arrival.source) { IPAddress(bytes: $0.prefix(family.width / 8)) }
        guard let source else { return nil }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<min(length, buffer.count)]).bytes
        return Arrival(message: read(bytes), source: source, stamp: arrival.stamp == 0 ? nil : arrival.stamp)
    }

    private func read(_ bytes: RawSpan) -> ICMPMessage? {
        family == .v4 ? try? ICMPMessage(ipv4Packet: bytes) : try? ICMPMessage(icmpv6: bytes)
    }
}
