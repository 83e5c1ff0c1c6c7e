/// How `network.groups` is read.
package import ConfigSyntax
import NetTypes
package import PolicyEngine

extension NetworkGroup {
    /// Largest weight: what the kernel's 16 bits hold (above 256 from kernel 6.12 on).
    static let largestWeight = 65535
    /// Largest weight that every kernel takes.
    package static let largestNarrowWeight = 256
    /// More steps of fallback than anybody can reason about.
    static let highestTier = 100
    /// The kernel keeps a group's entries in one netlink attribute; this many fit with room to spare.
    static let mostMembers = 256

    /// Reads one group; nil when it has no usable member, which was reported.
    package static func read(
        _ entry: Node.Entry,
        path: String,
        hysteresis: (String) -> Hysteresis?,
        into diagnostics: Diagnostics
    ) -> NetworkGroup? {
        let block = BlockReader(entry.value, path: "\(path).\(entry.key.value)", into: diagnostics)
        defer { block.finish() }
        if NetworkNames.reserved.contains(entry.key.value) {
            diagnostics.report(
                "a group cannot be named '\(entry.key.value)', which means something else",
                at: entry.key.place
            )
        }
        let (strategy, aims) = block.strategy() ?? (.weighted, nil)
        let (flows, buckets) = FlowsReader(block).read()
        let whenAllDown = block.optional("when-all-down", as: WhenAllDown.self)?.value ?? .keepLast
        let entries = block.named("members")
        checkCount(entries, block)
        if let buckets, entries.count > buckets.count {
            block.report("has fewer buckets (\(buckets.count)) than the group has members", key: "flows")
        }
        let read = entries.compactMap { MemberReader($0, group: block.path, diagnostics).read(hysteresis) }
        let maxCost = block.optional("max-cost", as: DataCost.self)?.value.perGigabyte
        let terms = block.groupTerms(aims: aims, maxCost: maxCost)
        guard !read.isEmpty else { return nil }
        checkJudgement(by: strategy, terms, read.map(\.member), block)
        return NetworkGroup(
            definition: GroupDefinition(
                name: entry.key,
                strategy: strategy,
                members: read.map(\.definition),
                keepsLast: whenAllDown == .keepLast,
                terms: terms
            ),
            members: read.map(\.member),
            flows: flows,
            buckets: buckets,
            whenAllDown: whenAllDown,
            place: entry.key.place
        )
    }

    private static func checkCount(_ entries: [Node.Entry], _ block: BlockReader) {
        if entries.isEmpty, block.isReadable, !block.has("members") || block.node("members")?.kind == .map([]) {
            block.diagnostics.report("'\(block.path)' has no members", at: block.keyPlace("members"))
        }
        if entries.count > mostMembers {
            block.diagnostics.report(
                "'\(block.path)' has more than \(mostMembers) members",
                at: block.keyPlace("members")
            )
        }
    }
}

/// Reads one member of a network group.
private struct MemberReader {
    private let name: Located<String>
    private let block: BlockReader
    private var diagnostics: Diagnostics { block.diagnostics }

    init(_ entry: Node.Entry, group: String, _ diagnostics: Diagnostics) {
        name = entry.key
        block = BlockReader(entry.value, path: "\(group).\(entry.key.value)", into: diagnostics)
    }

    func read(_ hysteresis: (String) -> Hysteresis?) -> (definition: MemberDefinition, member: NetworkMember)? {
        defer { block.finish() }
        let member = member()
        let weight = block.integer("weight", default: 1, within: 1...NetworkGroup.largestWeight)
        let tier = block.integer("tier", default: 1, within: 1...NetworkGroup.highestTier)
        guard isComplete(member) else { return nil }
        let definition = MemberDefinition(
            name: name,
            weight: weight,
            tier: tier,
            hysteresis: member.probe.flatMap { hysteresis($0.value) } ?? .standard,
            scopes: scopes(of: member),
            // What no price is written for is paid for already.
            price: member.cost?.perGigabyte ?? .zero,
            quality: member.quality
        )
        return (definition, member)
    }

