/// Whether the gateway of a member answers on its link, by the kernel's own table: asked when somebody wants to know, never followed.
import Forwarding
import Kernel
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// The gateway that the member leaves by now and what the kernel knows of it; nil where it has none. Not on the runtime's thread.
    func neighbour(of member: GroupTable.Member, _ scope: HealthScope) -> (gateway: IPAddress, entry: Neighbour)? {
        guard let network = router.network,
            let family = AddressFamily.allCases.first(where: { HealthScope($0) == scope }),
            let configured = network.configuration.groups[member.group.index].members.first(where: {
                $0.name == member.definition.name
            }),
            case .success(let way) = network.resolver.wayOut(of: configured, family), let gateway = way.gateway,
            let entry = try? Neighbour.entry(of: gateway, on: way.interface)
        else { return nil }
        return (gateway, entry)
    }
}

extension Neighbour {
    /// `reachable 02:00:00:00:00:01`, as `ip neighbour` names the states; `none` where the kernel has no entry.
    var words: String {
        [state.rawValue, linkAddress.map { $0.map(Self.hex).joined(separator: ":") }].compactMap { $0 }
            .joined(separator: " ")
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// What that means for who asks why packets do not come back.
    var isAnswering: Bool {
        switch state {
        case .failed, .incomplete: false
        case .none, .reachable, .stale, .delay, .probe, .noarp, .permanent: true
        }
    }
}
