/// How one member's echo requests leave by that member and no other way, and how the answers are read.
import CShim
import Glibc
import Liveness
import NetTypes

/// A raw ICMP or ICMPv6 socket, bound to a device where the member has one. Needs CAP_NET_RAW; used by the prober's
/// thread only.
///
/// Each member sends on a socket of its own, since the mark belongs to the socket; all members of a device are answered
/// on one. (A socket that admits answers costs a copy of every answer to any of them: with one for each of 1,000
/// members probing took half a core.) One that answers come to is bound as well: an answer that comes back by another
/// device proves nothing about this one.
final class ICMPSocket {
    /// What a socket is for.
    enum Use: Hashable {
        case sending(Mark?)
        case receiving
    }

    let family: AddressFamily
    private let descriptor: Int32

    /// Holds the answers of a thousand members while the prober is held up; the kernel drops what exceeds it.
    private static let receiveBuffer: Int32 = 1024 * 1024

    /// A non-blocking socket, bound, and marked or filtered for its use.
    init(_ family: AddressFamily, device: String?, _ use: Use) throws(SocketFailure) {
        self.family = family
        let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = family == .v4 ? Int32(IPPROTO_ICMP) : Int32(IPPROTO_ICMPV6)
        descriptor = socket(Self.domain(family), type, number)
        guard descriptor >= 0 else { throw SocketFailure(operation: "socket", code: errno) }
        switch use {
        case .sending(let mark): try prepareSending(mark)
        case .receiving: try prepareReceiving()
        }
        if let device { try bind(to: device) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// For epoll; valid as long as the socket lives.
    var fileDescriptor: Int32 { descriptor }

    /// The index of the device it is bound to; 0 when it is bound to none. A device that went and came back has
    /// another.
    var interfaceIndex: Int32 {
        var index: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &size)
        return index
    }

    private static func domain(_ family: AddressFamily) -> Int32 { family == .v4 ? AF_INET : AF_INET6 }

    private func prepareSending(_ mark: Mark?) throws(SocketFailure) {
        let result = martlet_icmp_admit_nothing(descriptor, Self.domain(family))
        guard result == 0 else { throw SocketFailure(operation: "ICMP_FILTER", code: -result) }
        if let mark { try set(SO_MARK, Int32(bitPattern: mark.value), "SO_MARK") }
    }

    private func prepareReceiving() throws(SocketFailure) {
        let result = martlet_icmp_admit_answers(descriptor, Self.domain(family), UInt32(Echo.size))
        guard result == 0 else { throw SocketFailure(operation: "SO_ATTACH_FILTER", code: -result) }
        // Beyond net.core.rmem_max only with CAP_NET_ADMIN; without it, what the host allows has to do.
        if (try? set(SO_RCVBUFFORCE, Self.receiveBuffer, "SO_RCVBUFFORCE")) == nil {
            try set(SO_RCVBUF, Self.receiveBuffer, "SO_RCVBUF")
        }
        try set(SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS")
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
