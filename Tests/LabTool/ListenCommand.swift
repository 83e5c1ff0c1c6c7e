import Glibc
import LabText

/// `lab-tool listen`: what does the kernel announce? Every rtnetlink notification on links, routes of both families, rules and next hops,
/// one JSON line each, as the kernel sends it, read over a socket of the lab's own and not through the product.
struct ListenCommand {
    /// Multicast groups of linux/rtnetlink.h, `enum rtnetlink_groups`.
    private static let groups: [CInt] = [
        1,  // RTNLGRP_LINK
        7,  // RTNLGRP_IPV4_ROUTE
        8,  // RTNLGRP_IPV4_RULE
        11,  // RTNLGRP_IPV6_ROUTE
        19,  // RTNLGRP_IPV6_RULE
        32,  // RTNLGRP_NEXTHOP
    ]
    private static let solNetlink: CInt = 270
    private static let addMembership: CInt = 1  // NETLINK_ADD_MEMBERSHIP
    private static let receiveBufferForce: CInt = 33  // SO_RCVBUFFORCE
    /// Bytes of kernel buffer: a million route notifications must not overrun it.
    private static let receiveBuffer: CInt = 256 << 20
    private static let addressSize: socklen_t = 12  // sizeof(struct sockaddr_nl)
    /// Bytes of one read: the kernel's own largest notification.
    private static let readSize = 64 << 10

    init(_ arguments: ArraySlice<String>) throws {
        _ = try CommandOptions(arguments, known: [])
    }

    func run() throws {
        StopRequest.listen()
        let socket = try open()
        emit(["event": "ready", "at_ns": .integer(Moment.now.nanoseconds)])
        var polled = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        var counts = AnnouncementCounts()
        while !StopRequest.isMade {
            guard poll(&polled, 1, StopRequest.longestWait) > 0 else { continue }
            read(from: socket.number, counts: &counts)
        }
        read(from: socket.number, counts: &counts)
        emit(counts.report)
    }

    private func open() throws -> Descriptor {
        let kind = CInt(SOCK_RAW.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let opened = try Descriptor(socket(AF_NETLINK, kind, 0), from: "socket")
        var size = ListenCommand.receiveBuffer
        let length = socklen_t(MemoryLayout<CInt>.size)
        setsockopt(opened.number, SOL_SOCKET, ListenCommand.receiveBufferForce, &size, length)
        // A socket without a port number of its own is passed over by multicasts that spare port 0.
        try bindToOwnPort(opened.number)
        for var group in ListenCommand.groups {
            let joined = setsockopt(
                opened.number,
                ListenCommand.solNetlink,
                ListenCommand.addMembership,
                &group,
                length
            )
            guard joined == 0 else { throw SystemFailure("join netlink group \(group)") }
        }
        return opened
    }

    /// Binds to struct sockaddr_nl with port 0: the kernel chooses one.
    private func bindToOwnPort(_ socket: CInt) throws {
        var address = sockaddr_storage()
        address.ss_family = sa_family_t(AF_NETLINK)
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, ListenCommand.addressSize) }
        }
        guard bound == 0 else { throw SystemFailure("bind netlink") }
    }

    private func read(from socket: CInt, counts: inout AnnouncementCounts) {
        var buffer = [UInt8](repeating: 0, count: ListenCommand.readSize)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0 {
                guard errno == ENOBUFS else { return }
                counts.overruns += 1
                emit(["event": "overrun", "at_ns": .integer(Moment.now.nanoseconds)])
                continue
            }
            let now = Moment.now
            for announcement in Announcement.all(in: buffer[..<count]) {
                counts.add(announcement)
                emit(announcement.json(at: now))
            }
        }
    }
}

/// How many announcements of each type there were.
struct AnnouncementCounts {
    private var counts: [(type: String, count: Int)] = []
    var overruns = 0

    mutating func add(_ announcement: Announcement) {
        if let index = counts.firstIndex(where: { $0.type == announcement.type }) {
            counts[index].count += 1
        } else {
            counts.append((announcement.type, 1))
        }
    }

    var report: JSON {
        let members = counts.map { JSON.Member($0.type, .integer($0.count)) }
        return ["event": "end", "counts": .object(members), "overruns": .integer(overruns)]
    }
}
