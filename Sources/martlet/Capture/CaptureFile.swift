/// The file format of captures: pcap with nanoseconds and Linux "cooked" headers, which fit every kind of device
/// (LINKTYPE_LINUX_SLL of tcpdump.org/linktypes).
import Kernel

enum CaptureFile {
    private static let magic: UInt32 = 0xA1B2_3C4D
    private static let linkType: UInt32 = 113

    /// What a file begins with, in this machine's byte order, which the magic number tells.
    static let header: [UInt8] =
        bytes(magic) + bytes(UInt16(2)) + bytes(UInt16(4)) + bytes(UInt32(0)) + bytes(UInt32(0))
        + bytes(UInt32(PacketCapture.snapLength + cookedSize)) + bytes(linkType)

    private static let cookedSize = 16

    static func record(_ packet: PacketCapture.Packet) -> [UInt8] {
        bytes(UInt32(truncatingIfNeeded: packet.seconds)) + bytes(packet.nanoseconds)
            + bytes(UInt32(packet.bytes.count + cookedSize)) + bytes(UInt32(clamping: packet.length + cookedSize))
            + cooked(packet) + packet.bytes
    }

    /// In network order: direction, kind of device, link-layer address in eight bytes, type of packet.
    private static func cooked(_ packet: PacketCapture.Packet) -> [UInt8] {
        let address = packet.address.prefix(8) + [UInt8](repeating: 0, count: max(0, 8 - packet.address.count))
        return bytes(UInt16(packet.direction).bigEndian) + bytes(packet.hardware.bigEndian)
            + bytes(UInt16(packet.address.count).bigEndian) + address + bytes(packet.type.bigEndian)
    }

    private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number) { Array($0) }
    }
}
