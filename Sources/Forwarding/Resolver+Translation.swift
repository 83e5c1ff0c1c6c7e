/// Which addresses and ports are translated on the way out and in, and which TCP segments are made smaller.
import ConfigSyntax
package import NetTypes
import PolicyEngine

extension RulesetBuilder {
    mutating func addTranslation() {
        let out = sourceRules
        if !out.isEmpty {
            let hook = Ruleset.Hook(.nat, .postrouting, priority: Self.source)
            chains.append(Ruleset.Chain("source-nat", hook: hook, out))
        }
        var writer = ConditionWriter(secondOfDay: nil)
        let inwards = configuration.forwards.flatMap { rules(of: $0, &writer) }
        if !inwards.isEmpty {
            let hook = Ruleset.Hook(.nat, .prerouting, priority: Self.destination)
            chains.append(Ruleset.Chain("destination-nat", hook: hook, inwards))
        }
        let known = Set(sets.map(\.name))
        sets += writer.sets.sorted { $0.key < $1.key }.map(\.value).filter { !known.contains($0.name) }
    }

    // MARK: - Out

    /// A member's own addresses first, then what takes the device's.
    private var sourceRules: [Ruleset.Rule] {
        let own = devices.flatMap { device in
            AddressFamily.allCases.flatMap { family in sourceRules(of: device.members, family) }
        }
        guard let masquerade = configuration.masquerade else { return own }
        return own
            + masquerade.devices.flatMap { device in
                masquerade.families.map { family in
                    Ruleset.Rule(
                        "masquerade",
                        leaves(by: device.value) + ConditionWriter.isFamily(family) + [.masquerade]
                    )
                }
            }
    }

    private func leaves(by device: String) -> [Ruleset.Expression] {
        [.meta(.outputName, into: .first), .compare(.first, .equal, NftNumber.name(device))]
    }

    /// Where members share a device, each one's next hop is asked for first; what goes to neighbours is the first one's.
    private func sourceRules(of members: [UplinkPath], _ family: AddressFamily) -> [Ruleset.Rule] {
        let plain = members.compactMap { sourceRule($0, family, by: nil) }
        guard members.count > 1, !plain.isEmpty else { return plain }
        return members.compactMap { member in
            resolver.hop(of: member, family).flatMap { sourceRule(member, family, by: $0) }
        } + plain.prefix(1)
    }

    private func sourceRule(_ uplink: UplinkPath, _ family: AddressFamily, by hop: NextHop?) -> Ruleset.Rule? {
        guard let device = uplink.device, let prefix = resolver.source(of: uplink, family) else { return nil }
        let addresses = prefix.addresses
        let last = Ruleset.Register(4)
        let isPrefix = addresses.lowerBound != addresses.upperBound
        var expressions = leaves(by: device) + Self.leaves(by: hop ?? .device, family)
        expressions.append(.load(addresses.lowerBound.bytes, into: .first))
        if isPrefix { expressions.append(.load(addresses.upperBound.bytes, into: last)) }
        expressions.append(
            .translate(
                Ruleset.Translation(
                    .source,
                    isIPv6: family == .v6,
                    address: .first,
                    lastAddress: isPrefix ? last : nil,
                    isPrefix: isPrefix
                )
            )
        )
        return Ruleset.Rule("snat \(uplink.path.member)", expressions)
    }

    // MARK: - In

    private func rules(of forward: ForwardDefinition, _ writer: inout ConditionWriter) -> [Ruleset.Rule] {
        let devices = forward.entrances.flatMap { self.devices(of: $0.value) }
        guard !devices.isEmpty else { return [] }
        return forward.transports.compactMap { transport in
            let conditions = [
                PacketCondition.interface(devices), PacketCondition.port(transport, forward.ports),
            ]
            guard let written = writer.expressions(conditions, forward.address.family) else { return nil }
            return Ruleset.Rule(
                forward.name.value,
                ConditionWriter.isFamily(forward.address.family) + written + Self.isForThisHost
                    + translation(of: forward)
            )
        }
    }

