/// The packets of one device or of all, one after the other: for `martlet capture`, which runs with the operator's own rights.
import CShim
import Glibc
package import NetTypes

package final class PacketCapture {
    /// One packet without its link-layer header.
    package struct Packet: Sendable {
        /// The first bytes, at most `snapLength`.
        package let bytes: [UInt8]
        /// Bytes it had.
        package let length: Int
        package let seconds: Int64
        package let nanoseconds: UInt32
        /// The index of its device.
        package let interface: UInt32
        /// `PACKET_*` of linux/if_packet.h.
        package let direction: UInt8
        /// `ARPHRD_*` of the device, `ETH_P_*` of the packet, and its link-layer address.
        package let hardware: UInt16
        package let type: UInt16
        package let address: [UInt8]

        package init(
            bytes: [UInt8],
            length: Int,
            seconds: Int64,
            nanoseconds: UInt32,
            interface: UInt32,
            direction: UInt8,
            hardware: UInt16,
            type: UInt16,
            address: [UInt8]
        ) {
            (self.bytes, self.length, self.seconds, self.nanoseconds) = (bytes, length, seconds, nanoseconds)
            self.interface = interface
            (self.direction, self.hardware, self.type, self.address) = (direction, hardware, type, address)
        }

        /// `PACKET_OUTGOING`.
        package var isOutgoing: Bool { direction == 4 }
    }

    /// A whole packet of any usual link, and of loopback.
    package static let snapLength = 65_535

    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: snapLength)

    /// - Parameters:
    ///   - device: its name; nil: all of them.
    ///   - mark: only packets that carry it under the mask; nil: all of them.
    package init(device: String?, mark: (value: Mark, mask: MarkMask)?) throws(NetlinkFailure) {
        let index = device.map { if_nametoindex($0) } ?? 0
        guard device == nil || index != 0 else { throw .system(call: "if_nametoindex", errno: errno) }
        let result = martlet_open_capture(Int32(index), mark?.value.value ?? 0, mark?.mask.bits ?? 0)
        guard result >= 0 else { throw .system(call: "packet socket", errno: -result) }
        descriptor = result
    }

    deinit { close(descriptor) }

    /// Waits for the next packet; nil when a signal came first.
    package func next() throws(NetlinkFailure) -> Packet? {
        var packet = martlet_captured()
        let result = martlet_read_capture(descriptor, &buffer, buffer.count, &packet)
        if result == -EINTR { return nil }
        guard result == 0 else { throw .system(call: "recvmsg", errno: -result) }
        let address = withUnsafeBytes(of: packet.address) { Array($0.prefix(Int(packet.address_length))) }
        return Packet(
            bytes: Array(buffer[..<Int(packet.captured)]),
            length: Int(packet.length),
            seconds: packet.seconds,
            nanoseconds: packet.nanoseconds,
            interface: packet.interface,
            direction: packet.direction,
            hardware: packet.hardware,
            type: packet.protocol,
            address: address
        )
    }
}
