/// How the configuration becomes kernel objects, given who is healthy and which links are there: `Intent → Resolved`.
import ConfigSyntax
import NetTypes
import PolicyEngine

package struct Resolver {
    let configuration: NetworkConfiguration
    let view: KernelView
    let numbers: Numbers
    private let division: GroupShares
    /// Local time of day, for policies that ask for it; nil while it is not known.
    let secondOfDay: Int64?
    var window: OwnershipWindow { configuration.ownership }

    package init(
        configuration: NetworkConfiguration,
        view: KernelView,
        numbers: Numbers,
        secondOfDay: Int64? = nil,
        shares: @escaping GroupShares
    ) {
        self.configuration = configuration
        self.view = view
        self.numbers = numbers
        self.secondOfDay = secondOfDay
        division = shares
    }

    /// The division of a group's load by its own strategy or a policy's.
    func shares(_ group: Int, _ family: AddressFamily, by strategy: PolicyStrategy? = nil) -> Shares {
        division(group, family, strategy)
    }

    /// Everything the kernel should hold.
    package func wish() -> Wish {
        var wish = Wish()
        addLoneNexthops(to: &wish)
        for index in configuration.groups.indices { wish.nexthops += groupNexthops(index) }
        for route in configuration.routes { add(route, to: &wish) }
        for file in configuration.routeFiles { add(file, to: &wish) }
        addPaths(to: &wish)
        addTargets(to: &wish)
        wish.ruleset = ruleset()
        wish.routes.sort { $0.object.key.isMade(before: $1.object.key) }
        wish.rules.sort { ($0.object.family, $0.object.preference) < ($1.object.family, $1.object.preference) }
        return wish
    }

    /// The kernel groups of one group: one per family it has members in, however many routes use it, and behind them those of policies
    /// that choose among its members in their own way.
    package func groupNexthops(_ index: Int) -> [Wished<Nexthop>] {
        ([nil] + configuration.strategies(over: index)).flatMap { strategy in
            AddressFamily.allCases.compactMap { groupNexthop(index, $0, by: strategy) }
        }
    }

    func name(_ object: String, _ family: AddressFamily) -> String { "\(object) \(family.name)" }
}

// MARK: - Next hops

extension Resolver {
    private func addLoneNexthops(to wish: inout Wish) {
        for family in AddressFamily.allCases where configuration.groups.contains(where: { $0.has(family) }) {
            guard let id = numbers.nexthop(NexthopName.park(family)), let first = configuration.groups.first else {
                continue
            }
            wish.nexthops.append(Wished(made(id, family, .blackhole), cause: first.definition.name.place))
        }
        for group in configuration.groups {
            for member in group.members {
                for family in AddressFamily.allCases where member.has(family) {
                    addMember(member, of: group, family, to: &wish)
                }
            }
        }
    }

    private func addMember(
        _ member: NetworkMember,
        of group: NetworkGroup,
        _ family: AddressFamily,
        to wish: inout Wish
    ) {
        let fullName = group.fullName(of: member)
        let place = member.name.place
        switch memberNexthop(member, of: group, family) {
        case .success(let nexthop):
            wish.nexthops.append(Wished(nexthop, cause: place))
            if case .success(let own) = pathNexthop(member, of: group, family), own.id != nexthop.id {
                wish.nexthops.append(Wished(own, cause: place))
            }
        case .failure(let why): wish.pending.append(Pending(name: name(fullName, family), why: why.cause, cause: place))
        }
    }

    /// Within its group.
    func memberNexthop(
        _ member: NetworkMember,
        of group: NetworkGroup,
        _ family: AddressFamily
    ) -> Result<Nexthop, NotNow> {
        nexthop(NexthopName.member(group.fullName(of: member), family), of: member, family)
    }

    /// As the one way of a route.
    private func pathNexthop(
        _ member: NetworkMember,
        of group: NetworkGroup,
        _ family: AddressFamily
    ) -> Result<Nexthop, NotNow> {
        nexthop(NexthopName.path(group.fullName(of: member), family), of: member, family)
    }

    private func nexthop(_ name: String, of member: NetworkMember, _ family: AddressFamily) -> Result<Nexthop, NotNow> {
        guard let id = numbers.nexthop(name) else { return .failure(NotNow(Absence.noNumber)) }
        return wayOut(of: member, family).map { made(id, family, $0) }
    }

    private func made(_ id: NexthopID, _ family: AddressFamily, _ way: WayOut, isOnlink: Bool = false) -> Nexthop {
        made(id, family, .via(gateway: way.gateway, interface: way.interface, onlink: isOnlink))
    }

    private func groupNexthop(
        _ index: Int,
        _ family: AddressFamily,
        by strategy: PolicyStrategy?
    ) -> Wished<Nexthop>? {
        let group = configuration.groups[index]
        guard group.has(family), let id = numbers.nexthop(NexthopName.of(group, family, by: strategy)) else {
            return nil
        }
        var members = carriers(index, family, by: strategy)
        if members.isEmpty {
            guard group.whenAllDown != .unreachable, let park = numbers.nexthop(NexthopName.park(family)) else {
                return nil
            }
            members = [WeightedNexthop(id: park, weight: 1)]
        }
        let kind = group.buckets.map { Nexthop.Kind.resilient(members, $0) } ?? .group(members)
        return Wished(made(id, family, kind), cause: group.definition.name.place)
    }