    /// `fib daddr type local` (`RTN_LOCAL` is 2): what only passes through is nobody's port forward.
    private static let isForThisHost: [Ruleset.Expression] = [
        .destinationType(into: .first), .compare(.first, .equal, NftNumber.host(2)),
    ]

    private func translation(of forward: ForwardDefinition) -> [Ruleset.Expression] {
        let port = Ruleset.Register(4)
        var expressions: [Ruleset.Expression] = [.load(forward.address.bytes, into: .first)]
        if let number = forward.port { expressions.append(.load(NftNumber.network(number), into: port)) }
        expressions.append(
            .translate(
                Ruleset.Translation(
                    .destination,
                    isIPv6: forward.address.family == .v6,
                    address: .first,
                    port: forward.port == nil ? nil : port
                )
            )
        )
        return expressions
    }

    /// A member's device, those of a group's members, or the device of that name.
    private func devices(of name: String) -> [String] {
        let group = configuration.groups.firstIndex { $0.name == name }
        let found = uplinks.filter { $0.path.member == name || $0.group == group }
        guard found.isEmpty, group == nil, !name.contains(".") || !isMember(name) else {
            return found.compactMap(\.device)
        }
        return [name]
    }

    private func isMember(_ name: String) -> Bool {
        configuration.groups.contains { group in group.members.contains { group.fullName(of: $0) == name } }
    }

    // MARK: - Segments

    /// A connection's first segment out of the device says how large the others may be: no larger than the path takes.
    mutating func addSegments() {
        guard let clamp = configuration.segmentClamp else { return }
        let isFirst: [Ruleset.Expression] = [
            .meta(.transport, into: .first), .compare(.first, .equal, [6]),
            // Flags SYN and RST of RFC 9293: the first set, the second not.
            .payload(.transport, offset: 13, length: 1, into: .first),
            .bitwise(.first, mask: [0x06], xor: [0]), .compare(.first, .equal, [0x02]),
        ]
        let size: [Ruleset.Expression] =
            clamp.size.map { [.load(NftNumber.network($0), into: .first)] }
            ?? [.route(.segmentSize, into: .first), .toNetworkOrder(.first, size: 2, length: 2)]
        // Kind 2 of RFC 9293 §3.7.1, whose number stands behind kind and length. The kernel makes it smaller, never larger.
        let set = Ruleset.Expression.setTCPOption(kind: 2, offset: 2, length: 2, from: .first)
        let rules = clamp.devices.map { Ruleset.Rule("segments", leaves(by: $0.value) + isFirst + size + [set]) }
        let hook = Ruleset.Hook(.filter, .forward, priority: Self.mangle)
        chains.append(Ruleset.Chain("segments", hook: hook, rules))
    }
}

extension Resolver {
    /// The address or prefix that a member's packets leave with; nil where nothing is to be done.
    func source(of uplink: UplinkPath, _ family: AddressFamily) -> IPPrefix? {
        switch uplink.member.source(family) {
        case nil: return nil
        case .prefix(let prefix): return prefix
        case .ofDevice:
            guard let device = uplink.device, let link = view.link(named: device) else { return nil }
            let own = view.addresses.filter {
                $0.interface == link.index && $0.address.family == family && !$0.isTentative && !$0.address.isLinkLocal
            }
            return own.min { $0.order < $1.order }.map(\.connected)
        }
    }

    /// What members with `snat: auto` translate to now, by the members' full names.
    package func sourcesOfDevices(_ family: AddressFamily) -> [(member: String, source: IPPrefix)] {
        uplinks.compactMap { uplink in
            guard case .ofDevice? = uplink.member.source(family) else { return nil }
            return source(of: uplink, family).map { (uplink.path.member, $0) }
        }
    }
}

extension PacketCondition {
    static func interface(_ names: [String]) -> PacketCondition { PacketCondition(.interface(names)) }

    static func port(_ transport: UInt8, _ ports: ClosedRange<UInt16>) -> PacketCondition {
        PacketCondition(.port(transport: transport, isSource: false, [ports]))
    }
}

extension InterfaceAddress {
    /// A network that is to be used no more comes last.
    fileprivate var order: (Int, IPAddress, UInt8) { (isDeprecated ? 1 : 0, address, prefixLength) }
}
