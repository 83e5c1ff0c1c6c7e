/// Short ways to make configurations, links and shares for tests.
import ConfigSyntax
import NetTypes
import PolicyEngine

@testable import Forwarding

enum Networks {
    static let nowhere = Place(file: 0, line: 1, column: 1)

    static func located<Value>(_ value: Value) -> Located<Value> { Located(value, at: nowhere) }

    static func member(_ name: String, dev: String?, v4: String? = nil, v6: String? = nil) -> NetworkMember {
        NetworkMember(
            name: located(name),
            device: dev.map(located),
            gateway4: v4.map { located(IPAddress($0)!) },
            gateway6: v6.map { located(IPAddress($0)!) },
            isAuto: false,
            backend: nil,
            probe: nil,
            cost: nil,
            allowance: nil,
            quality: nil,
            place: nowhere
        )
    }

    static func group(
        _ name: String,
        _ members: [NetworkMember],
        whenAllDown: WhenAllDown = .keepLast,
        strategy: Strategy = .weighted,
        buckets: Buckets? = nil
    ) -> NetworkGroup {
        let definitions = members.enumerated().map { position, member in
            MemberDefinition(
                name: member.name,
                weight: position + 1,
                tier: 1,
                hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
                scopes: AddressFamily.allCases.filter(member.has).map { HealthScope($0) }
            )
        }
        let definition = GroupDefinition(
            name: located(name),
            strategy: strategy,
            members: definitions,
            keepsLast: whenAllDown == .keepLast
        )
        return NetworkGroup(
            definition: definition,
            members: members,
            flows: buckets == nil ? .hash : .resilient,
            buckets: buckets,
            whenAllDown: whenAllDown,
            place: nowhere
        )
    }

    static func route(
        _ destination: String,
        _ use: RouteDefinition.Use,
        options: RouteOptions = RouteOptions()
    ) -> RouteDefinition {
        let place = destination == "default" ? RouteDefinition.Destination.default : .prefix(prefix(destination))
        return RouteDefinition(destination: place, use: use, options: options, place: nowhere)
    }

    static func prefix(_ text: String) -> IPPrefix { try! IPPrefix(parsing: text) }

    static func to(_ group: String) -> RouteDefinition.Use { .group(located(group)) }

    static func via(_ gateway: String, dev: String? = nil) -> RouteDefinition.Use {
        .via(located(IPAddress(gateway)!), device: dev.map(located))
    }

    static func configuration(
        _ groups: [NetworkGroup] = [],
        routes: [RouteDefinition] = [],
        window: OwnershipWindow = .standard
    ) -> NetworkConfiguration {
        NetworkConfiguration(
            ownership: window,
            groups: groups,
            routes: routes,
            routeFiles: [],
            policies: [],
            sets: [],
            services: [],
            masquerade: nil,
            notify: [],
            place: nowhere
        )
    }

    /// Two dual-stack uplinks, fiber on eth0 and cable on eth1.
    static let uplinks = [
        member("fiber", dev: "eth0", v4: "203.0.113.1", v6: "fe80::1"),
        member("cable", dev: "eth1", v4: "198.51.100.1", v6: "fe80::1"),
    ]

    static func link(_ index: UInt32, _ name: String, up: Bool = true, carrier: Bool = true) -> Link {
        Link(index: index, name: name, isUp: up, hasCarrier: carrier, isLoopback: false)
    }

    static func address(_ interface: UInt32, _ text: String, _ length: UInt8) -> InterfaceAddress {
        InterfaceAddress(interface: interface, address: IPAddress(text)!, prefixLength: length, isTentative: false)
    }

    /// eth0 (11) and eth1 (12) with addresses of both families.
    static let links: [KernelReport] = [
        .link(link(11, "eth0")), .link(link(12, "eth1")), .address(address(11, "203.0.113.2", 29)),
        .address(address(12, "198.51.100.2", 29)), .address(address(11, "fe80::2", 64)),
        .address(address(12, "fe80::2", 64)),
    ]

    /// A view that has been told these and has read every family.
    static func view(_ reports: [KernelReport] = links, window: OwnershipWindow = .standard) -> KernelView {
        var view = KernelView(window: window)
        for report in reports { _ = view.apply(report) }
        for family in KernelFamily.allCases {
            _ = view.dumpEnded(family)
        }
        return view
    }
}

/// Everything that resolves one configuration over one view.
struct Plane {
    var configuration: NetworkConfiguration
    var view: KernelView
    var numbers: Numbers
    var groups: GroupTable

    init(_ configuration: NetworkConfiguration, _ view: KernelView = Networks.view()) {
        self.configuration = configuration
        self.view = view
        numbers = Numbers(window: configuration.ownership)
        _ = numbers.assign(configuration, view: view)
        groups = GroupTable(configuration.groups.map(\.definition), at: Instant(nanoseconds: 0))
    }

    var resolver: Resolver {
        let groups = groups
        return Resolver(configuration: configuration, view: view, numbers: numbers) { index, family, strategy in
            let group = groups.groups[index]
            return groups.shares(of: group.id, in: HealthScope(family), by: strategy?.terms(in: group.definition))
        }
    }

    var wish: Wish { resolver.wish() }
    var plan: Plan { Difference.plan(from: view, to: wish, window: configuration.ownership) }

    /// One failure of the member, which is enough.
    mutating func fail(_ member: String, _ family: AddressFamily) {
        guard let id = groups.member(named: member)?.id else { return }
        _ = groups.observe(.failure(Cause("test")), of: id, in: HealthScope(family), at: Instant(nanoseconds: 1))
    }

    mutating func set(_ admin: Admin, _ member: String) {
        guard let id = groups.member(named: member)?.id else { return }
        _ = groups.set(admin, of: id)
    }

    /// Carries the plan out in the view.
    mutating func carryOut() { for change in plan.changes { view.expect(change) } }

    /// What the route in the main table does; nil when there is none.
    func action(_ prefix: String) -> Route.Action? {
        wish.routes.first {
            $0.object.key.table == Resolver.mainTable && $0.object.key.prefix == Networks.prefix(prefix)
        }?
        .object.action
    }
}
