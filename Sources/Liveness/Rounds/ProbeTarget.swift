/// Whom a probe asks: an address, with a port where the kind of probe has ports.
package import NetTypes

package struct ProbeTarget: Hashable, Sendable {
    package let address: IPAddress
    /// 0 where the kind of probe has none.
    package let port: UInt16

    package init(_ address: IPAddress, port: UInt16 = 0) {
        (self.address, self.port) = (address, port)
    }

    package init(_ endpoint: IPEndpoint) { self.init(endpoint.address, port: endpoint.port) }

    package var family: AddressFamily { address.family }
}

extension ProbeTarget: LosslessStringConvertible, Codable {
    package init?(_ text: String) {
        if let address = IPAddress(text) {
            self.init(address)
        } else if let endpoint = IPEndpoint(text) {
            self.init(endpoint)
        } else {
            return nil
        }
    }

    package var description: String {
        port == 0 ? address.description : IPEndpoint(address: address, port: port).description
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.singleValueContainer()
        let text = try values.decode(String.self)
        guard let target = ProbeTarget(text) else {
            throw DecodingError.dataCorruptedError(in: values, debugDescription: "'\(text)' is no target")
        }
        self = target
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
