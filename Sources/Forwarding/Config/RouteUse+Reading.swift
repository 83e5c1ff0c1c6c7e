/// How the map form of a route is read: where it goes, and what it says besides.
import ConfigSyntax
import NetTypes
import PolicyEngine

struct RouteUseReader {
    private let block: BlockReader
    private var diagnostics: Diagnostics { block.diagnostics }

    init(_ block: BlockReader) { self.block = block }

    /// - Parameter named: what a word under `use` means.
    func read(_ named: (Located<String>) -> RouteDefinition.Use) -> RouteDefinition.Use? {
        let use = block.optional("use", as: String.self)
        let device = block.optional("dev", as: String.self)
        if let device { NetworkNames.checkDevice(device, diagnostics) }
        if block.has("use"), block.has("via") || block.has("dev") {
            block.report("cannot stand beside 'via' or 'dev'", key: "use")
        }
        if block.has("onlink"), !block.has("via") || !block.has("dev") {
            block.report("needs a gateway and its device", key: "onlink", hint: "write via: and dev:")
        }
        if let via = block.node("via") { return self.via(via, device) }
        if let use { return named(use) }
        if let device { return .device(device) }
        if !block.has("use"), !block.has("dev") {
            block.reportLack("'\(block.path)' says not where to go", hint: "write via:, dev: or use:")
        }
        return nil
    }

    private func via(_ node: Node, _ device: Located<String>?) -> RouteDefinition.Use? {
        if node.text == "auto" {
            guard let device else {
                if !block.has("dev") {
                    block.report("needs a device to learn the gateway from", key: "via", hint: "add dev:")
                }
                return nil
            }
            return .auto(device)
        }
        guard let gateway = IPAddress.read(node, what: "\(block.path).via", into: diagnostics) else { return nil }
        NetworkNames.checkHost(gateway, what: "gateway", diagnostics)
        if gateway.value.isLinkLocal, gateway.value.family == .v6, !block.has("dev") {
            diagnostics.report(
                "the link-local gateway '\(gateway.value)' needs a device",
                at: gateway.place,
                hint: "add dev:"
            )
        }
        return .via(gateway, device: device)
    }
}

extension RouteOptions {
    /// 1280 is what every IPv6 link carries; IPv4 promises 68 (RFC 791), and nobody has less.
    private static let mtus = 68...65535

    /// Reads `metric`, `src`, `mtu`, `table`, `onlink` and `while`.
    init(_ block: BlockReader, _ window: OwnershipWindow) {
        self.init()
        metric = Self.number("metric", within: 1...UInt32.max, block)
        table = Self.number("table", within: 1...UInt32.max, block)
        mtu = Self.number("mtu", within: UInt32(Self.mtus.lowerBound)...UInt32(Self.mtus.upperBound), block)
        source = block.optional("src", as: IPAddress.self)
        if let source { NetworkNames.checkHost(source, what: "source", block.diagnostics) }
        isOnlink = block.optional("onlink", as: Bool.self)?.value ?? false
        condition = RouteCondition.read(block)
        checkTable(block, window)
    }

    private static func number(_ key: String, within bounds: ClosedRange<UInt32>, _ block: BlockReader) -> UInt32? {
        guard let found = block.optional(key, as: Int.self) else { return nil }
        guard let value = UInt32(exactly: found.value), bounds.contains(value) else {
            block.report("must lie between \(bounds.lowerBound) and \(bounds.upperBound)", key: key)
            return nil
        }
        return value
    }

    private func checkTable(_ block: BlockReader, _ window: OwnershipWindow) {
        guard let table else { return }
        if table == 255 { block.report("is the kernel's own table for addresses of this host", key: "table") }
        if window.tables.contains(table) {
            block.report(
                "lies among the tables that are made for members (\(window.tables.lowerBound) to \(window.tables.upperBound))",
                key: "table",
                hint: "take another, or move 'network.ownership.tables'"
            )
        }
    }
}
