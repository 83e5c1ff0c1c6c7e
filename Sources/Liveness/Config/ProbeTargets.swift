/// How a list of targets is read, whatever kind of probe asks them.
import ConfigSyntax
import NetTypes
import PolicyEngine

/// Something with an address, unless that is the member's own.
protocol ProbeAddressed: Hashable {
    var address: IPAddress? { get }
}

extension IPAddress: ProbeAddressed {
    var address: IPAddress? { self }
}

extension ProbeHost: ProbeAddressed {
    var address: IPAddress? {
        switch self {
        case .address(let address): address
        case .member: nil
        }
    }
}

extension ProbeEndpoint: ProbeAddressed {
    var address: IPAddress? { host.address }
}

extension DNSServer: ProbeAddressed {
    var address: IPAddress? { target.address }
}

enum ProbeTargets {
    /// The targets under `key`, with what is wrong about them reported: none, too many, one twice, one that is no host.
    static func read<Target: ProbeAddressed & ScalarValue>(
        _ key: String,
        _ block: BlockReader,
        as type: Target.Type
    ) -> [Located<Target>] {
        let targets = block.values(key, as: type)
        guard let node = block.node(key), !targets.isEmpty else {
            if case .list(let items)? = block.node(key)?.kind, items.isEmpty {
                block.report("names no target", key: key)
            }
            return []
        }
        let most = ProbeDefinition.mostTargets
        if targets.count > most {
            block.diagnostics.report("'\(block.path).\(key)' names more than \(most) targets", at: node.place)
        }
        for (position, target) in targets.enumerated() {
            if let address = target.value.address, !address.isElsewhere {
                block.diagnostics.report("'\(address)' cannot be probed: it is no host elsewhere", at: target.place)
            }
            if let earlier = targets[..<position].first(where: { $0.value == target.value }) {
                let name = target.value.address?.description ?? ProbeHost.placeholder
                block.diagnostics.report("'\(name)' is here twice", at: target.place, related: earlier.place)
            }
        }
        return targets
    }
}

extension IPAddress {
    fileprivate var isElsewhere: Bool { !isMulticast && !isUnspecified && !isLoopback }
}
