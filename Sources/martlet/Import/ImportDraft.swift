/// How the routes of a kernel are sorted into groups, routes and remarks.
import Forwarding
import Kernel
import NetTypes

struct ImportDraft {
    private(set) var groups: [ImportedGroup] = []
    private(set) var routes: [ImportedRoute] = []
    private(set) var notes: [String] = []

    private let seen: SeenKernel
    private let window: OwnershipWindow
    /// The group of the default routes.
    private static let defaultGroup = "wan"

    init(_ seen: SeenKernel, _ window: OwnershipWindow) { (self.seen, self.window) = (seen, window) }

    /// Routes of the main table that a file can take over, best metric first.
    private var candidates: [ListedRoute] {
        seen.routes.filter { listed in
            listed.route.key.table == Resolver.mainTable && RouteOwner.takenOver.contains(listed.route.routeProtocol)
        }
        .sorted { ($0.route.key.prefix, $0.route.key.metric) < ($1.route.key.prefix, $1.route.key.metric) }
    }

    mutating func takeRoutes() {
        takeDefaults(candidates.filter { $0.route.key.prefix.length == 0 })
        var taken: Set<IPPrefix> = []
        for listed in candidates where listed.route.key.prefix.length > 0 {
            guard taken.insert(listed.route.key.prefix).inserted else {
                notes.append("a second route, behind the one that was taken: \(words(listed))")
                continue
            }
            take(listed)
        }
    }

    // MARK: The default route

    private mutating func takeDefaults(_ defaults: [ListedRoute]) {
        var members: [ImportedMember] = []
        for family in AddressFamily.allCases {
            let ours = defaults.filter { $0.route.key.prefix.family == family }
            let metrics = Set(ours.map(\.route.key.metric)).sorted()
            for listed in ours {
                let tier = (metrics.firstIndex(of: listed.route.key.metric) ?? 0) + 1
                guard !listed.hops.isEmpty else {
                    notes.append("a default route that leads nowhere: \(words(listed))")
                    continue
                }
                for hop in listed.hops { add(hop, of: listed, family, tier, to: &members) }
                remark(listed)
            }
        }
        guard !members.isEmpty else { return }
        groups.append(ImportedGroup(name: Self.defaultGroup, members: members))
        routes.append(ImportedRoute(destination: "default", use: Self.defaultGroup))
    }

    private mutating func add(
        _ hop: ListedRoute.Hop,
        of listed: ListedRoute,
        _ family: AddressFamily,
        _ tier: Int,
        to members: inout [ImportedMember]
    ) {
        guard let device = usable(hop, family, listed) else { return }
        // The other family's way by the same device is the same uplink.
        if let same = members.firstIndex(where: { $0.device == device && $0.gateways[family] == nil && family == .v6 })
        {
            guard let gateway = hop.gateway else { return }
            members[same].gateways[family] = gateway
            if members[same].weight != hop.weight || members[same].tier != tier {
                notes.append("\(device) has another weight or metric for IPv6, and a member has one: \(words(listed))")
            }
            return
        }
        var member = ImportedMember(name: "", device: device, weight: hop.weight, tier: tier)
        member.gateways[family] = hop.gateway
        member.name = Self.free(YAMLText.name(device), among: members.map(\.name))
        if listed.route.routeProtocol == RouteOwner.dhcp || listed.route.routeProtocol == RouteOwner.routerAdvertisement
        {
            member.note =
                "learnt by \(RouteProtocolName.of(listed.route.routeProtocol)); 'via: auto' follows what is learnt"
        }
        members.append(member)
    }

    // MARK: Other routes

    private mutating func take(_ listed: ListedRoute) {
        let destination = YAMLText.quoted("\(listed.route.key.prefix)")
        switch listed.route.action {
        case .blackhole: routes.append(ImportedRoute(destination: destination, use: "blackhole"))
        case .unreachable: routes.append(ImportedRoute(destination: destination, use: "unreachable"))
        case .nexthop, .inline, .multipath:
            guard let use = use(of: listed) else { return }
            routes.append(ImportedRoute(destination: destination, use: use))
        default:
            notes.append("a route of a type that the file does not have: \(words(listed))")
            return
        }
        remark(listed)
    }

