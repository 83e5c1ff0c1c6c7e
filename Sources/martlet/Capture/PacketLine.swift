/// One packet in one line: when, which way, from where to where, what, how long.
import Kernel
import NetTypes

struct PacketLine: Encodable, Equatable {
    /// Microseconds since 1970.
    let at: UInt64
    let device: String
    /// `in` or `out`.
    let direction: String
    let source: String?
    let destination: String?
    /// `tcp`, `udp`, `icmp`, …, or what kind of packet it is when it is no IP.
    let what: String
    let length: Int

    init(_ packet: PacketCapture.Packet, device: String) {
        self.device = device
        at = UInt64(clamping: packet.seconds) &* 1_000_000 &+ UInt64(packet.nanoseconds / 1000)
        direction = packet.isOutgoing ? "out" : "in"
        length = packet.length
        let head = Self.head(packet.bytes, packet.type)
        (source, destination, what) = (head.source, head.destination, head.what)
    }

    private static func head(_ bytes: [UInt8], _ type: UInt16) -> (source: String?, destination: String?, what: String)
    {
        switch type {
        case 0x0800 where bytes.count >= 20:
            let size = Int(bytes[0] & 15) * 4
            return name(bytes, IPAddress(v4: bytes[12..<16]), IPAddress(v4: bytes[16..<20]), bytes[9], after: size)
        case 0x86DD where bytes.count >= 40:
            return name(bytes, IPAddress(v6: bytes[8..<24]), IPAddress(v6: bytes[24..<40]), bytes[6], after: 40)
        case 0x0806: return (nil, nil, "arp")
        default: return (nil, nil, "type 0x\(String(type, radix: 16))")
        }
    }

    private static func name(
        _ bytes: [UInt8],
        _ source: IPAddress,
        _ destination: IPAddress,
        _ transport: UInt8,
        after size: Int
    ) -> (source: String?, destination: String?, what: String) {
        let names: [UInt8: String] = [1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"]
        let what = names[transport] ?? "protocol \(transport)"
        guard [6, 17, 132].contains(transport), bytes.count >= size + 4 else {
            return ("\(source)", "\(destination)", what)
        }
        let port = { (at: Int) in Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
        return (end(source, port(size)), end(destination, port(size + 2)), what)
    }

    private static func end(_ address: IPAddress, _ port: Int) -> String {
        address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}

extension PacketLine: TextDisplayable {
    func text(_ style: Style) -> String {
        let ends = source.flatMap { source in destination.map { "\(source) → \($0)  " } } ?? ""
        return "\(Moment.timeOfDay(at))  " + style.apply(.plain, to: device) + "  "
            + style.apply(direction == "out" ? .good : .plain, to: direction.padded(to: 3))
            + "  " + style.apply(.plain, to: "\(ends)\(what)  \(length) bytes")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension IPAddress {
    fileprivate init(v4 bytes: ArraySlice<UInt8>) {
        self.init(family: .v4, high: 0, low: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }

    fileprivate init(v6 bytes: ArraySlice<UInt8>) {
        self.init(
            family: .v6,
            high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
            low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
        )
    }
}
