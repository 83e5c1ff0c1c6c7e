/// Which facts of a packet a network policy may ask for, and in which slot each stands.
package import NetTypes
package import PolicyEngine

package enum PacketFact: Int, CaseIterable, Sendable {
    case source, destination, transport, tcpSource, tcpDestination, udpSource, udpDestination, ingress, mark, time

    package var slot: FactSlot { FactSlot(rawValue) }

    private var attribute: FactSchema.Attribute {
        switch self {
        case .source: .init("src", .address)
        case .destination: .init("dst", .address)
        case .transport: .init("proto", .text(vocabulary: Self.transports))
        case .tcpSource: .init("tcp.sport", .number(Self.ports))
        case .tcpDestination: .init("tcp.dport", .number(Self.ports))
        case .udpSource: .init("udp.sport", .number(Self.ports))
        case .udpDestination: .init("udp.dport", .number(Self.ports))
        case .ingress: .init("iif", .text(vocabulary: []))
        case .mark: .init("mark", .number(0...0xFFFF_FFFF))
        case .time: .init("time", .time)
        }
    }

    private static let ports: ClosedRange<Int64> = 0...65535
    /// Protocols that rules and nftables know by name, with their numbers (`IPPROTO_*`).
    private static let numbers: [(name: String, number: UInt8)] = [
        ("ah", 51), ("dccp", 33), ("esp", 50), ("gre", 47), ("icmp", 1), ("icmpv6", 58), ("sctp", 132), ("tcp", 6),
        ("udp", 17), ("udplite", 136),
    ]
    private static let transports = numbers.map(\.name)

    /// The number of a protocol in the header of a packet; nil for a name that conditions do not know.
    package static func transportNumber(_ name: String) -> UInt8? { numbers.first { $0.name == name }?.number }

    /// The kernel has no text patterns, so `matches` is refused.
    package static let schema = FactSchema(allCases.map(\.attribute), allowsPatterns: false)
}

/// What is known of one packet.
package struct PacketFacts: Hashable, Sendable {
    package var facts = Facts(for: PacketFact.schema)

    package init(source: IPAddress, destination: IPAddress) {
        facts[PacketFact.source.slot] = .address(source)
        facts[PacketFact.destination.slot] = .address(destination)
    }

    package subscript(fact: PacketFact) -> FactValue {
        get { facts[fact.slot] }
        set { facts[fact.slot] = newValue }
    }
}
