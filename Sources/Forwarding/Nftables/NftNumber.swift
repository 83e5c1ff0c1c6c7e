/// How numbers stand in the bytes of keys and comparisons: most of nftables wants the network's order, marks the host's.
import NetTypes

enum NftNumber {
    /// `NFPROTO_IPV4`, `NFPROTO_IPV6`.
    static func networkProtocol(_ family: AddressFamily) -> UInt8 { family == .v4 ? 2 : 10 }

    /// In the host's order, as marks are held.
    static func host(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    static func network(_ value: UInt32) -> [UInt8] { host(value.bigEndian) }

    static func network(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

    /// A device's name, filled up to the kernel's 16 bytes.
    static func name(_ device: String) -> [UInt8] {
        let units = Array(device.utf8.prefix(15))
        return units + [UInt8](repeating: 0, count: 16 - units.count)
    }
}
