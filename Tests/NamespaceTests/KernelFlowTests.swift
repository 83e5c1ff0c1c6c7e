import Foundation
import Glibc
import NetTypes
import Testing

@testable import Kernel

/// Are exactly the connections of one mark counted, forgotten and ended?
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
struct KernelFlowTests {
    private static let mask = MarkMask(bits: 0x7F00_0000)
    private static let (ours, others) = (Mark(0x0100_0000), Mark(0x0200_0000))

    @Test(arguments: AddressFamily.allCases)
    func trackedConnectionsOfAMarkAreCountedAndForgottenAndNoOthers(family: AddressFamily) throws {
        try inNewNetwork {
            let chain = "chain out { type filter hook output priority 0; ct state new ct mark set meta mark; }"
            try run("nft -f -", input: "table inet watch {\n\(chain)\n}\n")
            // The low bits are a stranger's.
            for mark in [Self.ours.value | 0x77, Self.ours.value, Self.others.value, 0] {
                try sendDatagram(family, mark: mark)
            }
            #expect(try tracked().sorted() == [0, Self.ours.value, Self.ours.value | 0x77, Self.others.value])
            #expect(try Conntrack.count(mark: Self.ours, under: Self.mask) == 2)
            try Conntrack.delete(mark: Self.ours, under: Self.mask)
            #expect(try tracked().sorted() == [0, Self.others.value])
            #expect(try Conntrack.count(mark: Self.ours, under: Self.mask) == 0)
            try Conntrack.delete(mark: Self.ours, under: Self.mask)
            try Conntrack.delete(mark: Mark(0), under: MarkMask(bits: 0))
            #expect(try tracked().count == 2, "an empty mask means nothing, not everything")
        }
    }

    @Test(arguments: AddressFamily.allCases)
    func flowsAreKnownByWhereTheyGoAndWhetherTheyHaveEnded(family: AddressFamily) throws {
        try inNewNetwork {
            let chain = "chain out { type filter hook output priority 0; ct state new ct mark set meta mark; }"
            try run("nft -f -", input: "table inet watch {\n\(chain)\n}\n")
            let count = { (isCounted: (TrackedFlow) -> Bool) in
                try Conntrack.count(mark: Self.ours, under: Self.mask, family: family, where: isCounted)
            }
            try sendDatagram(family, mark: Self.ours.value)
            let target = try #require(IPAddress(family == .v4 ? "127.0.0.1" : "::1"))
            #expect(try count { $0.transport == 17 && $0.destination == target && $0.destinationPort == 9 } == 1)
            let listener = try Listener(family)
            let socket = try listener.connect(mark: Self.ours.value)
            let tuple = { (port: UInt16) in
                Conntrack.Tuple(
                    source: target,
                    destination: target,
                    transport: 6,
                    sourcePort: port,
                    destinationPort: 7099
                )
            }
            #expect(try Conntrack.mark(of: tuple(localPort(socket))) == Self.ours.value)
            #expect(try Conntrack.mark(of: tuple(1)) == nil, "there is none")
            #expect(try count { $0.transport == 6 && $0.destinationPort == 7099 && !$0.isOver } == 1)
            for descriptor in [socket, listener.descriptor] {
                // What was forked a moment ago may have a copy until its exec.
                shutdown(descriptor, Int32(SHUT_RDWR))
                close(descriptor)
            }
            #expect(try count { $0.transport == 6 && $0.isOver } == 1, "it has ended, and is remembered")
            let other: AddressFamily = family == .v4 ? .v6 : .v4
            #expect(try Conntrack.count(mark: Self.ours, under: Self.mask, family: other) { _ in true } == 0)
        }
    }

    @Test(arguments: AddressFamily.allCases)
    func socketsOfAMarkAreEndedAndNoOthers(family: AddressFamily) throws {
        try inNewNetwork {
            let listener = try Listener(family)
            defer { close(listener.descriptor) }
            let sockets = try [Self.ours.value | 0x77, Self.others.value, 0].map { try listener.connect(mark: $0) }
            defer { sockets.forEach { close($0) } }
            #expect(try MarkedSockets.count(mark: Self.ours, under: Self.mask) == 1)
            #expect(try MarkedSockets.destroy(mark: Self.ours, under: Self.mask) == 1)
            #expect(sockets.map(hasEnded) == [true, false, false])
            #expect(try MarkedSockets.destroy(mark: Self.ours, under: Self.mask) == 0)
            #expect(try MarkedSockets.destroy(mark: Mark(0), under: MarkMask(bits: 0)) == 0)
            #expect(sockets.map(hasEnded) == [true, false, false])
        }
    }

    /// The marks that the kernel itself lists.
    private func tracked() throws -> [UInt32] {
        let text = try String(contentsOfFile: "/proc/thread-self/net/nf_conntrack", encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix("mark=") }.flatMap { UInt32($0.dropFirst(5)) }
        }
    }

    private func sendDatagram(_ family: AddressFamily, mark: UInt32) throws {
        let descriptor = try markedSocket(family, SOCK_DGRAM, mark)
        defer { close(descriptor) }
        let sent = withLoopback(family, port: 9) { sendto(descriptor, "x", 1, 0, $0, $1) }
        try #require(sent == 1)
    }

    /// A byte to be read, an error, or the end would all show; a living idle connection has nothing.
    private func hasEnded(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) >= 0 || errno != EAGAIN
    }
}

private struct Listener {
    let descriptor: Int32
    let family: AddressFamily
    private let port: UInt16 = 7099

    init(_ family: AddressFamily) throws {
        self.family = family
        descriptor = try markedSocket(family, SOCK_STREAM, 0)
        let bound = withLoopback(family, port: port) { [descriptor] in bind(descriptor, $0, $1) }
        try #require(bound == 0)
        try #require(listen(descriptor, 8) == 0)
    }

    func connect(mark: UInt32) throws -> Int32 {
        let client = try markedSocket(family, SOCK_STREAM, mark)
        let connected = withLoopback(family, port: port) { Glibc.connect(client, $0, $1) }
        try #require(connected == 0)
        return client
    }
}

private func markedSocket(_ family: AddressFamily, _ type: __socket_type, _ mark: UInt32) throws -> Int32 {
    // A program that another test starts must not keep it open.
    let kind = Int32(type.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family == .v4 ? AF_INET : AF_INET6, kind, 0)
    try #require(descriptor >= 0)
    var mark = mark
    try #require(setsockopt(descriptor, SOL_SOCKET, SO_MARK, &mark, 4) == 0)
    return descriptor
}

private func localPort(_ descriptor: Int32) -> UInt16 {
    var address = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    // The port stands at the same place in both families.
    return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &size) }
        return UInt16(bigEndian: pointer.pointee.sin6_port)
    }
}

private func withLoopback<Result>(
    _ family: AddressFamily,
    port: UInt16,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    switch family {
    case .v4:
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, 16) }
        }
    case .v6:
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, 28) }
        }
    }
}
