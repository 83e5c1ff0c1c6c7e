/// How a neighbour is asked for its hardware address, and what its answer looks like: ARP (RFC 826) and neighbour discovery
/// (RFC 4861).
///
/// Anybody on the link can send such answers. What is not exactly one is nil, and no input traps.
package import NetTypes

/// Six bytes, as they stand on the wire.
package struct HardwareAddress: Hashable, Sendable {
    package let bytes: [UInt8]

    /// nil unless there are six.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 6 else { return nil }
        self.bytes = bytes
    }
}

/// An ARP message for IPv4 over Ethernet.
package enum ARPMessage {
    package static let size = 28
    private static let reply: UInt16 = 2

    /// "Who has `target`, tell `source`". Without an address of its own the host asks from 0.0.0.0 (RFC 5227 §2.1.1).
    package static func request(_ target: IPAddress, from hardware: HardwareAddress, _ source: IPAddress) -> [UInt8] {
        // Ethernet, IPv4, lengths of six and four, request.
        var bytes: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 1]
        bytes += hardware.bytes + source.bytes4 + Array(repeating: 0, count: 6) + target.bytes4
        return bytes
    }

    /// Whose reply to a request of `hardware` and `source` this is; nil when it is none.
    package static func answerer(_ bytes: RawSpan, to hardware: HardwareAddress, _ source: IPAddress) -> IPAddress? {
        // Senders pad to the shortest Ethernet frame.
        guard bytes.byteCount >= size, bytes.uint16(0) == 1, bytes.uint16(2) == 0x0800, bytes.uint16(4) == 0x0604,
            bytes.uint16(6) == reply, bytes.uint32(24) == UInt32(truncatingIfNeeded: source.low)
        else { return nil }
        for (index, byte) in hardware.bytes.enumerated() where bytes.uint8(18 + index) != byte { return nil }
        return IPAddress(v4: bytes.uint32(14))
    }
}

/// Neighbour solicitations and advertisements.
package enum NeighbourDiscovery {
    /// What messages must arrive with: nobody beyond the link can send that (RFC 4861 §7.1.2).
    package static let hopLimit: Int32 = 255

    private static let solicitation: UInt8 = 135
    private static let advertisement: UInt8 = 136
    private static let solicited: UInt8 = 0x40

    /// A solicitation for `target`, with our own hardware address; the kernel fills in the checksum.
    package static func request(_ target: IPAddress, from hardware: HardwareAddress) -> [UInt8] {
        [solicitation, 0, 0, 0, 0, 0, 0, 0] + target.bytes16 + [1, 1] + hardware.bytes
    }

    /// The group that the holder of `target` listens to (RFC 4291 §2.7.1).
    package static func group(of target: IPAddress) -> IPAddress {
        IPAddress(family: .v6, high: 0xFF02_0000_0000_0000, low: 0x0000_0001_FF00_0000 | target.low & 0xFF_FFFF)
    }

    /// Whose solicited advertisement this is; nil when it is none.
    package static func answerer(_ message: RawSpan) -> IPAddress? {
        guard message.byteCount >= 24, message.uint8(0) == advertisement, message.uint8(1) == 0,
            message.uint8(4) & solicited != 0
        else { return nil }
        return IPAddress(family: .v6, high: message.uint64(8), low: message.uint64(16))
    }
}

extension IPAddress {
    fileprivate var bytes4: [UInt8] {
        let value = UInt32(truncatingIfNeeded: low)
        return stride(from: UInt32(24), through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// Network order.
    package var bytes16: [UInt8] {
        [high, low].flatMap { half in
            stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> $0) }
        }
    }
}
