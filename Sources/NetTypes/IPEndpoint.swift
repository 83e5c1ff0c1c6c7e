/// What an address with a port is: where something listens or can be reached.
package struct IPEndpoint: Hashable, Sendable {
    package let address: IPAddress
    /// 1…65535 when it comes from a configuration; 0 lets the kernel choose.
    package let port: UInt16

    @inlinable package init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// `192.0.2.1:80` and `[2001:db8::1]:80` (RFC 3986 §3.2.2: an IPv6 literal stands in brackets).
extension IPEndpoint: LosslessStringConvertible {
    /// Strict parse; nil for anything that is not exactly one address and one port from 1 to 65535.
    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let host = text[..<colon]
        let digits = text[text.utf8.index(after: colon)...]
        guard let port = Self.port(digits) else { return nil }
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            guard let address = IPAddress(String(host.dropFirst().dropLast())), address.family == .v6 else {
                return nil
            }
            self.init(address: address, port: port)
        } else {
            guard let address = IPAddress(String(host)), address.family == .v4 else { return nil }
            self.init(address: address, port: port)
        }
    }

    package var description: String { address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)" }

    private static func port(_ digits: Substring) -> UInt16? {
        guard (1...5).contains(digits.utf8.count), digits.utf8.first != UInt8(ascii: "0") else { return nil }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt16(digits)
    }
}
