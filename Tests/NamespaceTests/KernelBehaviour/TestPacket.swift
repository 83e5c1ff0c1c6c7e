import NetTypes

/// A UDP (or TCP-numbered) datagram from a host behind the bench, as an Ethernet frame.
struct TestPacket {
    var destination: IPAddress
    var source: IPAddress
    var sourcePort: UInt16 = 1111
    var destinationPort: UInt16 = 2222
    var transport: UInt8 = 17
    /// The whole byte: code point and congestion bits.
    var trafficClass: UInt8 = 0

    init(
        to destination: String,
        from source: String? = nil,
        sourcePort: UInt16 = 1111,
        destinationPort: UInt16 = 2222,
        transport: UInt8 = 17,
        trafficClass: UInt8 = 0
    ) {
        self.destination = IPAddress(destination)!
        self.source = IPAddress(source ?? (self.destination.family == .v4 ? "10.0.0.2" : "fd00:0:0:0::2"))!
        (self.sourcePort, self.destinationPort) = (sourcePort, destinationPort)
        (self.transport, self.trafficClass) = (transport, trafficClass)
    }

    private static let (ethernet, v4Header, v6Header, payload) = (14, 20, 40, 20)

    /// To the router's own end of the host's cable.
    var frame: [UInt8] {
        let isV4 = destination.family == .v4
        let link: [UInt8] = [2, 0, 0, 0, 0, 0] + [2, 0, 0, 0, 1, 0] + (isV4 ? [0x08, 0x00] : [0x86, 0xDD])
        return link + (isV4 ? v4 : v6) + big(sourcePort) + big(destinationPort) + transportRest
    }

    /// Length and an absent checksum of UDP; numbers and flags (SYN) of TCP.
    private var transportRest: [UInt8] {
        let rest: [UInt8] =
            transport == 17 ? big(UInt16(Self.payload)) + [0, 0] : [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xFF, 0xFF]
        return rest + [UInt8](repeating: 0, count: Self.payload - 4 - rest.count)
    }

    private var v4: [UInt8] {
        var header: [UInt8] =
            [0x45, trafficClass] + big(UInt16(Self.v4Header + Self.payload)) + [0, 0, 0, 0, 64, transport, 0, 0]
        header += bytes(source) + bytes(destination)
        var sum: UInt32 = 0
        for offset in stride(from: 0, to: header.count, by: 2) {
            sum += UInt32(header[offset]) << 8 | UInt32(header[offset + 1])
        }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        header.replaceSubrange(10..<12, with: big(~UInt16(sum)))
        return header
    }

    private var v6: [UInt8] {
        [0x60 | trafficClass >> 4, trafficClass << 4, 0, 0] + big(UInt16(Self.payload)) + [transport, 64]
            + bytes(source) + bytes(destination)
    }

    private func bytes(_ address: IPAddress) -> [UInt8] {
        let all = withUnsafeBytes(of: (address.high.bigEndian, address.low.bigEndian)) { Array($0) }
        return address.family == .v4 ? Array(all[12...]) : all
    }

    private func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

    /// Of a frame that is one of these; nil for neighbour discovery and the like.
    static func destinationPort(of frame: [UInt8]) -> UInt16? {
        guard frame.count >= ethernet + v4Header + payload else { return nil }
        let start: Int
        switch (frame[12], frame[13]) {
        case (0x08, 0x00) where [6, 17].contains(frame[23]): start = ethernet + v4Header
        case (0x86, 0xDD) where [6, 17].contains(frame[20]): start = ethernet + v6Header
        default: return nil
        }
        guard frame.count >= start + 4 else { return nil }
        return UInt16(frame[start + 2]) << 8 | UInt16(frame[start + 3])
    }
}

extension AddressFamily {
    /// Something far away that the tests route.
    var farPrefix: String { self == .v4 ? "192.0.2.0/24" : "2001:db8::/32" }
    var farAddress: String { self == .v4 ? "192.0.2.9" : "2001:db8::9" }
    /// `ip`'s flag.
    var flag: String { self == .v4 ? "-4" : "-6" }
}
