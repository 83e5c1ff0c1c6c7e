import CTestShim
import Forwarding
import Glibc
import NetTypes
import Testing

@testable import Kernel

/// How the kernel itself behaves, by our own lanes and messages: what the planner stands on. Each test is named after the behaviour.
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
enum KernelBehaviour {}

/// A router in one namespace: packets are put on a cable as if from a host, and looked for at the far ends of three others.
///
/// ```
///   host ──── in0      10.0.0.1/24   fd00::1/64       index 10
///             a   ──── 10.0.1.1/24   fd00:0:0:1::1/64       11   far end "a-far"
///             b   ──── 10.0.2.1/24   fd00:0:0:2::1/64       12
///             c   ──── 10.0.3.1/24   fd00:0:0:3::1/64       13
/// ```
///
/// Every gateway (.2, ::2, fe80::2) is a permanent neighbour, so that no packet waits for anybody to answer.
struct Bench {
    static let devices = ["a", "b", "c"]

    /// Our side of a cable, by its number: 0 is the host's.
    static func index(_ device: String) -> UInt32 { UInt32(11 + (devices.firstIndex(of: device) ?? 0)) }

    static func gateway(_ device: String, _ family: AddressFamily) -> String {
        let number = index(device) - 10
        return family == .v4 ? "10.0.\(number).2" : "fd00:0:0:\(number)::2"
    }

    private let host: FrameSocket
    private let far: [String: FrameSocket]

    /// Runs the body on a bench of its own.
    static func run(_ body: (Bench) throws -> Void) throws {
        try inNewNetwork {
            try NamespaceTests.run("ip -batch -", input: lines.joined(separator: "\n") + "\n")
            try NamespaceTests.run("sysctl -qw " + settings.joined(separator: " "))
            try body(try Bench())
        }
    }

    private static let settings = [
        "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.fib_multipath_hash_policy=1",
        "net.ipv6.fib_multipath_hash_policy=1",
    ]

    private static var lines: [String] {
        (["in0"] + devices).enumerated().flatMap { number, device in
            let (far, mac) = ("\(device)-far", "02:00:00:00:00:0\(number)")
            let neighbours = ["10.0.\(number).2", "fd00:0:0:\(number)::2", "fe80::2"].map {
                "neigh add \($0) lladdr 02:00:00:00:01:0\(number) dev \(device) nud permanent"
            }
            return [
                "link add name \(device) index \(10 + number) address \(mac) type veth peer name \(far) index \(20 + number)",
                "link set dev \(far) up", "link set dev \(device) up", "addr add 10.0.\(number).1/24 dev \(device)",
                "addr add fd00:0:0:\(number)::1/64 dev \(device) nodad", "addr add fe80::1/64 dev \(device) nodad",
            ] + neighbours
        }
    }

    private init() throws {
        host = try FrameSocket("in0-far")
        far = Dictionary(uniqueKeysWithValues: try Self.devices.map { ($0, try FrameSocket("\($0)-far")) })
    }

    /// Carries changes out on a lane of its own; all must be taken.
    func carryOut(_ operations: KernelChange.Operation..., sourceLocation: SourceLocation = #_sourceLocation) throws {
        let outcomes = try NamespaceTests.carryOut(operations)
        #expect(outcomes == accepted(operations.count), sourceLocation: sourceLocation)
    }

    /// The errno of one refused change; nil when it was taken.
    func refusal(_ operation: KernelChange.Operation) throws -> KernelRefusal? {
        if case .refused(let refusal) = try NamespaceTests.carryOut([operation])[0] { refusal } else { nil }
    }

    /// Where packets to the address go: destination port → device. Those that come out nowhere are missing.
    func send(_ packets: [TestPacket]) -> [UInt16: String] {
        for socket in far.values { socket.drain { _ in } }
        for packet in packets { host.send(packet.frame) }
        var found: [UInt16: String] = [:]
        // What the machine is too busy to carry at once comes a little later; what is dropped never comes.
        for _ in 0..<Self.patience where found.count < packets.count {
            for (device, socket) in far {
                socket.drain { frame in if let port = TestPacket.destinationPort(of: frame) { found[port] = device } }
            }
            if found.count < packets.count { usleep(1000) }
        }
        return found
    }

    /// Milliseconds.
    private static let patience = 50

    /// The device one packet leaves by; nil when it is dropped.
    func way(_ packet: TestPacket) -> String? { send([packet]).values.first }

    /// The part of many flows that each device gets.
    func shares(of count: Int, to address: String) -> [String: Double] {
        let packets = (0..<count).map { TestPacket(to: address, destinationPort: UInt16(2000 + $0)) }
        let devices = stride(from: 0, to: count, by: 256).flatMap { start in
            send(Array(packets[start..<min(start + 256, count)])).values
        }
        return Dictionary(grouping: devices) { $0 }.mapValues { Double($0.count) / Double(count) }
    }

    /// Carrier events come a little later, by up to 0.4 s (architecture.md, fact 17).
    func waitUntil(_ what: String, _ isSo: () throws -> Bool) throws {
        for _ in 0..<200 {
            if try isSo() { return }
            usleep(10_000)
        }
        Issue.record("not within 2 s: \(what)")
    }

    /// Everything there is, as we read it.
    func reports() throws -> [KernelReport] { try KernelSnapshot.read(table: nil).reports }

    func nexthop(_ id: UInt32) throws -> Nexthop? {
        try reports().lazy.compactMap { if case .nexthop(let found) = $0, found.id.value == id { found } else { nil } }
            .first
    }

    func routes(to text: String, table: UInt32 = 254) throws -> [Route] {
        try reports().compactMap { report in
            guard case .route(let route) = report, route.key.prefix == prefix(text), route.key.table == table else {
                return nil
            }
            return route
        }
    }
}

/// A raw socket on one end of a cable.
final class FrameSocket {
    private let descriptor: Int32

    init(_ device: String) throws {
        descriptor = ctest_open_frames(device)
        try #require(descriptor >= 0, "\(device): \(String(cString: strerror(-descriptor)))")
    }

    deinit { close(descriptor) }

    func send(_ frame: [UInt8]) { _ = Glibc.send(descriptor, frame, frame.count, 0) }

    func drain(_ body: ([UInt8]) -> Void) {
        var frame = [UInt8](repeating: 0, count: 2048)
        while case let length = ctest_next_frame(descriptor, &frame, frame.count), length > 0 {
            body(Array(frame[..<min(length, frame.count)]))
        }
    }
}
