/// The kernel numbers of everything the configuration names: next-hop ids and path numbers (marks, tables, preferences).
import ConfigSyntax
package import NetTypes

package struct Numbers: Sendable {
    private var nexthops: Numbering
    private var paths: Numbering
    private let window: OwnershipWindow

    /// Fixed for ever: changing it would renumber every running router at its next upgrade.
    private static let hash = KeyedHash(key0: 0x6D61_7274_6C65_7400, key1: 0x6E75_6D62_6572_7301)

    package init(window: OwnershipWindow) {
        self.window = window
        nexthops = Numbering(capacity: window.nexthopIDs.count, hash: Self.hash)
        paths = Numbering(capacity: window.pathCapacity, hash: Self.hash)
    }

    /// Numbers everything `configuration` names; ids that strangers hold are passed over. Returns what no number was left for.
    package mutating func assign(_ configuration: NetworkConfiguration, view: KernelView) -> [String] {
        var names: [String] = AddressFamily.allCases.map(NexthopName.park)
        var members: [String] = []
        for group in configuration.groups {
            for family in AddressFamily.allCases {
                names.append(NexthopName.of(group, family))
                names += configuration.strategies(over: group).map { NexthopName.of(group, family, by: $0) }
                names += group.members.flatMap { NexthopName.all(of: group.fullName(of: $0), family) }
            }
            members += group.members.map { group.fullName(of: $0) }
        }
        for route in configuration.routes { names += AddressFamily.allCases.compactMap { NexthopName.of(route, $0) } }
        let window = window
        return nexthops.assign(names) { number in
            let there = view.nexthops[NexthopID(window.nexthopIDs.lowerBound &+ UInt32(number))]
            return there.map { !window.owns($0) } ?? false
        } + paths.assign(members + configuration.targets.map { configuration.name(of: $0.target) })
    }

    /// The id of a named object (`NexthopName`).
    package func nexthop(_ name: String) -> NexthopID? {
        nexthops.number(of: name).map { NexthopID(window.nexthopIDs.lowerBound &+ UInt32($0)) }
    }

    /// The number of a policy's target by its name (`NetworkConfiguration.name(of:)`): as a path, but its rule stands behind the one
    /// that keeps the LAN reachable.
    package func target(_ name: String) -> Path? {
        path(name).map {
            Path(member: name, mark: $0.mark, table: $0.table, preference: $0.preference + window.preferenceBand)
        }
    }

    /// The path of a network member by its full name.
    package func path(_ member: String) -> Path? {
        guard let number = paths.number(of: member), let mark = window.markMask.mark(number + 1) else { return nil }
        return Path(
            member: member,
            mark: mark,
            table: window.tables.lowerBound + UInt32(number) + 1,
            preference: window.rulePreferences.lowerBound + UInt32(number) + 1
        )
    }
}

/// One way out that a connection can be bound to by its mark: rule → table → the member's next hop.
package struct Path: Hashable, Sendable, Codable {
    /// `group.member`.
    package let member: String
    package let mark: Mark
    package let table: UInt32
    /// Of its rule, in both families.
    package let preference: UInt32
}

/// The names under which next-hop ids are kept.
package enum NexthopName {
    /// With its shape: the kernel replaces no group by one of another shape, so each has an object of its own.
    package static func of(
        _ group: NetworkGroup,
        _ family: AddressFamily,
        by strategy: PolicyStrategy? = nil
    ) -> String {
        "group \(group.name) \(family.name)" + (group.buckets.map { " resilient \($0.count)" } ?? "")
            + (strategy.map { " by \($0.name)" } ?? "")
    }
    package static func member(_ fullName: String, _ family: AddressFamily) -> String {
        "member \(fullName) \(family.name)"
    }
    /// The member as the one way of a route, as of its path's. In IPv6 that is an object of its own: the kernel keeps what it found out for a
    /// next hop with that next hop, for whichever route asked first, and what a group's route found has the source address of the group's
    /// first device (docs/decisions/0019).
    package static func path(_ fullName: String, _ family: AddressFamily) -> String {
        family == .v4 ? member(fullName, family) : "path \(fullName) \(family.name)"
    }
    /// Every next hop that stands for the member; in IPv4 both are one.
    package static func all(of fullName: String, _ family: AddressFamily) -> [String] {
        [member(fullName, family), path(fullName, family)]
    }
    /// A route's own next hop, shared by all routes that say the same; the same link-local gateway may stand on several devices. Nil for
    /// routes that have none.
    package static func of(_ route: RouteDefinition, _ family: AddressFamily) -> String? {
        switch route.use {
        case .via(let gateway, let device):
            "via \(gateway.value)" + (device.map { " dev \($0.value)" } ?? "")
                + (route.options.isOnlink ? " onlink" : "")
        case .device(let device): "dev \(device.value) \(family.name)"
        case .auto(let device): "auto dev \(device.value) \(family.name)"
        case .group, .member, .blackhole, .unreachable, .prohibit: nil
        }
    }
    /// The blackhole that a group is parked on when nothing can carry it.
    package static func park(_ family: AddressFamily) -> String { "park \(family.name)" }
}
