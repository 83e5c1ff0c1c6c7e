/// What is translated on the way out and in, as configured: `network.masquerade`, `forwards`, `clamp-mss`, `connections`.
package import ConfigSyntax
package import NetTypes
import PolicyEngine

/// Packets leave these devices with the device's own address (`network.masquerade`).
package struct MasqueradeDefinition: Hashable, Sendable {
    package let devices: [Located<String>]
    package let families: [AddressFamily]
    package let place: Place
}

/// What comes in for this host on some ports goes to another (`network.forwards`).
package struct ForwardDefinition: Hashable, Sendable {
    package let name: Located<String>
    /// Devices, members or groups that it comes in by.
    package let entrances: [Located<String>]
    /// `IPPROTO_TCP`, `IPPROTO_UDP`.
    package let transports: [UInt8]
    package let ports: ClosedRange<UInt16>
    package let address: IPAddress
    /// Nil: the port that was asked for.
    package let port: UInt16?
    package let place: Place
}

/// TCP connections out of these devices are asked to send no larger segments (`network.clamp-mss`).
package struct SegmentClamp: Hashable, Sendable {
    package let devices: [Located<String>]
    /// Bytes; nil: what the path's MTU lets through.
    package let size: UInt16?
}

/// Whether connections are tracked and marked (`network.connections`).
enum ConnectionTracking: String, CaseIterable, ScalarValue {
    case tracked
    case untracked
}

/// Which family, as it is written in lists.
private enum WrittenFamily: String, CaseIterable, ScalarValue {
    case v4
    case v6

    var family: AddressFamily { self == .v4 ? .v4 : .v6 }
}

extension MasqueradeDefinition {
    static func read(in network: BlockReader) -> MasqueradeDefinition? {
        guard let block = network.block("masquerade") else { return nil }
        defer { block.finish() }
        let devices = block.values("out", as: String.self)
        if devices.isEmpty { block.reportLack("'\(block.path)' names no device in 'out'") }
        for device in devices { NetworkNames.checkDevice(device, block.diagnostics) }
        let families = block.values("families", as: WrittenFamily.self).map(\.value.family)
        return MasqueradeDefinition(
            devices: devices,
            families: AddressFamily.allCases.filter { families.isEmpty || families.contains($0) },
            place: block.place
        )
    }
}

extension SegmentClamp {
    /// Smallest and largest of what makes sense: IPv4's minimum of RFC 9293 §3.7.1, and what fits into 64 KiB.
    private static let sizes = 536...65_495

    static func read(in network: BlockReader) -> SegmentClamp? {
        guard let block = network.block("clamp-mss") else { return nil }
        defer { block.finish() }
        let devices = block.values("out", as: String.self)
        if devices.isEmpty { block.reportLack("'\(block.path)' names no device in 'out'") }
        for device in devices { NetworkNames.checkDevice(device, block.diagnostics) }
        let size = block.has("size") ? block.integer("size", default: sizes.lowerBound, within: sizes) : nil
        _ = block.node("size")
        return SegmentClamp(devices: devices, size: size.map { UInt16(clamping: $0) })
    }
}

extension ForwardDefinition {
    /// More would be walked through by the first packet of every connection.
    private static let most = 256

    static func readAll(in network: BlockReader) -> [ForwardDefinition] {
        let items = network.list("forwards")
        if items.count > most {
            network.report("has more than \(most) port forwards", key: "forwards")
        }
        var first: [String: Place] = [:]
        return items.compactMap { item in
            let block = BlockReader(item, path: "\(network.path).forwards", into: network.diagnostics)
            defer { block.finish() }
            guard let forward = read(block) else { return nil }
            if let earlier = first[forward.name.value] {
                let message = "the port forward '\(forward.name.value)' is here twice"
                block.diagnostics.report(message, at: forward.name.place, related: earlier)
            }
            first[forward.name.value] = first[forward.name.value] ?? forward.name.place
            return forward
        }
    }

    private static func read(_ block: BlockReader) -> ForwardDefinition? {
        let name = block.required("name", as: String.self)
        if let name, !BlockReader.isName(name.value) {
            block.diagnostics.report("'\(name.value)' is no name", at: name.place, hint: BlockReader.nameRule)
        }
        let entrances = block.values("in", as: String.self)
        if !block.has("in") {
            block.reportLack("'\(block.path)' lacks 'in'", hint: "write a device, a member or a group")
        }
        let transports = block.values("proto", as: ServiceDefinition.Transport.self).map(\.value)
        if !block.has("proto") {
            block.reportLack("'\(block.path)' lacks 'proto'", hint: "write tcp, udp or both in a list")
        }
        let ports = block.required("port", as: PortRange.self)
        let target = block.required("to", as: ForwardTarget.self)
        guard let name, !entrances.isEmpty, !transports.isEmpty, let ports, let target else { return nil }
        if ports.value.range.count > 1, target.value.port != nil {
            block.report("names a port, and 'port' is a range", key: "to", hint: "write the address alone")
        }
        NetworkNames.checkHost(target.map(\.address), what: "target", block.diagnostics)
        return ForwardDefinition(
            name: name,
            entrances: entrances,
            transports: [ServiceDefinition.Transport.tcp, .udp].filter(transports.contains).map { $0 == .tcp ? 6 : 17 },
            ports: ports.value.range,
            address: target.value.address,
            port: target.value.port,
            place: block.place
        )
    }
}

/// `443` or `8000-8010`.
private struct PortRange: ScalarValue {
    let range: ClosedRange<UInt16>

    static var expectation: String { "a port such as 443 or a range such as 8000-8010" }

    static func parse(_ text: String) throws(ScalarError) -> PortRange {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        var ends: [UInt16] = []
        for part in parts {
            guard (1...5).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let port = UInt16(part), port > 0
            else { throw .notThis }
            ends.append(port)
        }
        let (low, high) = (ends[0], ends[ends.count - 1])
        guard low <= high else { throw .because("the range '\(text)' ends before it starts", hint: nil) }
        return PortRange(range: low...high)
    }
}

/// `10.0.5.2`, `10.0.5.2:443` or `[2001:db8::2]:443`.
private struct ForwardTarget: ScalarValue {
    let address: IPAddress
    let port: UInt16?

    static var expectation: String { "an address, with or without a port, such as 10.0.5.2:443 or [2001:db8::2]:443" }

    static func parse(_ text: String) throws(ScalarError) -> ForwardTarget {
        if let endpoint = IPEndpoint(text) { return ForwardTarget(address: endpoint.address, port: endpoint.port) }
        guard let address = IPAddress(text) else { throw .notThis }
        return ForwardTarget(address: address, port: nil)
    }
}
