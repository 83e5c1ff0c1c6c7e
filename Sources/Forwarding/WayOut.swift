/// By which gateway on which link a member or a route leaves now, and if not, why not.
///
/// A gateway without a device is found by the connected networks, and beyond them through another route (recursively): one of the
/// file's own, or one that somebody else keeps in the main table. Default routes do not count there: a gateway that only they cover is
/// a gateway that nobody knows.
import ConfigSyntax
package import NetTypes
package import PolicyEngine

package struct WayOut: Hashable, Sendable {
    package let gateway: IPAddress?
    /// Index of the device.
    package let interface: UInt32
}

/// Why something cannot be programmed now.
package struct NotNow: Error, Hashable, Sendable {
    package let cause: PolicyEngine.Cause

    package init(_ cause: PolicyEngine.Cause) { self.cause = cause }
}

extension Resolver {
    /// Routes through routes through routes: more is a mistake, and a circle has no end.
    static let deepestRecursion = 8

    /// The way out of a member in one of its families.
    package func wayOut(of member: NetworkMember, _ family: AddressFamily) -> Result<WayOut, NotNow> {
        if member.isAuto, let device = member.device?.value { return learntWayOut(on: device, family) }
        guard let gateway = member.gateway(family)?.value else {
            guard let device = member.device?.value else { return .failure(NotNow(Absence.notConnected)) }
            return usable(device, family).map { WayOut(gateway: nil, interface: $0.index) }
        }
        return wayOut(via: gateway, device: member.device?.value, depth: 0)
    }

    /// The gateway that a member has in a family now: its own, or the one that was learnt on its device; nil while there is none.
    package func gateway(of member: NetworkMember, _ family: AddressFamily) -> IPAddress? {
        guard member.isAuto, let device = member.device?.value else { return member.gateway(family)?.value }
        return try? learntWayOut(on: device, family).get().gateway
    }

    func wayOut(
        via gateway: IPAddress,
        device: String?,
        depth: Int
    ) -> Result<WayOut, NotNow> {
        if let device {
            return usable(device, gateway.family).map { WayOut(gateway: gateway, interface: $0.index) }
        }
        if let link = view.link(towards: gateway) {
            return .success(WayOut(gateway: gateway, interface: link.index))
        }
        switch covering(gateway) {
        case nil: return .failure(NotNow(Absence.notConnected))
        case .kept(let route): return kept(route, towards: gateway)
        case .ours(let route): return ours(route, towards: gateway, depth: depth)
        }
    }

    /// The usable device of this name.
    func usable(_ device: String, _ family: AddressFamily) -> Result<Link, NotNow> {
        if let absence = view.absence(of: device, family) { return .failure(NotNow(absence)) }
        return view.link(named: device).map { .success($0) } ?? .failure(NotNow(Absence.noDevice))
    }
}

// MARK: - Learnt by others

extension Resolver {
    /// The gateway of the best default route that others keep on the device in the main table: what DHCP, router advertisements, PPP or
    /// the administrator put there. A point-to-point device needs none.
    func learntWayOut(on device: String, _ family: AddressFamily) -> Result<WayOut, NotNow> {
        usable(device, family).flatMap { link in
            let learnt = view.routes.values
                .filter { $0.key.table == Self.mainTable && $0.key.prefix == .everything(family) }
                .filter { !configuration.ownership.owns($0) && isLearnt($0) }
                .compactMap { route in
                    hops(of: route).first { $0.interface == link.index }.map { (route.key.metric, $0) }
                }
                .min { $0.0 < $1.0 }
            if let hop = learnt?.1 { return .success(hop) }
            guard link.isPointToPoint else { return .failure(NotNow(Absence.noGatewayLearnt)) }
            return .success(WayOut(gateway: nil, interface: link.index))
        }
    }

    /// `RTPROT_*` of those who configure a host: the kernel, boot scripts, the administrator, router advertisements, DHCP.
    private static let hostProtocols: Set<UInt8> = [0, 2, 3, 4, 9, 16]

