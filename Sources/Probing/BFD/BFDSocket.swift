/// How BFD packets leave and arrive (RFC 5881): UDP, one hop, and only by the session's own device.
import CShim
import Glibc
import NetTypes

/// A UDP socket of one session (to send) or of one device and family (to receive). Used by the BFD thread only.
final class BFDSocket {
    let family: AddressFamily
    private let descriptor: Int32

    /// §4: where control packets go.
    private static let port: UInt16 = 3784
    /// §4: where they come from.
    private static let sourcePorts: ClosedRange<UInt16> = 49152...65535
    /// Ports tried before it is given up: in a range that is half full, one in a million attempts fails.
    private static let mostAttempts = 20
    /// §5: sent with, and asked of what arrives: a packet from beyond this link cannot have it.
    private static let hopLimit: Int32 = 255
    /// The class of network control (RFC 4594 §3.2): CS6 in the upper six bits.
    private static let trafficClass: Int32 = 0xC0
    /// The highest that takes no further privilege; queues that look at it send these first.
    private static let queuePriority: Int32 = 6
    /// Holds some seconds of a thousand sessions, should the thread be held up.
    private static let receiveBuffer: Int32 = 4 * 1024 * 1024

    /// A non-blocking socket that hears what comes to this host's sessions on the device.
    init(listening family: AddressFamily, device: String?) throws(SocketFailure) {
        self.family = family
        descriptor = try Self.open(family)
        // Another BFD speaker of this host may listen on devices that are not ours.
        try set(SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR")
        if let device { try bind(to: device) }
        try set(SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS")
        switch family {
        case .v4: try set(Int32(IPPROTO_IP), IP_RECVTTL, 1, "IP_RECVTTL")
        case .v6: try set(Int32(IPPROTO_IPV6), IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT")
        }
        let admitted = martlet_bfd_admit_neighbours(descriptor, family.domain)
        guard admitted == 0 else { throw SocketFailure(operation: "SO_ATTACH_FILTER", code: -admitted) }
        // Beyond net.core.rmem_max only with CAP_NET_ADMIN; without it, what the host allows has to do.
        if (try? set(SOL_SOCKET, SO_RCVBUFFORCE, Self.receiveBuffer, "SO_RCVBUFFORCE")) == nil {
            try set(SOL_SOCKET, SO_RCVBUF, Self.receiveBuffer, "SO_RCVBUF")
        }
        try bind(port: Self.port)
    }

    /// A non-blocking socket that sends to one peer from a port of its own, by the address that the routes choose now.
    init(to peer: IPAddress, device: String?) throws(SocketFailure) {
        family = peer.family
        descriptor = try Self.open(peer.family)
        if let device { try bind(to: device) }
        switch family {
        case .v4:
            try set(Int32(IPPROTO_IP), IP_TTL, Self.hopLimit, "IP_TTL")
            try set(Int32(IPPROTO_IP), IP_TOS, Self.trafficClass, "IP_TOS")
        case .v6:
            try set(Int32(IPPROTO_IPV6), IPV6_UNICAST_HOPS, Self.hopLimit, "IPV6_UNICAST_HOPS")
            try set(Int32(IPPROTO_IPV6), IPV6_TCLASS, Self.trafficClass, "IPV6_TCLASS")
        }
        try set(SOL_SOCKET, SO_PRIORITY, Self.queuePriority, "SO_PRIORITY")
        try bindToSourcePort()
        try connect(to: peer)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// For epoll; valid as long as the socket lives.
    var fileDescriptor: Int32 { descriptor }

    /// The index of the device it is bound to; 0 when it is bound to none. A device that went and came back has another.
    var interfaceIndex: Int32 {
        var index: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &size)
        return index
    }

    private static func open(_ family: AddressFamily) throws(SocketFailure) -> Int32 {
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family.domain, type, 0)
        guard descriptor >= 0 else { throw SocketFailure(operation: "socket", code: errno) }
        guard family == .v6 else { return descriptor }
        var isOnly: Int32 = 1
        // Else it would hear, and hold the port of, IPv4 as well.
        setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &isOnly, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32, _ name: String) throws(SocketFailure) {
        var value = value
        guard setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw SocketFailure(operation: name, code: errno)
        }
    }

    private func bind(to device: String) throws(SocketFailure) {
        guard setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, device, socklen_t(device.utf8.count)) == 0 else {
            throw SocketFailure(operation: "SO_BINDTODEVICE", code: errno)
        }
    }

    private func bindToSourcePort() throws(SocketFailure) {
        for _ in 1..<Self.mostAttempts where (try? bind(port: UInt16.random(in: Self.sourcePorts))) != nil { return }
        try bind(port: UInt16.random(in: Self.sourcePorts))
    }

    private func bind(port: UInt16) throws(SocketFailure) {
        var any = SocketAddress(IPAddress(family: family, high: 0, low: 0), port: port)
        let result = any.withPointer { Glibc.bind(descriptor, $0, $1) }
        guard result == 0 else { throw SocketFailure(operation: "bind", code: errno) }
    }

    private func connect(to peer: IPAddress) throws(SocketFailure) {
        var address = SocketAddress(peer, port: Self.port, scope: interfaceIndex)
        let result = address.withPointer { Glibc.connect(descriptor, $0, $1) }
        guard result == 0 else { throw SocketFailure(operation: "connect", code: errno) }
    }
}

// MARK: - Packets

extension BFDSocket {
    /// One packet that came in.
    struct Arrival {
        let source: IPAddress
        /// CLOCK_REALTIME nanoseconds at which the kernel received it; nil when it did not say.
        let stamp: UInt64?
    }

    /// Room for what one call reads.
    typealias Buffer = UnsafeMutableBufferPointer<martlet_bfd_arrival>

    static func makeBuffer() -> Buffer { .allocate(capacity: Int(MARTLET_BFD_BATCH)) }

    func send(_ packet: [UInt8]) throws(SocketFailure) {
        var sent = Glibc.send(descriptor, packet, packet.count, 0)
        // The kernel tells of an earlier packet that nobody listens there, once; this one has not been sent for it.
        if sent < 0, errno == ECONNREFUSED { sent = Glibc.send(descriptor, packet, packet.count, 0) }
        guard sent == packet.count else { throw SocketFailure(operation: "send", code: sent < 0 ? errno : EMSGSIZE) }
    }

    /// Hands on what has come with a full hop limit, up to one call's worth, and says whether there may be more.
    func receive(_ buffer: Buffer, _ take: (Arrival, RawSpan) -> Void) throws(SocketFailure) -> Bool {
        let count = martlet_bfd_receive(descriptor, buffer.baseAddress)
        guard count >= 0 else {
            // A peer of another socket refused; nothing of this one's.
            if count == -ECONNREFUSED { return true }
            throw SocketFailure(operation: "recvmmsg", code: -count)
        }
        for index in 0..<Int(count) where buffer[index].hop_limit == Self.hopLimit {
            let source = withUnsafeBytes(of: buffer[index].source) { IPAddress(bytes: $0.prefix(family.width / 8)) }
            guard let source else { continue }
            let stamp = buffer[index].stamp
            withUnsafeBytes(of: buffer[index].bytes) { bytes in
                let payload = UnsafeRawBufferPointer(rebasing: bytes[..<min(Int(buffer[index].length), bytes.count)])
                take(Arrival(source: source, stamp: stamp == 0 ? nil : stamp), payload.bytes)
            }
        }
        return count == MARTLET_BFD_BATCH
    }
}
