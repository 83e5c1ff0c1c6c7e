import CTestShim
import Chance
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Forwarding
import Foundation
import NetTypes
import PolicyEngine
import Testing

@testable import Kernel

/// Does the kernel take each packet by the same policy as the interpreter of conditions? Random policies, random packets, and the
/// policies' counters as witness.
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
struct KernelPolicyPropertyTests {
    private static let rounds: UInt64 = 12
    private static let packetsARound = 150
    private static let policiesARound = 12

    @Test func theKernelTakesPacketsByThePolicyThatTheInterpreterTakesThemBy() throws {
        var taken = 0
        for seed in 1...Self.rounds {
            var random = SeededGenerator(seed)
            let text = RandomPolicies.file(Self.policiesARound, &random)
            let network = try Self.network(text)
            try inNewNetwork {
                try connectVethPair()
                try run("ip link set dev a address 02:00:00:00:00:0a")
                // Nobody else may speak on the cable, nor what this host answers count.
                try Self.silence("b")
                var ruleset = try #require(Self.ruleset(of: network))
                ruleset.chains.removeAll { $0.hook?.point == .output }
                let change = try #require(RulesetChange.from(nil, to: ruleset))
                let outcomes = try carryOut([.changeRuleset(change)])
                #expect(outcomes == accepted(1), "seed \(seed): \(text)")
                var expected: [String: UInt64] = [:]
                for _ in 0..<Self.packetsARound {
                    let packet = RandomPacket(&random)
                    try packet.send(to: "b")
                    guard let policy = network.policies.first(where: { $0.match.evaluate(packet.facts) }) else {
                        continue
                    }
                    expected["policy-\(policy.name.value)", default: 0] += 1
                    taken += 1
                }
                let counts = try NftCount.all(in: "martlet")
                for policy in network.policies {
                    let name = "policy-\(policy.name.value)"
                    #expect(
                        counts[name]?.packets == expected[name] ?? 0,
                        "seed \(seed), \(policy.name.value): \(policy.matchText)"
                    )
                }
            }
        }
        #expect(taken > 500, "the cases are no trivial ones: \(taken) packets were taken")
    }

    /// The far end of the cable sends nothing of itself.
    private static func silence(_ device: String) throws {
        try Data("1".utf8).write(to: URL(filePath: "/proc/sys/net/ipv6/conf/\(device)/disable_ipv6"))
    }

    private static func network(_ text: String) throws -> NetworkConfiguration {
        let checked = Configuration.check(ConfigLoader.read(Array(text.utf8), name: "random.yaml"))
        try #require(checked.errors.isEmpty, "\(checked.errors.map { $0.rendered(with: checked.sources) })")
        return try #require(checked.configuration?.network)
    }

    /// With both members healthy, at ten in the morning.
    private static func ruleset(of network: NetworkConfiguration) -> Ruleset? {
        let view = KernelView(window: network.ownership)
        var numbers = Numbers(window: network.ownership)
        _ = numbers.assign(network, view: view)
        let resolver = Resolver(configuration: network, view: view, numbers: numbers, secondOfDay: 36_000) {
            group,
            _,
            _ in
            let all = network.groups[group].members.indices.map {
                Share(member: MemberID($0), weight: 1, reason: .eligible)
            }
            return Shares(all: all, activeTier: 1)
        }
        return resolver.ruleset()?.object
    }
}

/// Small worlds, so that conditions and packets meet.
private enum RandomPolicies {
    static let v4 = ["10.1.0.1", "10.1.0.2", "10.1.1.1", "10.2.0.1", "192.0.2.7"]
    static let v6 = ["fd01::1", "fd01::2", "fd01:1::1", "fd02::1"]
    static let ports = ["53", "80", "443", "8080"]
    private static let addresses = [
        "10.1.0.1", "fd01::1", "10.1.0.0/24", "10.0.0.0/8", "fd01::/64", "fd00::/8", "10.1.0.2-10.1.1.1",
        "[10.1.0.0/24, 192.0.2.7, fd02::/32]", "@some", "@six",
    ]
    private static let portValues = ["80", "53", "80-443", "[53, 80, 8080]", "1024-65535"]

