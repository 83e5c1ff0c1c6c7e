/// The network plane's state: who is healthy, what the kernel has, what was asked of it and refused.
import ConfigSyntax
package import Forwarding
package import Liveness
package import NetTypes
package import PolicyEngine

package struct NetworkPlane: Sendable {
    package let configuration: NetworkConfiguration
    package let probes: [ProbeDefinition]
    package internal(set) var groups: GroupTable
    package internal(set) var view: KernelView
    package internal(set) var numbers: Numbers
    /// Last result of each probed member and scope, by full name, for `show probes`.
    package internal(set) var lastProbes: [ProbeKey: ProbeResult] = [:]
    /// What the kernel refused, until it is tried again and taken.
    package internal(set) var refusals: [KernelChange.Target: Refusal] = [:]
    /// Strangers' objects in our way, as of the last plan.
    package internal(set) var conflicts: [ForeignConflict] = []
    /// What waits for a link, an address or a number, as of the last plan.
    package internal(set) var pending: [Pending] = []
    /// How often an object of ours had to be put back.
    package internal(set) var driftCount: UInt64 = 0

    /// Changes sent and taken since the configuration was applied.
    package internal(set) var tally = Tally()

    /// Batches on their way to the kernel.
    var inFlight: [UInt64: [KernelChange]] = [:]
    /// Later parts of a plan that is too long for the fast lane, each waiting for the one before.
    var stages: [Stage] = []
    var stageToken: UInt64?
    var nextToken: UInt64 = 1
    var isNumbered = false
    var needsPlan = true
    /// Groups whose shares changed in this turn.
    var touched: Set<GroupID> = []
    /// Shares as last noted, so that a note says only what is new.
    var noted: [NotedKey: [NotedShare]] = [:]
    /// Moments of `Effect.wake` already asked for.
    var wakeAt: Instant?

    package struct Tally: Hashable, Sendable {
        package internal(set) var sent = 0
        package internal(set) var accepted = 0
    }

    struct Stage: Sendable {
        let lane: Lane
        let changes: [KernelChange]
    }

    struct NotedKey: Hashable, Sendable {
        let group: String
        let scope: HealthScope
    }

    package struct ProbeKey: Hashable, Sendable {
        package let member: String
        package let scope: HealthScope

        package init(member: String, scope: HealthScope) {
            self.member = member
            self.scope = scope
        }
    }

    package struct Refusal: Hashable, Sendable {
        package let change: KernelChange
        package let refusal: KernelRefusal
        package let attempts: Int
        package let retryAt: Instant
    }

    /// Takes a configuration over, keeping health, numbers and the view of the kernel where it may.
    init(
        _ configuration: NetworkConfiguration,
        _ probes: [ProbeDefinition],
        keeping old: NetworkPlane?,
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        self.configuration = configuration
        self.probes = probes
        groups = GroupTable(configuration.groups.map(\.definition), keeping: old?.groups, at: now)
        if let old, old.configuration.ownership == configuration.ownership {
            (view, numbers) = (old.view, old.numbers)
            (inFlight, stages, stageToken, nextToken) = (old.inFlight, old.stages, old.stageToken, old.nextToken)
            (driftCount, lastProbes, noted, wakeAt) = (old.driftCount, old.lastProbes, old.noted, old.wakeAt)
        } else {
            view = KernelView(window: configuration.ownership)
            numbers = Numbers(window: configuration.ownership)
            effects += KernelFamily.allCases.map { .reread($0) }
        }
        updatePresence(at: now, &effects)
    }

    mutating func set(_ admin: Admin, of member: String) -> Bool {
        guard let member = groups.member(named: member), groups.set(admin, of: member.id) else { return false }
        touched.insert(member.group)
        return true
    }

    /// The resolver over the state of this moment.
    package var resolver: Resolver {
        let groups = groups
        return Resolver(configuration: configuration, view: view, numbers: numbers) { index, family in
            groups.shares(of: GroupID(index), in: HealthScope(family))
        }
    }

    /// What would be done to the kernel now; empty when it holds what the configuration says.
    package func plan() -> Plan { Difference.plan(from: view, to: resolver.wish(), window: configuration.ownership) }

    /// The members that are to be probed, in the configuration's order.
    var probedMembers: [ProbedMember] {
        configuration.groups.flatMap { group in
            group.members.compactMap { member -> ProbedMember? in
                guard let name = member.probe?.value, let probe = probes.first(where: { $0.name.value == name }) else {
                    return nil
                }
                let fullName = group.fullName(of: member)
                return ProbedMember(
                    name: fullName,
                    device: member.device?.value,
                    mark: numbers.path(fullName)?.mark,
                    scopes: groups.member(named: fullName)?.definition.scopes ?? [],
                    probe: probe
                )
            }
        }
    }
}

extension NetworkPlane {
    /// Whether nothing is under way and nothing is due.
    package var isSettled: Bool { view.isComplete && isNumbered && inFlight.isEmpty && stages.isEmpty && !needsPlan }

    /// What a next-hop id of ours stands for: `group wan ipv4`.
    package func nameOf(_ id: NexthopID) -> String? {
        for family in AddressFamily.allCases {
            if numbers.nexthop(NexthopName.park(family)) == id { return NexthopName.park(family) }
            for group in configuration.groups {
                if numbers.nexthop(NexthopName.group(group.name, family)) == id { return "group \(group.name)" }
                for member in group.members {
                    let fullName = group.fullName(of: member)
                    if numbers.nexthop(NexthopName.member(fullName, family)) == id { return fullName }
                }
            }
        }
        for route in configuration.routes {
            if case .via(let gateway, _) = route.use, numbers.nexthop(NexthopName.via(gateway.value)) == id {
                return NexthopName.via(gateway.value)
            }
        }
        return nil
    }
}