    /// `{ via: … }` for a gateway, a group for several ways or for a device alone; nil when it cannot be said, which is noted.
    private mutating func use(of listed: ListedRoute) -> String? {
        let family = listed.route.key.prefix.family
        if listed.hops.count == 1, let gateway = listed.hops[0].gateway {
            guard let device = usable(listed.hops[0], family, listed) else { return nil }
            return "{ via: \(YAMLText.quoted("\(gateway)")), dev: \(YAMLText.quoted(device)) }"
        }
        var members: [ImportedMember] = []
        for hop in listed.hops {
            guard let device = usable(hop, family, listed) else { return nil }
            var member = ImportedMember(name: "", device: device, weight: hop.weight, tier: 1)
            member.gateways[family] = hop.gateway
            member.name = Self.free(YAMLText.name(device), among: members.map(\.name))
            members.append(member)
        }
        guard let first = members.first else { return nil }
        if let same = groups.first(where: { $0.members == members }) { return same.name }
        let name = Self.free(members.count == 1 ? "to-\(first.name)" : "paths", among: groups.map(\.name))
        groups.append(ImportedGroup(name: name, members: members))
        return name
    }

    private mutating func usable(_ hop: ListedRoute.Hop, _ family: AddressFamily, _ listed: ListedRoute) -> String? {
        guard let device = seen.name(of: hop.interface) else {
            notes.append("a route over a device that is gone: \(words(listed))")
            return nil
        }
        guard hop.gateway.map({ $0.family == family }) ?? true else {
            notes.append("a gateway of the other family: \(words(listed))")
            return nil
        }
        return device
    }

    private static func free(_ name: String, among taken: [String]) -> String {
        guard taken.contains(name) else { return name }
        return (2...).lazy.map { "\(name)-\($0)" }.first { !taken.contains($0) } ?? name
    }
}

// MARK: - Remarks

extension ImportDraft {
    /// What stays before ours, and what of the route is not taken along.
    private mutating func remark(_ listed: ListedRoute) {
        if listed.route.key.metric < window.metric {
            notes.append(
                "this one goes before Martlet's (metric \(window.metric)) until it is removed where it is made, and with: ip "
                    + "\(listed.route.key.prefix.family == .v4 ? "-4" : "-6") route del \(words(listed))"
            )
        }
        if let source = listed.preferredSource {
            notes.append("the source address \(source) is not taken along: \(words(listed))")
        }
        if let mtu = listed.mtu { notes.append("the MTU \(mtu) is not taken along: \(words(listed))") }
    }

    /// Everything that is there and that the file says nothing of.
    mutating func noteTheRest() {
        var counts: [String: Int] = [:]
        for listed in seen.routes where listed.route.routeProtocol != window.routeProtocol {
            let number = listed.route.routeProtocol
            if listed.route.key.table != Resolver.mainTable {
                counts["routes in table \(listed.route.key.table)", default: 0] += 1
            } else if number != RouteProtocolName.kernel, !RouteOwner.takenOver.contains(number) {
                counts["routes of protocol \(RouteProtocolName.of(number)), which stay with it", default: 0] += 1
            }
        }
        notes += counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        // 0, 32766 and 32767 are the kernel's own.
        for rule in seen.rules where !window.owns(rule) && ![0, 32766, 32767].contains(rule.preference) {
            notes.append(
                "the rule of preference \(rule.preference) (\(rule.family.name)) stays as it is; a policy may say it instead"
            )
        }
    }

    private func words(_ listed: ListedRoute) -> String {
        let key = listed.route.key
        let destination = key.prefix.length == 0 ? "default" : "\(key.prefix)"
        let hops = listed.hops.map { hop in
            (hop.gateway.map { "via \($0) " } ?? "") + "dev \(seen.name(of: hop.interface) ?? "#\(hop.interface)")"
        }
        let ways =
            hops.count < 2
            ? hops.first ?? ""
            : zip(hops, listed.hops).map { "nexthop \($0) weight \($1.weight)" }.joined(separator: " ")
        return "\(destination) \(ways) metric \(key.metric)"
    }
}