    private func isLearnt(_ route: Route) -> Bool { Self.hostProtocols.contains(route.routeProtocol) }

    /// The ways out that a stranger's route has, in its order.
    private func hops(of route: Route) -> [WayOut] {
        switch route.action {
        case .inline(let gateway, let interface): [WayOut(gateway: gateway, interface: interface)]
        case .multipath(let hops): hops.map { WayOut(gateway: $0.gateway, interface: $0.interface) }
        case .nexthop(let id): hops(of: id)
        case .blackhole, .unreachable, .prohibit, .other: []
        }
    }

    private func hops(of id: NexthopID) -> [WayOut] {
        guard let nexthop = view.nexthops[id] else { return [] }
        if case .via(let gateway, let interface, _) = nexthop.kind {
            return [WayOut(gateway: gateway, interface: interface)]
        }
        return (nexthop.kind.members ?? []).compactMap { member in
            guard case .via(let gateway, let interface, _)? = view.nexthops[member.id]?.kind else { return nil }
            return WayOut(gateway: gateway, interface: interface)
        }
    }
}

// MARK: - Recursion

extension Resolver {
    enum Covering {
        /// A route of the file.
        case ours(RouteDefinition)
        /// A stranger's.
        case kept(Route)
    }

    /// The route of the main table that covers an address most closely, of equal ones that of the best metric; default routes do not.
    func covering(_ address: IPAddress) -> Covering? {
        typealias Rank = (length: UInt8, metric: UInt32)
        var best: (rank: Rank, route: Covering)?
        func offer(_ prefix: IPPrefix, _ metric: UInt32, _ route: Covering) {
            guard prefix.length > 0, prefix.contains(address) else { return }
            if let rank = best?.rank, rank.length > prefix.length { return }
            if let rank = best?.rank, rank.length == prefix.length, rank.metric <= metric { return }
            best = ((prefix.length, metric), route)
        }
        for route in configuration.routes where route.options.table ?? Self.mainTable == Self.mainTable {
            guard case .prefix(let prefix) = route.destination else { continue }
            offer(prefix, route.options.metric ?? configuration.ownership.metric, .ours(route))
        }
        for route in view.routes.values.sorted(by: { $0.key < $1.key }) where route.key.table == Self.mainTable {
            if !configuration.ownership.owns(route) { offer(route.key.prefix, route.key.metric, .kept(route)) }
        }
        return best?.route
    }

    private func kept(_ route: Route, towards gateway: IPAddress) -> Result<WayOut, NotNow> {
        let hop = hops(of: route).first { view.links[$0.interface]?.isUsable ?? false }
        guard let hop else { return .failure(NotNow(Absence.notConnected)) }
        return .success(WayOut(gateway: hop.gateway ?? gateway, interface: hop.interface))
    }

    private func ours(_ route: RouteDefinition, towards gateway: IPAddress, depth: Int) -> Result<WayOut, NotNow> {
        guard depth < Self.deepestRecursion else { return .failure(NotNow(Absence.circle)) }
        switch route.use {
        case .via(let next, let device):
            return wayOut(via: next.value, device: device?.value, depth: depth + 1)
        case .auto(let device): return learntWayOut(on: device.value, gateway.family)
        case .device(let device):
            return usable(device.value, gateway.family).map { WayOut(gateway: gateway, interface: $0.index) }
        case .member(let group, let name):
            let member = configuration.groups.first { $0.name == group.value }?.members.first {
                $0.name.value == name.value
            }
            guard let member, member.has(gateway.family) else { return .failure(NotNow(Absence.notConnected)) }
            return wayOut(of: member, gateway.family)
        // A group holds no group (fact 3), so this has to be said by a route: those may go through a group's route.
        case .group: return .failure(NotNow(Absence.overGroup))
        case .blackhole, .unreachable, .prohibit: return .failure(NotNow(Absence.notConnected))
        }
    }
}
