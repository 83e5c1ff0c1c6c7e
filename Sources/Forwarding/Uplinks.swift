/// By which device and next hop do members leave, as packets show it, and may flows stay where they are?
import ConfigSyntax
package import NetTypes
import PolicyEngine

/// A member as our nftables table needs it.
struct UplinkPath {
    let path: Path
    /// Index of its group, and its place in it.
    let group: Int
    let position: Int
    let member: NetworkMember
    /// Nil while no device is known to lead to its gateway.
    let device: String?
}

/// Where the route of a packet sends it.
enum NextHop: Hashable {
    case gateway(IPAddress)
    /// Out by the device, to whatever the packet's destination is.
    case device
}

extension Resolver {
    /// Every member with a path, and the device it leaves by now.
    var uplinks: [UplinkPath] {
        configuration.groups.enumerated().flatMap { index, group in
            group.members.enumerated().compactMap { position, member in
                guard let path = numbers.path(group.fullName(of: member)) else { return nil }
                return UplinkPath(
                    path: path,
                    group: index,
                    position: position,
                    member: member,
                    device: device(of: member)
                )
            }
        }
    }

    private func device(of member: NetworkMember) -> String? {
        member.device?.value
            ?? AddressFamily.allCases.lazy.compactMap { family -> String? in
                guard case .success(let way)? = member.has(family) ? wayOut(of: member, family) : nil else {
                    return nil
                }
                return view.links[way.interface]?.name
            }.first
    }

    /// The next hop that packets of the family have which leave by the member; nil where it is no way out in this family, or the gateway has
    /// yet to be learnt.
    func hop(of uplink: UplinkPath, _ family: AddressFamily) -> NextHop? {
        let member = uplink.member
        guard member.has(family) else { return nil }
        if case .success(let way) = wayOut(of: member, family) { return hop(by: way.gateway, family) }
        if let gateway = member.gateway(family)?.value { return hop(by: gateway, family) }
        return member.isAuto ? nil : .device
    }

    /// An IPv4 packet that goes to an IPv6 gateway shows no gateway.
    private func hop(by gateway: IPAddress?, _ family: AddressFamily) -> NextHop {
        guard let gateway, gateway.family == family else { return .device }
        return .gateway(gateway)
    }

    /// Ways out that packets can be told by, in file order: the mark that connections on them have, which is that of the first member, and all
    /// members that share the device and the next hop.
    func sharedWays(_ family: AddressFamily) -> [(key: String, mark: Mark, members: [UplinkPath])] {
        var ways: [(key: String, mark: Mark, members: [UplinkPath])] = []
        for uplink in uplinks {
            guard let hop = hop(of: uplink, family), let device = uplink.device else { continue }
            let key = "\(device) \(hop)"
            if let position = ways.firstIndex(where: { $0.key == key }) {
                ways[position].members.append(uplink)
            } else {
                ways.append((key, uplink.path.mark, [uplink]))
            }
        }
        return ways
    }

    /// The ways out of all members, by device and next hop, with the mark of each one's connections and the first member on it.
    package func ways(_ family: AddressFamily) -> [(
        key: String, mark: Mark, member: String, onFail: MemberTraffic.OnFail
    )] {
        sharedWays(family).compactMap { way in
            way.members.first.map { (way.key, way.mark, $0.path.member, $0.member.onFail) }
        }
    }

    /// The mark of the connections that leave by the member.
    package func markOfFlows(on fullName: String, _ family: AddressFamily) -> Mark? {
        let way = sharedWays(family).first { $0.members.contains { $0.path.member == fullName } }
        return way?.mark ?? numbers.path(fullName)?.mark
    }

    /// Whether flows that are on the member in this family may stay there.
    func holds(_ uplink: UplinkPath, _ family: AddressFamily) -> Bool {
        guard uplink.member.has(family) else { return false }
        switch shares(uplink.group, family).all[uplink.position].reason {
        case .eligible, .behind, .exploring, .standby, .degraded, .overLimit, .heldDown, .damped, .drained, .keptLast,
            .lastResort, .excluded:
            return true
        case .down: return uplink.member.onFail == .drain
        case .absent, .adminDown, .outOfScope: return false
        }
    }

    /// Whether the member was found dead and its flows are not to stay for all that.
    func isLost(_ uplink: UplinkPath, _ family: AddressFamily) -> Bool {
        guard case .down = shares(uplink.group, family).all[uplink.position].reason else { return false }
        return uplink.member.onFail == .cut
    }
}
