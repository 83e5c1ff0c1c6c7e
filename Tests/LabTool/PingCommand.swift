import Glibc
import LabText

/// `lab-tool ping`: does this address answer one echo request? Leaves with status 0 when it does. Needs CAP_NET_RAW.
struct PingCommand {
    private let address: String
    private let timeoutMilliseconds: Int

    init(_ arguments: ArraySlice<String>) throws {
        let options = try CommandOptions(arguments, known: ["--to", "--timeout-ms"])
        address = try options.required("--to")
        timeoutMilliseconds = try options.integer("--timeout-ms", in: 1...60_000, absent: 1000)
    }

    func run() throws {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, nil, &hints, &found) == 0, let target = found else {
            throw CommandOptions.Misuse("\(address) is no address")
        }
        defer { freeaddrinfo(found) }
        let isV6 = target.pointee.ai_family == AF_INET6
        let icmp = CInt(isV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)
        let opened = try Descriptor(socket(target.pointee.ai_family, CInt(SOCK_RAW.rawValue), icmp), from: "socket")
        let began = Moment.now
        let request = PingCommand.request(isV6: isV6)
        let sent = sendto(opened.number, request, request.count, 0, target.pointee.ai_addr, target.pointee.ai_addrlen)
        guard sent == request.count else { throw SystemFailure("sendto \(address)") }
        try awaitReply(on: opened.number, isV6: isV6, since: began)
        emit(["event": "end", "ms": .number(Moment.now.milliseconds(since: began))])
    }

    private static var identifier: UInt16 { UInt16(truncatingIfNeeded: getpid()) }

    /// RFC 792, RFC 4443: type, code, checksum, identifier, sequence. The kernel sums ICMPv6 itself.
    private static func request(isV6: Bool) -> [UInt8] {
        let type: UInt8 = isV6 ? 128 : 8
        let name = identifier
        let sum = isV6 ? 0 : checksum(UInt16(type) << 8, name)
        return [type, 0, UInt8(sum >> 8), UInt8(sum & 0xFF), UInt8(name >> 8), UInt8(name & 0xFF), 0, 0]
    }

    /// RFC 1071.
    private static func checksum(_ words: UInt16...) -> UInt16 {
        var sum = words.reduce(UInt32(0)) { $0 + UInt32($1) }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        return ~UInt16(sum)
    }

    private func awaitReply(on socket: CInt, isV6: Bool, since began: Moment) throws {
        let deadline = began.after(.milliseconds(timeoutMilliseconds))
        var buffer = [UInt8](repeating: 0, count: 2048)
        while Moment.now < deadline {
            var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            let left = CInt(max(1, deadline.milliseconds(since: .now)))
            guard poll(&polled, 1, left) > 0 else { continue }
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { throw SystemFailure("receive") }
            let start = isV6 ? 0 : Int(buffer[0] & 0xF) * 4  // IPv4 comes with its header
            guard count >= start + 8, buffer[start] == (isV6 ? 129 : 0) else { continue }
            if UInt16(buffer[start + 4]) << 8 | UInt16(buffer[start + 5]) == PingCommand.identifier { return }
        }
        throw CommandOptions.Misuse("\(address) did not answer within \(timeoutMilliseconds) ms")
    }
}
