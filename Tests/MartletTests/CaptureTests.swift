/// What a captured packet is called and how it is written down.
import Kernel
import Testing

@testable import martlet

@Suite struct CaptureTests {
    private static func packet(_ bytes: [UInt8], type: UInt16, direction: UInt8 = 4) -> PacketCapture.Packet {
        PacketCapture.Packet(
            bytes: bytes,
            length: 1500,
            seconds: 1,
            nanoseconds: 2000,
            interface: 3,
            direction: direction,
            hardware: 1,
            type: type,
            address: [1, 2, 3, 4, 5, 6]
        )
    }

    private static func ipv4(_ transport: UInt8, options: Int = 0, _ rest: [UInt8] = [0, 53, 1, 0]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 20 + options)
        (bytes[0], bytes[9]) = (0x40 | UInt8(5 + options / 4), transport)
        (bytes[12], bytes[13], bytes[14], bytes[15]) = (192, 0, 2, 1)
        (bytes[16], bytes[17], bytes[18], bytes[19]) = (192, 0, 2, 2)
        return bytes + rest
    }

    private static func ipv6(_ transport: UInt8) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 40)
        (bytes[0], bytes[6]) = (0x60, transport)
        (bytes[8], bytes[9], bytes[23]) = (0xFE, 0x80, 1)
        (bytes[24], bytes[25], bytes[39]) = (0xFE, 0x80, 2)
        return bytes + [0x1F, 0x90, 0, 80]
    }

    @Test(
        arguments: [
            (ipv4(17), 0x0800, "192.0.2.1:53 → 192.0.2.2:256  udp", "ports"),
            (ipv4(6, options: 8), 0x0800, "192.0.2.1:53 → 192.0.2.2:256  tcp", "behind options"),
            (ipv4(1), 0x0800, "192.0.2.1 → 192.0.2.2  icmp", "no ports"),
            (ipv4(99), 0x0800, "192.0.2.1 → 192.0.2.2  protocol 99", "a number"),
            (ipv4(6, []), 0x0800, "192.0.2.1 → 192.0.2.2  tcp", "cut before its ports"),
            (ipv6(6), 0x86DD, "[fe80::1]:8080 → [fe80::2]:80  tcp", "IPv6"),
            ([1, 2], 0x0806, "arp", "no IP"),
            ([0x45], 0x0800, "type 0x800", "cut short"),
            ([], 0x88CC, "type 0x88cc", "something else"),
        ] as [([UInt8], UInt16, String, String)]
    )
    func aPacketIsALine(bytes: [UInt8], type: UInt16, words: String, why: String) {
        let line = PacketLine(Self.packet(bytes, type: type), device: "eth1").text(.plain)
        #expect(line.hasSuffix("eth1  out  \(words)  1500 bytes"), "\(why): \(line)")
    }

    @Test func aRecordHasItsTimeItsLengthsAndACookedHeader() {
        #expect(CaptureFile.header.count == 24)
        let record = CaptureFile.record(Self.packet([0x45, 0, 0, 4], type: 0x0800))
        #expect(record.count == 16 + 16 + 4)
        #expect(Array(record[8..<16]) == [20, 0, 0, 0, 0xEC, 5, 0, 0], "16 more than the packet, both times")
        #expect(Array(record[16...]) == [0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0, 0x45, 0, 0, 4])
    }
}