    /// The members that carry the group's load and can be programmed now, in file order.
    private func carriers(_ index: Int, _ family: AddressFamily, by strategy: PolicyStrategy?) -> [WeightedNexthop] {
        let group = configuration.groups[index]
        let shares = shares(index, family, by: strategy)
        return zip(group.members, shares.all).compactMap { member, share in
            guard share.weight > 0, case .success(let nexthop) = memberNexthop(member, of: group, family) else {
                return nil
            }
            return WeightedNexthop(id: nexthop.id, weight: share.weight)
        }
    }

    private func made(_ id: NexthopID, _ family: AddressFamily, _ kind: Nexthop.Kind) -> Nexthop {
        Nexthop(id: id, family: family, kind: kind, routeProtocol: window.routeProtocol)
    }
}

// MARK: - Routes

extension Resolver {
    private func add(_ route: RouteDefinition, to wish: inout Wish) {
        for prefix in route.destination.prefixes {
            if let condition = route.options.condition, !holds(condition, for: route.key(prefix, window)) {
                wish.pending.append(Pending(name: prefix.description, why: Self.withdrawn, cause: route.place))
                continue
            }
            let source = route.options.source?.value
            let own = source.flatMap { $0.family == prefix.family ? $0 : nil }
            let action =
                isMissing(own)
                ? .failure(NotNow(Absence.noSourceAddress)) : action(of: route, prefix.family, wish: &wish)
            switch action {
            case .success(let action):
                wish.routes.append(Wished(made(route, prefix, action, source: own), cause: route.place))
            case .failure(let why):
                wish.pending.append(Pending(name: prefix.description, why: why.cause, cause: route.place))
            case nil: continue
            }
        }
    }

    /// A feed whose list has not been read yet wishes for nothing, and says so.
    private func add(_ file: RouteFileDefinition, to wish: inout Wish) {
        let place = file.name.place
        guard let list = configuration.lists.first(where: { $0.feed == file.name.value })?.prefixes else {
            wish.pending.append(Pending(name: file.name.value, why: Absence.unread, cause: place))
            return
        }
        let route = RouteDefinition(destination: .default, use: file.use, options: RouteOptions(), place: place)
        var actions: [AddressFamily: Route.Action] = [:]
        for family in AddressFamily.allCases where list.count(family) > 0 {
            switch action(of: route, family, wish: &wish) {
            case .success(let action): actions[family] = action
            case .failure(let why):
                let name = self.name(file.name.value, family)
                wish.pending.append(Pending(name: name, why: why.cause, cause: place))
            case nil:
                let name = self.name(file.name.value, family)
                wish.pending.append(Pending(name: name, why: Absence.noFamily, cause: place))
            }
        }
        let feed = WishedFeed(name: file.name.value, list: list, v4: actions[.v4], v6: actions[.v6], cause: place)
        wish.feeds.append(feed)
    }

    /// A source that is no address of this host is refused, and no address once it is tentative.
    private func isMissing(_ source: IPAddress?) -> Bool {
        guard let source else { return false }
        return !view.addresses.contains { $0.address == source && !$0.isTentative }
    }

    private func made(_ route: RouteDefinition, _ prefix: IPPrefix, _ action: Route.Action, source: IPAddress?) -> Route
    {
        Route(
            key: route.key(prefix, window),
            action: action,
            routeProtocol: window.routeProtocol,
            source: source,
            mtu: route.options.mtu
        )
    }

    /// What the route does now; nil where the group has no member of the family at all.
    private func action(
        of route: RouteDefinition,
        _ family: AddressFamily,
        wish: inout Wish
    ) -> Result<Route.Action, NotNow>? {
        switch route.use {
        case .blackhole: return .success(.blackhole)
        case .unreachable: return .success(.unreachable)
        case .prohibit: return .success(.prohibit)
        case .via, .device, .auto: return ownAction(of: route, family, depth: 0, wish: &wish)
        case .group(let name):
            guard let index = configuration.groups.firstIndex(where: { $0.name == name.value }) else { return nil }
            return groupAction(index, family)
        case .member(let groupName, let memberName):
            guard let index = configuration.groups.firstIndex(where: { $0.name == groupName.value }) else { return nil }
            return memberAction(index, memberName.value, family)
        }
    }

    func groupAction(
        _ index: Int,
        _ family: AddressFamily,
        by strategy: PolicyStrategy? = nil
    ) -> Result<Route.Action, NotNow>? {
        let group = configuration.groups[index]
        guard group.has(family) else { return nil }
        guard let id = groupNexthop(index, family, by: strategy)?.object.id else {
            return group.whenAllDown == .unreachable
                ? .success(.unreachable) : .failure(NotNow(Absence.noNumber))
        }
        return .success(.nexthop(id))
    }

