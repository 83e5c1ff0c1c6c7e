/// One netlink socket: what is set on it, how long it waits, and what its errors become.
///
/// Every socket has strict checking of dumps, extended and capped acknowledgements, and never blocks by itself: whoever receives
/// says until when.
import CMnl
import CShim
import Forwarding
import Glibc
import NetTypes

struct NetlinkSocket: ~Copyable {
    enum Bus {
        case route
        case netfilter
        /// Diagnosis of other sockets (sock_diag(7)).
        case sockets

        var number: Int32 {
            switch self {
            case .route: NETLINK_ROUTE
            case .netfilter: NETLINK_NETFILTER
            case .sockets: NETLINK_SOCK_DIAG
            }
        }
    }

    /// The kernel fills at most 32 KiB a datagram (`SKB_WITH_OVERHEAD(32768)` in netlink_dump); twice that leaves room.
    private static let datagramLimit = 64 << 10

    /// A send of this size is taken by any kernel without asking (`net.core.wmem_default` is 212,992 bytes).
    private static let defaultSendBuffer: Int32 = 64 << 10

    /// The name of the call whose failure means that nothing was carried out.
    static let sendCall = "sendto"

    private let handle: OpaquePointer
    private let buffer: UnsafeMutableRawBufferPointer
    /// For poll(2); owned by the socket.
    let descriptor: Int32
    /// What the kernel calls the socket; answers carry it.
    let port: UInt32
    private var sequence: UInt32 = 0

    private init(handle: OpaquePointer) {
        self.handle = handle
        descriptor = mnl_socket_get_fd(handle)
        port = mnl_socket_get_portid(handle)
        buffer = .allocate(byteCount: Self.datagramLimit, alignment: 8)
    }

    deinit {
        mnl_socket_close(handle)
        buffer.deallocate()
    }

    /// Opens a socket in the network namespace of the calling thread.
    ///
    /// - Parameter bytes: size of the receive buffer as the kernel counts it, without its doubling (`SO_RCVBUF`).
    static func open(_ bus: Bus, receiveBuffer bytes: Int32) throws(NetlinkFailure) -> NetlinkSocket {
        let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard let handle = mnl_socket_open2(bus.number, flags) else { throw .lastCall("socket") }
        guard mnl_socket_bind(handle, 0, MNL_SOCKET_AUTOPID) == 0 else {
            let failure = NetlinkFailure.lastCall("bind")
            mnl_socket_close(handle)
            throw failure
        }
        let socket = NetlinkSocket(handle: handle)
        socket.setReceiveBuffer(bytes)
        for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK] { try socket.set(option, 1) }
        return socket
    }

    /// Subscribes to a multicast group (`RTNLGRP_*`, `NFNLGRP_*`).
    func join(_ group: UInt32) throws(NetlinkFailure) {
        try set(NETLINK_ADD_MEMBERSHIP, Int32(bitPattern: group))
    }

    /// Has the kernel drop, before they are queued here, announcements of what the socket with this port caused.
    func passOver(port: UInt32) throws(NetlinkFailure) {
        guard martlet_netlink_pass_over(descriptor, port) == 0 else { throw .lastCall("setsockopt") }
    }

    /// A number for the next request, one more than the last, around the end of 32 bits; answers repeat it.
    mutating func nextSequence() -> UInt32 {
        sequence &+= 1
        return sequence
    }

    /// Takes note that a buffer of messages has used all numbers up to this one.
    mutating func skipSequences(to last: UInt32) { sequence = last }

    /// Sends one buffer of messages. The kernel has worked them off when this returns (netlink(7): requests are handled in the
    /// sender's context), only the answers are left to be read.
    func send(_ bytes: UnsafeRawBufferPointer) throws(NetlinkFailure) {
        while mnl_socket_sendto(handle, bytes.baseAddress, bytes.count) < 0 {
            guard errno == EINTR else { throw .lastCall(Self.sendCall) }
        }
    }

    /// Waits for one datagram until the deadline and shows each message of it to `body`.
    ///
    /// Throws `overrun`, `deadline`, `malformed` or `system`.
    func receive(
        until deadline: Deadline,
        _ body: (Message, RawSpan) throws(MalformedMessage) -> Void
    ) throws(NetlinkFailure) {
        let count = try receiveDatagram(until: deadline)
        let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        var messages = MessageCursor()
        do throws(MalformedMessage) {
            while let message = try messages.next(in: bytes) { try body(message, bytes) }
        } catch {
            throw .malformed(error)
        }
    }

    /// Makes sure that one send of this size is taken: the kernel refuses what exceeds the send buffer (`EMSGSIZE`).
    func makeRoom(toSend bytes: Int) {
        var value = Int32(clamping: bytes)  // The kernel doubles it, for its own bookkeeping.
        guard value > Self.defaultSendBuffer else { return }
        let size = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &value, size) != 0 {
            _ = setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &value, size)
        }
    }

    private func receiveDatagram(until deadline: Deadline) throws(NetlinkFailure) -> Int {
        while true {
            let count = mnl_socket_recvfrom(handle, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(until: deadline)
            case ENOBUFS: throw .overrun
            default: throw .lastCall("recvmsg")
            }
        }
    }

    private func wait(until deadline: Deadline) throws(NetlinkFailure) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let left = deadline.millisecondsLeft
        guard left > 0 else { throw .deadline }
        if poll(&entry, 1, left) < 0, errno != EINTR { throw .lastCall("poll") }
    }

    private func set(_ option: Int32, _ value: Int32) throws(NetlinkFailure) {
        var value = value
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard mnl_socket_setsockopt(handle, option, &value, size) == 0 else { throw .lastCall("setsockopt") }
    }

    /// Past `net.core.rmem_max` where we may (CAP_NET_ADMIN), up to it otherwise: a smaller buffer costs overruns, not truth.
    private func setReceiveBuffer(_ bytes: Int32) {
        var value = bytes
        let size = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &value, size) != 0 {
            _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &value, size)
        }
    }
}

extension NetlinkFailure {
    /// The failure of a system call that has just set `errno`.
    static func lastCall(_ name: String) -> NetlinkFailure { .system(call: name, errno: errno) }
}
