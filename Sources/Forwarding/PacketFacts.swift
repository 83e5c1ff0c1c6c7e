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
    /// Protocols that rules and nftables know by name.
    private static let transports = ["ah", "dccp", "esp", "gre", "icmp", "icmpv6", "sctp", "tcp", "udp", "udplite"]

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
