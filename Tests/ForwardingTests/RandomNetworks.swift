/// Small random configurations, and kernels in which earlier daemons and strangers have left something.
import Chance
import NetTypes
import PolicyEngine

@testable import Forwarding

struct RandomNetworks {
    var chance: SeededGenerator

    /// A narrow window, so that leftovers and strangers meet our numbers often.
    static let window = OwnershipWindow(
        routeProtocol: 219,
        metric: 77,
        nexthopIDs: 100...139,
        rulePreferences: 7000...7011,
        tables: 7000...7011,
        markMask: MarkMask(bits: 0x0F00_0000),
        tableName: "martlet"
    )

    private static let shapes = [
        Buckets(count: 16, idle: .seconds(1), unbalanced: .zero),
        Buckets(count: 32, idle: .seconds(9), unbalanced: .zero),
    ]

    private mutating func flip() -> Bool { Bool.random(using: &chance) }
    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &chance)]
    }

    mutating func configuration() -> NetworkConfiguration {
        let groups = (0..<Int.random(in: 0...3, using: &chance)).map { group("g\($0)") }
        var routes: [RouteDefinition] = []
        for prefix in ["default", "10.1.0.0/16", "10.2.0.0/16", "2001:db8:1::/48"] where flip() {
            routes.append(Networks.route(prefix, use(of: groups, in: prefix)))
        }
        return Networks.configuration(groups, routes: routes, window: Self.window)
    }

    private mutating func group(_ name: String) -> NetworkGroup {
        let members = (0..<Int.random(in: 1...3, using: &chance)).map { number in
            let (hasV4, hasV6) = pick([(true, true), (true, false), (false, true), (false, false)])
            return Networks.member(
                "m\(number)",
                dev: "eth\(Int.random(in: 0...2, using: &chance))",
                v4: hasV4 ? "203.0.113.\(number + 1)" : nil,
                v6: hasV6 ? "fe80::\(number + 1)" : nil
            )
        }
        return Networks.group(
            name,
            members,
            whenAllDown: pick(WhenAllDown.allCases),
            strategy: pick([.static, .weighted]),
            buckets: pick([nil, nil] + Self.shapes)
        )
    }

    private mutating func use(of groups: [NetworkGroup], in prefix: String) -> RouteDefinition.Use {
        let other: [RouteDefinition.Use] = [.blackhole, .unreachable]
        let isV6 = prefix.contains(":")
        guard prefix != "default", let group = groups.randomElement(using: &chance) else {
            return groups.first.map { Networks.to($0.name) } ?? pick(other)
        }
        let member = pick(group.members).name
        let gateway = Networks.via(isV6 ? "fe80::9" : "203.0.113.5", dev: pick(["eth0", "eth1"]))
        return pick(
            other + [Networks.to(group.name), .member(group: Networks.located(group.name), member: member), gateway]
        )
    }

    /// Links in any state, with most of their addresses.
    mutating func links() -> [KernelReport] {
        (0..<3).flatMap { number -> [KernelReport] in
            let index = UInt32(11 + number)
            let link = Networks.link(index, "eth\(number)", up: !oneIn(8), carrier: !oneIn(5))
            let addresses = [("203.0.113.\(100 + number)", UInt8(24)), ("fe80::\(100 + number)", 64)]
            return [.link(link)] + addresses.filter { _ in !oneIn(8) }.map { .address(Networks.address(index, $0, $1)) }
        }
    }

    private mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &chance) == 0 }

    /// A kernel that obeys its own rules, with objects of ours and of strangers at random numbers of the window.
    mutating func kernel() -> ModelKernel {
        var kernel = ModelKernel(window: Self.window)
        for id in Self.window.nexthopIDs where oneIn(6) { kernel.nexthops.append(lone(NexthopID(id))) }
        for id in Self.window.nexthopIDs where oneIn(10) {
            guard !kernel.nexthops.contains(where: { $0.id.value == id }) else { continue }
            let family = pick(AddressFamily.allCases)
            let members = kernel.nexthops.filter { $0.family == family && !$0.isGroup }.prefix(2)
            if !members.isEmpty { kernel.nexthops.append(group(NexthopID(id), family, members.map(\.id))) }
        }
        for table in [254, 7001, 7003] as [UInt32] {
            for prefix in ["0.0.0.0/0", "::/0", "10.1.0.0/16", "2001:db8:1::/48"] where oneIn(3) {
                kernel.routes.append(route(table, Networks.prefix(prefix), kernel.nexthops))
            }
        }
        for preference in Self.window.rulePreferences where oneIn(5) { kernel.rules.append(rule(preference)) }
        return kernel
    }

    private mutating func owner() -> UInt8 { oneIn(3) ? 4 : Self.window.routeProtocol }

    private mutating func lone(_ id: NexthopID) -> Nexthop {
        let family = pick(AddressFamily.allCases)
        return Nexthop(id: id, family: family, kind: .blackhole, routeProtocol: owner())
    }

    private mutating func group(_ id: NexthopID, _ family: AddressFamily, _ members: [NexthopID]) -> Nexthop {
        let weighted = members.map { WeightedNexthop(id: $0, weight: 1) }
        let kind = pick([.group(weighted)] + Self.shapes.map { Nexthop.Kind.resilient(weighted, $0) })
        return Nexthop(id: id, family: family, kind: kind, routeProtocol: owner())
    }

    /// A stranger's route stands on a stranger's next hop: over one of ours it would go when that goes, whoever made it.
    private mutating func route(_ table: UInt32, _ prefix: IPPrefix, _ nexthops: [Nexthop]) -> Route {
        let owner = owner()
        let usable = nexthops.filter {
            $0.family == prefix.family
                && (owner == Self.window.routeProtocol || ($0.routeProtocol == owner && !$0.isGroup))
        }
        let key = Route.Key(table: table, prefix: prefix, metric: pick([77, .max]))
        let action = pick(usable.map { Route.Action.nexthop($0.id) } + [.blackhole])
        return Route(key: key, action: action, routeProtocol: owner)
    }

    private mutating func rule(_ preference: UInt32) -> Rule {
        Rule(
            family: pick(AddressFamily.allCases),
            preference: preference,
            mark: (preference - 7000) << 24,
            mask: Self.window.markMask.bits,
            table: preference,
            routeProtocol: owner(),
            hasOtherSelectors: oneIn(6)
        )
    }
}
