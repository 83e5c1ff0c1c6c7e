/// How echo requests leave by their member and no other way, and how the answers are read.
import CShim
import Glibc
import Liveness
import NetTypes

/// A raw ICMP or ICMPv6 socket. Needs CAP_NET_RAW; used by the prober's thread only.
///
/// Each way out is sent by on a socket of its own, since mark and device belong to the socket; all answers of a family come in
/// on one. (A socket that admits answers costs a copy of every answer to any of them: with one for each of 1,000 members probing
/// took half a core.) That one is bound to no device, and the kernel says by which each answer came: what comes in by another
/// device than the member's proves nothing about the member, and is said to have done so.
final class ICMPSocket {
    let family: AddressFamily
    private let socket: ProbeSocket
    /// The device it is bound to; 0 for none.
    let interfaceIndex: Int32

    /// Holds the answers of a thousand members while the prober is held up; the kernel drops what exceeds it.
    private static let receiveBuffer: Int32 = 4 * 1024 * 1024

    /// A socket that sends by a member and hears nothing.
    init(_ family: AddressFamily, sendingBy link: MemberLink) throws(SocketFailure) {
        self.family = family
        socket = try ProbeSocket(family, SOCK_RAW, Self.protocolNumber(family))
        let result = martlet_icmp_admit_nothing(socket.descriptor, family.domain)
        guard result == 0 else { throw SocketFailure(operation: "ICMP_FILTER", code: -result) }
        try socket.bind(to: link)
        interfaceIndex = socket.interfaceIndex
    }

    /// A socket that hears all answers to echo requests of ours.
    init(receiving family: AddressFamily) throws(SocketFailure) {
        self.family = family
        socket = try ProbeSocket(family, SOCK_RAW, Self.protocolNumber(family))
        interfaceIndex = 0
        let result = martlet_icmp_admit_answers(socket.descriptor, family.domain, UInt32(Echo.size))
        guard result == 0 else { throw SocketFailure(operation: "SO_ATTACH_FILTER", code: -result) }
        // Beyond net.core.rmem_max only with CAP_NET_ADMIN; without it, what the host allows has to do.
        if (try? socket.set(SO_RCVBUFFORCE, Self.receiveBuffer, "SO_RCVBUFFORCE")) == nil {
            try socket.set(SO_RCVBUF, Self.receiveBuffer, "SO_RCVBUF")
        }
    }

    private static func protocolNumber(_ family: AddressFamily) -> Int {
        family == .v4 ? Int(IPPROTO_ICMP) : Int(IPPROTO_ICMPV6)
    }

    /// For epoll; valid as long as the socket lives.
    var fileDescriptor: Int32 { socket.descriptor }

    func send(_ echo: Echo, to target: IPAddress) throws(SocketFailure) {
        let message = echo.requestWords(family)
        var address = SocketAddress(target, scope: interfaceIndex)
        let sent = withUnsafeBytes(of: message) { bytes in
            address.withPointer { sendto(socket.descriptor, bytes.baseAddress, bytes.count, 0, $0, $1) }
        }
        guard sent == Echo.size else { throw SocketFailure(operation: "sendto", code: sent < 0 ? errno : EMSGSIZE) }
    }
}

// MARK: - Receiving

/// One message that came in on a socket that tells when and by which way.
struct Arrival {
    let source: IPAddress
    /// How many bytes of the buffer it fills.
    let length: Int
    /// CLOCK_REALTIME nanoseconds at which the kernel received it; nil when it did not say.
    let stamp: UInt64?
    /// Index of the device it came in by; 0 when the kernel did not say.
    let interface: Int32
    /// The IPv6 hop limit it came in with; -1 when the kernel did not say.
    let hops: Int32

    /// The next message on a descriptor, nil when there is none. The buffer is scratch space; what exceeds it is no answer of ours.
    static func next(
        _ descriptor: Int32,
        _ family: AddressFamily,
        _ buffer: UnsafeMutableRawBufferPointer
    ) throws(SocketFailure) -> Arrival? {
        var arrival = martlet_icmp_arrival()
        let length = martlet_icmp_receive(descriptor, buffer.baseAddress, buffer.count, &arrival)
        if length < 0 {
            let code = Int32(-length)
            if code == EAGAIN || code == EINTR { return nil }
            throw SocketFailure(operation: "recvmsg", code: code)
        }
        let source = withUnsafeBytes(of: arrival.source) { bytes in
            switch family {
            case .v4: IPAddress(v4: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
            case .v6:
                IPAddress(
                    family: .v6,
                    high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                    low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
        }
        return Arrival(
            source: source,
            length: min(length, buffer.count),
            stamp: arrival.stamp == 0 ? nil : arrival.stamp,
            interface: arrival.interface,
            hops: arrival.hops
        )
    }

    func bytes(_ buffer: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: buffer[..<length])
    }
}

extension ICMPSocket {
    func receive(_ buffer: UnsafeMutableRawBufferPointer) throws(SocketFailure) -> Arrival? {
        try Arrival.next(socket.descriptor, family, buffer)
    }

    /// What an arrival says; nil when it is not an answer to an echo of ours.
    func message(_ arrival: Arrival, _ buffer: UnsafeMutableRawBufferPointer) -> ICMPMessage? {
        let bytes = arrival.bytes(buffer).bytes
        return family == .v4 ? try? ICMPMessage(ipv4Packet: bytes) : try? ICMPMessage(icmpv6: bytes)
    }
}