    private func member() -> NetworkMember {
        let device = block.optional("dev", as: String.self)
        if let device { NetworkNames.checkDevice(device, diagnostics) }
        let via = readVia()
        let backend = block.optional("address", as: IPEndpoint.self)
        let cost = block.optional("cost", as: DataCost.self)
        let allowance = block.optional("allowance", as: Allowance.self)
        checkAllowance(allowance)
        block.noteUnserved("address")
        return NetworkMember(
            name: name,
            device: device,
            gateway4: via.v4,
            gateway6: via.v6,
            isAuto: via.isAuto,
            backend: backend,
            probe: block.optional("probe", as: String.self),
            cost: cost?.value,
            allowance: allowance?.value,
            // A wrong one is reported, and not missing.
            quality: block.optional("quality", as: Fraction.self)?.value ?? (block.has("quality") ? .zero : nil),
            place: name.place,
            traffic: MemberTraffic.read(block)
        )
    }

    /// What is counted, and over which time, must be clear: the device's bytes, from one local midnight to another.
    private func checkAllowance(_ allowance: Located<Allowance>?) {
        guard let allowance else { return }
        if !block.has("cost") { block.report("means nothing without a 'cost' beyond it", key: "allowance") }
        if !block.has("dev") {
            block.report("needs a device to count on", key: "allowance", hint: "add dev:")
        }
        if allowance.value.unit != .day, allowance.value.unit != .month {
            diagnostics.report("'\(block.path).allowance' must be per day or per month", at: allowance.place)
        }
    }

    private typealias Via = (v4: Located<IPAddress>?, v6: Located<IPAddress>?, isAuto: Bool)

    private func readVia() -> Via {
        guard let node = block.node("via") else { return (nil, nil, false) }
        if node.text == "auto" {
            return (nil, nil, true)
        }
        guard case .map = node.kind else {
            guard let gateway = IPAddress.read(node, what: "\(block.path).via", into: diagnostics) else {
                return (nil, nil, false)
            }
            NetworkNames.checkHost(gateway, what: "gateway", diagnostics)
            return gateway.value.family == .v4 ? (gateway, nil, false) : (nil, gateway, false)
        }
        let both = BlockReader(node, path: "\(block.path).via", into: diagnostics)
        defer { both.finish() }
        let (v4, v6) = (gateway("v4", .v4, both), gateway("v6", .v6, both))
        if !both.has("v4"), !both.has("v6") { diagnostics.report("'\(both.path)' names no gateway", at: both.place) }
        return (v4, v6, false)
    }

    private func gateway(_ key: String, _ family: AddressFamily, _ both: BlockReader) -> Located<IPAddress>? {
        guard let address = both.optional(key, as: IPAddress.self) else { return nil }
        guard address.value.family == family else {
            diagnostics.report("'\(both.path).\(key)' must be an \(family.shownName) address", at: address.place)
            return nil
        }
        NetworkNames.checkHost(address, what: "gateway", diagnostics)
        return address
    }

    /// Whether it says where to go, and only once. What is missing because it was wrong has been reported already.
    private func isComplete(_ member: NetworkMember) -> Bool {
        let (hasDevice, hasVia, hasBackend) = (block.has("dev"), block.has("via"), block.has("address"))
        if hasBackend, hasDevice || hasVia {
            block.report("is a backend's and cannot stand beside 'dev' or 'via'", key: "address")
        }
        if !hasDevice, !hasVia, !hasBackend {
            let hint = "write dev:, via: or both"
            block.reportLack("'\(block.path)' says not where to go", hint: hint)
        }
        if member.isAuto, !hasDevice {
            block.report("needs a device to learn the gateway from", key: "via", hint: "add dev:")
        }
        if let gateway = member.gateway6, gateway.value.isLinkLocal, !hasDevice {
            diagnostics.report(
                "the link-local gateway '\(gateway.value)' needs a device",
                at: gateway.place,
                hint: "add dev:"
            )
        }
        let wantsGateway = hasVia && !member.isAuto
        return member.backend != nil || member.isAuto || member.gateway4 != nil || member.gateway6 != nil
            || (member.device != nil && !wantsGateway)
    }

    private func scopes(of member: NetworkMember) -> [HealthScope] {
        if let backend = member.backend { return [HealthScope(backend.value.address.family)] }
        if member.isDeviceOnly || member.isAuto { return [.v4, .v6] }
        return AddressFamily.allCases.filter { member.gateway($0) != nil }.map { HealthScope($0) }
    }
}
