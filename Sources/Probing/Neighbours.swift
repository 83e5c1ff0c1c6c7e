/// How a member's gateway is asked for its hardware address: ARP on packet sockets, neighbour discovery on raw ICMPv6 sockets.
///
/// The kernel's own table is no witness: an entry of it may be minutes old. Both sockets belong to the member's device, so what
/// they hear came by that device.
import CShim
import Glibc
import Liveness
import NetTypes

/// Open requests by device; one socket for each device and family.
struct Neighbours {
    private struct Line {
        let socket: ProbeSocket
        let interface: Int32
        let hardware: HardwareAddress
        /// The address that the last ARP request came from.
        var source = IPAddress(v4: 0)
        var waiting: [ProbeRequest] = []
    }

    private struct Key: Hashable {
        let device: String
        let family: AddressFamily
    }

    private let poller: Poller
    private var tokens: [Key: UInt64] = [:]
    private var lines: [UInt64: Line] = [:]
    private var nextToken: UInt64 = 0
    /// Requests that wait on one device: one round of every member, and room for those that time out.
    private static let mostWaiting = 1024

    init(_ poller: Poller) { self.poller = poller }

    /// Closes the sockets of devices that no member asks on any more.
    mutating func keep(_ devices: Set<String>) {
        for (key, token) in tokens where !devices.contains(key.device) {
            tokens[key] = nil
            lines[token] = nil
        }
    }

    mutating func ask(_ request: ProbeRequest, on device: String?) throws(SocketFailure) {
        guard let device else { throw SocketFailure(operation: "socket", code: EPROTONOSUPPORT) }
        let key = Key(device: device, family: request.target.family)
        let token = try token(key)
        guard var line = lines[token] else { return }
        lines[token] = nil
        defer { lines[token] = line }
        let result: Int32
        switch key.family {
        case .v4:
            line.source = try Self.source(towards: request.target, on: device)
            let bytes = ARPMessage.request(request.target.address, from: line.hardware, line.source)
            result = martlet_arp_send(line.socket.descriptor, line.interface, bytes, bytes.count)
        case .v6:
            let bytes = NeighbourDiscovery.request(request.target.address, from: line.hardware)
            let group = NeighbourDiscovery.group(of: request.target.address).bytes16
            result = martlet_solicitation_send(line.socket.descriptor, line.interface, group, bytes, bytes.count)
        }
        guard result == 0 else { throw SocketFailure(operation: "sendto", code: -result) }
        if line.waiting.count >= Self.mostWaiting { line.waiting.removeFirst() }
        line.waiting.append(request)
    }

    /// The address by which the host would talk to the target on this device; 0.0.0.0 when it has none there.
    private static func source(towards target: ProbeTarget, on device: String) throws(SocketFailure) -> IPAddress {
        let socket = try ProbeSocket(.v4, SOCK_DGRAM)
        try socket.bind(to: MemberLink(device: device, mark: nil))
        // Any port: nothing is sent.
        guard (try? socket.connect(ProbeTarget(target.address, port: 9))) != nil else { return IPAddress(v4: 0) }
        return socket.source ?? IPAddress(v4: 0)
    }

    private mutating func token(_ key: Key) throws(SocketFailure) -> UInt64 {
        let interface = Int32(clamping: if_nametoindex(key.device))
        guard interface > 0 else { throw SocketFailure(operation: "if_nametoindex", code: ENODEV) }
        if let token = tokens[key], lines[token]?.interface == interface { return token }
        var bytes = [UInt8](repeating: 0, count: Int(MARTLET_HARDWARE_LENGTH))
        // The packet socket knows the device's hardware address for both families.
        let packet = try ProbeSocket(owning: martlet_arp_open(interface, &bytes), from: "AF_PACKET")
        guard let hardware = HardwareAddress(bytes) else {
            throw SocketFailure(operation: "AF_PACKET", code: EPROTONOSUPPORT)
        }
        let socket =
            key.family == .v4
            ? packet : try ProbeSocket(owning: martlet_solicitation_open(interface), from: "IPPROTO_ICMPV6")
        nextToken &+= 1
        try poller.add(socket.descriptor, PollToken(.neighbours, nextToken))
        if let old = tokens.updateValue(nextToken, forKey: key) { lines[old] = nil }
        lines[nextToken] = Line(socket: socket, interface: interface, hardware: hardware)
        return nextToken
    }

    /// Closes a socket that only gives errors; the next request opens another.
    mutating func drop(_ device: String?, _ family: AddressFamily) {
        guard let device, let token = tokens.removeValue(forKey: Key(device: device, family: family)) else { return }
        lines[token] = nil
    }

    mutating func drop(_ token: UInt64) {
        lines[token] = nil
        tokens = tokens.filter { $0.value != token }
    }

    /// Forgets requests that nobody waits for any more.
    mutating func forget(where isOver: (ProbeRequest) -> Bool) {
        for token in lines.keys { lines[token]?.waiting.removeAll(where: isOver) }
    }

    /// Reads what is there: requests that are answered, each with the kernel's time stamp.
    mutating func answers(
        _ token: UInt64,
        most: Int,
        _ buffer: UnsafeMutableRawBufferPointer
    ) throws(SocketFailure) -> [(request: ProbeRequest, stamp: UInt64?)] {
        guard let socket = lines[token]?.socket, let family = tokens.first(where: { $0.value == token })?.key.family
        else { return [] }
        var answers: [(ProbeRequest, UInt64?)] = []
        for _ in 0..<most {
            guard let arrival = try Arrival.next(socket.descriptor, family, buffer) else { break }
            guard let line = lines[token], let answerer = Self.answerer(arrival, line, family, buffer) else { continue }
            for request in line.waiting where request.target.address == answerer {
                answers.append((request, arrival.stamp))
            }
            lines[token]?.waiting.removeAll { $0.target.address == answerer }
        }
        return answers
    }

    private static func answerer(
        _ arrival: Arrival,
        _ line: Line,
        _ family: AddressFamily,
        _ buffer: UnsafeMutableRawBufferPointer
    ) -> IPAddress? {
        let bytes = arrival.bytes(buffer).bytes
        switch family {
        case .v4: return ARPMessage.answerer(bytes, to: line.hardware, line.source)
        case .v6:
            guard arrival.hops == NeighbourDiscovery.hopLimit else { return nil }
            return NeighbourDiscovery.answerer(bytes)
        }
    }
}