    /// A route to one member is a route to a group of one, with the group's own rule for when it is down.
    func memberAction(_ index: Int, _ name: String, _ family: AddressFamily) -> Result<Route.Action, NotNow>? {
        let group = configuration.groups[index]
        guard let position = group.members.firstIndex(where: { $0.name.value == name }) else { return nil }
        guard group.members[position].has(family) else { return nil }
        let reason = shares(index, family).all[position].reason
        let mayCarry = reason != .adminDown && (!reason.isOutage || group.whenAllDown == .keepLast)
        switch pathNexthop(group.members[position], of: group, family) {
        case .success(let nexthop) where mayCarry: return .success(.nexthop(nexthop.id))
        case .success, .failure:
            return .success(group.whenAllDown == .unreachable ? .unreachable : .blackhole)
        }
    }

    /// Of a route with a next hop of its own. Where that is reached through another route of the file, the two share what carries them.
    private func ownAction(
        of route: RouteDefinition,
        _ family: AddressFamily,
        depth: Int,
        wish: inout Wish
    ) -> Result<Route.Action, NotNow> {
        if case .via(let gateway, nil) = route.use, view.link(towards: gateway.value) == nil,
            case .ours(let other)? = covering(gateway.value), other != route
        {
            return action(through: other, gateway.value.family, depth: depth, wish: &wish)
        }
        guard let id = NexthopName.of(route, family).flatMap(numbers.nexthop) else {
            return .failure(NotNow(Absence.noNumber))
        }
        return ownWayOut(of: route, family).map { way in
            let hopFamily = way.gateway?.family ?? family
            let nexthop = made(id, hopFamily, way, isOnlink: route.options.isOnlink)
            if !wish.nexthops.contains(where: { $0.object.id == id }) {
                wish.nexthops.append(Wished(nexthop, cause: route.place))
            }
            return .nexthop(id)
        }
    }

    private func action(
        through other: RouteDefinition,
        _ family: AddressFamily,
        depth: Int,
        wish: inout Wish
    ) -> Result<Route.Action, NotNow> {
        guard depth < Self.deepestRecursion else { return .failure(NotNow(Absence.circle)) }
        switch other.use {
        case .via, .device, .auto: return ownAction(of: other, family, depth: depth + 1, wish: &wish)
        case .group, .member: return action(of: other, family, wish: &wish) ?? .failure(NotNow(Absence.notConnected))
        case .blackhole, .unreachable, .prohibit: return .failure(NotNow(Absence.notConnected))
        }
    }

    private func ownWayOut(of route: RouteDefinition, _ family: AddressFamily) -> Result<WayOut, NotNow> {
        switch route.use {
        case .via(let gateway, let device): wayOut(via: gateway.value, device: device?.value, depth: 0)
        case .device(let device): usable(device.value, family).map { WayOut(gateway: nil, interface: $0.index) }
        case .auto(let device): learntWayOut(on: device.value, family)
        case .group, .member, .blackhole, .unreachable, .prohibit: .failure(NotNow(Absence.notConnected))
        }
    }

    /// `RT_TABLE_MAIN`.
    package static let mainTable: UInt32 = 254
}

// MARK: - Paths

extension Resolver {
    /// Per path, in both families: a rule for its mark, a table with the member's default, and an unreachable default at the
    /// worst metric, so that what carries the mark leaves by that member or not at all.
    private func addPaths(to wish: inout Wish) {
        for group in configuration.groups {
            for member in group.members {
                guard let path = numbers.path(group.fullName(of: member)) else { continue }
                for family in AddressFamily.allCases { add(path, for: member, of: group, family, to: &wish) }
            }
        }
    }

    private func add(
        _ path: Path,
        for member: NetworkMember,
        of group: NetworkGroup,
        _ family: AddressFamily,
        to wish: inout Wish
    ) {
        let place = member.name.place
        let rule = Rule(
            family: family,
            preference: path.preference,
            mark: path.mark.value,
            mask: window.markMask.bits,
            table: path.table,
            routeProtocol: window.routeProtocol
        )
        wish.rules.append(Wished(rule, cause: place))
        wish.routes.append(Wished(pathRoute(path, family, .max, .unreachable), cause: place))
        guard member.has(family), case .success(let nexthop) = pathNexthop(member, of: group, family) else { return }
        wish.routes.append(Wished(pathRoute(path, family, window.metric, .nexthop(nexthop.id)), cause: place))
    }

    func pathRoute(_ path: Path, _ family: AddressFamily, _ metric: UInt32, _ action: Route.Action) -> Route {
        let key = Route.Key(table: path.table, prefix: .everything(family), metric: metric)
        return Route(key: key, action: action, routeProtocol: window.routeProtocol)
    }
}

extension Share.Reason {
    /// Whether the member could not carry load even if it were its turn.
    var isOutage: Bool {
        switch self {
        case .eligible, .behind, .exploring, .standby, .lastResort, .degraded, .overLimit, .excluded: false
        case .keptLast, .heldDown, .damped, .down, .absent, .drained, .adminDown, .outOfScope: true
        }
    }
}