    static func file(_ count: Int, _ random: inout SeededGenerator) -> String {
        var lines = [
            "version: 1", "network:", "  connections: untracked",
            "  groups: { wan: { members: { one: { dev: out0 }, two: { dev: out1 } } } }",
            "  sets: { some: [10.1.0.0/16, 192.0.2.0/28], six: [\"fd01::/32\"] }", "  policies:",
        ]
        // Some files have a run of policies of one kind, which becomes a map.
        let isRun = Bool.random(using: &random)
        for number in 0..<count {
            let match = isRun && number < 6 ? address(&random) : condition(3, &random)
            let use = Bool.random(using: &random) ? "use: wan.one" : "reject: prohibited"
            lines.append("    - { name: p\(number), match: '\(match)', \(use) }")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func condition(_ depth: Int, _ random: inout SeededGenerator) -> String {
        guard depth > 0, Int.random(in: 0..<10, using: &random) < 7 else { return comparison(&random) }
        let parts = (0..<Int.random(in: 2...3, using: &random)).map { _ in "(\(condition(depth - 1, &random)))" }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return parts.joined(separator: " or ")
        case 1, 2: return parts.joined(separator: " and ")
        default: return "not (\(condition(depth - 1, &random)))"
        }
    }

    private static func address(_ random: inout SeededGenerator) -> String {
        let values = addresses.filter { !$0.hasPrefix("@") }
        let value = values.randomElement(using: &random)!
        return "src in \(value)"
    }

    private static func comparison(_ random: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<12, using: &random) {
        case 0...3:
            let side = Bool.random(using: &random) ? "src" : "dst"
            return "\(side) in \(addresses.randomElement(using: &random)!)"
        case 4:
            let relation = Bool.random(using: &random) ? "==" : "!="
            return "src \(relation) \((v4 + v6).randomElement(using: &random)!)"
        case 5: return ["proto == tcp", "proto != tcp", "proto in [udp, icmp]"].randomElement(using: &random)!
        case 6, 7:
            let side = ["tcp.dport", "udp.dport", "tcp.sport", "udp.sport"].randomElement(using: &random)!
            return "\(side) in \(portValues.randomElement(using: &random)!)"
        case 8: return ["tcp.dport != 80", "udp.dport > 100", "tcp.dport <= 80"].randomElement(using: &random)!
        case 9: return ["iif == a", "iif != a", "iif in [a, zz9]", "iif == zz9"].randomElement(using: &random)!
        case 10: return ["mark == 0", "mark != 0", "mark in 0-15", "mark > 5"].randomElement(using: &random)!
        default: return ["time in 09:00-11:00", "time in 22:00-06:00", "time < 09:00"].randomElement(using: &random)!
        }
    }
}

/// One packet of a small world, as it stands on the wire and as the interpreter sees it.
private struct RandomPacket {
    private let source: IPAddress
    private let destination: IPAddress
    private let transport: UInt8
    private let sourcePort: UInt16
    private let destinationPort: UInt16

    init(_ random: inout SeededGenerator) {
        let pool = Bool.random(using: &random) ? RandomPolicies.v4 : RandomPolicies.v6
        source = IPAddress(pool.randomElement(using: &random)!)!
        destination = IPAddress(pool.randomElement(using: &random)!)!
        let icmp: UInt8 = source.family == .v4 ? 1 : 58
        transport = [6, 6, 17, 17, icmp].randomElement(using: &random)!
        sourcePort = UInt16(RandomPolicies.ports.randomElement(using: &random)!)!
        destinationPort = UInt16(RandomPolicies.ports.randomElement(using: &random)!)!
    }

    var facts: Facts {
        var packet = PacketFacts(source: source, destination: destination)
        packet[.ingress] = .text("a")
        packet[.mark] = .number(0)
        packet[.time] = .number(36_000)
        switch transport {
        case 6:
            packet[.transport] = .text("tcp")
            packet[.tcpSource] = .number(Int64(sourcePort))
            packet[.tcpDestination] = .number(Int64(destinationPort))
        case 17:
            packet[.transport] = .text("udp")
            packet[.udpSource] = .number(Int64(sourcePort))
            packet[.udpDestination] = .number(Int64(destinationPort))
        case 1: packet[.transport] = .text("icmp")
        default: packet[.transport] = .text("icmpv6")
        }
        return packet.facts
    }

    /// Puts it on the cable, out of its end `device`; it comes in at the other.
    func send(to device: String) throws {
        let frame = bytes
        #expect(ctest_send_frame(device, frame, Int32(frame.count)) == 0)
    }

    private var bytes: [UInt8] {
        let type: [UInt8] = source.family == .v4 ? [8, 0] : [0x86, 0xDD]
        let ethernet: [UInt8] = [2, 0, 0, 0, 0, 0x0A] + [2, 0, 0, 0, 0, 0x0B] + type
        return ethernet + (source.family == .v4 ? header4 : header6) + payload
    }

    private var payload: [UInt8] {
        let ports = [sourcePort, destinationPort].flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        switch transport {
        case 6: return ports + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0]
        case 17: return ports + [0, 8, 0, 0]
        default: return [transport == 1 ? 8 : 128, 0, 0, 0, 0, 1, 0, 1]
        }
    }

    private var header4: [UInt8] {
        let length = 20 + payload.count
        var header: [UInt8] = [0x45, 0, UInt8(length >> 8), UInt8(length & 0xFF), 0, 0, 0, 0, 64, transport, 0, 0]
        header += source.bytes + destination.bytes
        var sum: UInt32 = 0
        for index in stride(from: 0, to: 20, by: 2) { sum += UInt32(header[index]) << 8 | UInt32(header[index + 1]) }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + sum >> 16 }
        header[10] = UInt8(~sum >> 8 & 0xFF)
        header[11] = UInt8(~sum & 0xFF)
        return header
    }

    private var header6: [UInt8] {
        [0x60, 0, 0, 0, 0, UInt8(payload.count), transport, 64] + source.bytes + destination.bytes
    }
}
