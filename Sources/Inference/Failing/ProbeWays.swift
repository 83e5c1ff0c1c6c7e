/// Over which ways is a provider probed? Those that requests to it would take now.
package import NetTypes
import PolicyEngine

/// One way to a provider.
package struct ProbeWay: Hashable, Sendable {
    /// `group.member` of the network plane; nil: the host's own routing.
    package let path: String?
    package let mark: Mark?
    package let families: [AddressFamily]
}

extension GatewaySnapshot {
    /// The ways that carry load to a provider, as index into `providers`; empty when no path of its carries any.
    package func probeWays(toProvider index: Int) -> [ProbeWay] {
        ways(to: providers[index], without: []).filter { $0.weight > 0 }.map {
            ProbeWay(path: $0.name, mark: $0.mark, families: $0.families)
        }
    }
}
