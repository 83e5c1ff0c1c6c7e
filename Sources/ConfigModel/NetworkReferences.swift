/// Whether the names and families of the network block fit together.
import ConfigSyntax
import Forwarding
import Liveness
import NetTypes
import PolicyEngine

struct NetworkReferences {
    let network: NetworkConfiguration
    let probes: [ProbeDefinition]
    let diagnostics: Diagnostics
    private let declared: DeclaredNames
    private let groups: GroupNames

    init(
        _ network: NetworkConfiguration,
        _ probes: [ProbeDefinition],
        _ declared: DeclaredNames,
        _ diagnostics: Diagnostics
    ) {
        self.declared = declared
        self.network = network
        self.probes = probes
        self.diagnostics = diagnostics
        groups = GroupNames(network.groups.map(\.definition), plane: "network", declared, diagnostics)
    }

    func check() {
        for group in network.groups {
            checkTwins(group)
            for (member, definition) in zip(group.members, group.definition.members) { checkProbe(member, definition) }
        }
        checkSessions()
        for route in network.routes {
            check(route.use, to: route.destination)
            if let condition = route.options.condition { _ = groups.resolve(condition.reference) }
        }
        for file in network.routeFiles { check(file.use, to: nil) }
        for service in network.services { checkBackends(service) }
        for policy in network.policies { check(policy) }
        for forward in network.forwards { for entrance in forward.entrances { check(entrance) } }
        checkTracking()
        checkMarks()
    }

    /// Two members that are one way out: their weights would add up to something nobody wrote.
    private func checkTwins(_ group: NetworkGroup) {
        for (position, member) in group.members.enumerated() {
            let twin = group.members[..<position].first { other in
                other.device?.value == member.device?.value && other.gateway4?.value == member.gateway4?.value
                    && other.gateway6?.value == member.gateway6?.value && other.isAuto == member.isAuto
                    && other.backend?.value == member.backend?.value
            }
            guard let twin else { continue }
            diagnostics.report(
                "'\(member.name.value)' goes the same way as '\(twin.name.value)'",
                at: member.place,
                related: twin.place
            )
        }
    }

    private func checkProbe(_ member: NetworkMember, _ definition: MemberDefinition) {
        guard let name = member.probe else { return }
        guard let probe = probes.first(where: { $0.name.value == name.value }) else {
            let known = declared.names("network", "probes")
            guard !known.contains(name.value) else { return }
            diagnostics.report(
                "no probe is named '\(name.value)'",
                at: name.place,
                hint: known.isEmpty ? "no probes are defined" : NearestName.hint(for: name.value, among: known)
            )
            return
        }
        checkFamilies(of: probe, name, member, definition)
        checkOwnAddress(probe, name, member)
    }

    /// Whether a probe that asks the member itself finds out whom to ask.
    private func checkOwnAddress(_ probe: ProbeDefinition, _ name: Located<String>, _ member: NetworkMember) {
        guard probe.kind.asksMember else { return }
        let who = "'\(member.name.value)'"
        if probe.kind == .neighbour, member.device == nil || member.backend != nil {
            diagnostics.report(
                "the probe '\(name.value)' asks neighbours, and \(who) names no device to ask them on",
                at: name.place,
                related: probe.place
            )
        } else if member.isDeviceOnly {
            diagnostics.report(
                "the probe '\(name.value)' asks the member itself, and \(who) has no address",
                at: name.place,
                hint: "write via:, or name targets that lie beyond it",
                related: probe.place
            )
        }
    }

    /// A family of the member without a target of the probe would never be probed: it would seem healthy for ever.
    private func checkFamilies(
        of probe: ProbeDefinition,
        _ name: Located<String>,
        _ member: NetworkMember,
        _ definition: MemberDefinition
    ) {
        // A member of both families may well be probed in one; of one family it would not be probed at all.
        guard definition.scopes.count == 1 else { return }
        for family in AddressFamily.allCases where definition.scopes.contains(HealthScope(family)) {
            guard probe.kind.hasTarget(family) == false else { continue }
            diagnostics.report(
                "the probe '\(name.value)' has no \(family.shownName) target, and '\(member.name.value)' is \(family.shownName) only",
                at: name.place,
                related: probe.place
            )
        }
    }

    /// - Parameter destination: nil for a list, whose families only its file tells.
    private func check(_ use: RouteDefinition.Use, to destination: RouteDefinition.Destination?) {
        let target: GroupNames.Target?
        let place: Place
        switch use {
        case .group(let name): (target, place) = (groups.resolve(name), name.place)
        case .member(let group, let member):
            (target, place) = (groups.resolve(group.map { "\($0).\(member.value)" }), group.place)
        case .via, .device, .auto, .blackhole, .unreachable, .prohibit: return
        }
        guard let target else { return }
        if network.groups.contains(where: {
            $0.definition.name == target.group.name && $0.members.contains { $0.backend != nil }
        }) {
            diagnostics.report("'\(target.group.name.value)' holds backends, and routes need next hops", at: place)
        } else if case .prefix(let prefix) = destination, groups.isComplete(target.group),
            !target.scopes.contains(HealthScope(prefix.family))
        {
            let family = prefix.family.shownName
            let lacking = target.member == nil ? "no member of the group has an" : "the member has no"
            diagnostics.report(
                "\(prefix) is \(family), and \(lacking) \(family) gateway",
                at: place,
                related: target.group.name.place
            )
        }
    }

    private func checkBackends(_ service: ServiceDefinition) {
        guard let target = groups.resolve(service.use) else { return }
        let group = network.groups.first { $0.definition.name == target.group.name }
        guard let stray = group?.members.first(where: { $0.backend == nil }) else { return }
        diagnostics.report(
            "'\(service.use.value)' holds next hops, and services need backends with an address",
            at: service.use.place,
            related: stray.place
        )
    }

    private func check(_ policy: NetworkPolicy) {
        guard case .use(let name) = policy.action, let target = groups.resolve(name) else { return }
        checkStrategy(policy, target)
        guard
            network.groups.contains(where: {
                $0.definition.name == target.group.name && $0.members.contains { $0.backend != nil }
            })
        else { return }
        let message = "'\(target.group.name.value)' holds backends, and policies need next hops"
        diagnostics.report(message, at: name.place)
    }

    /// Whether the policy's own strategy can judge the members it is to choose among.
    private func checkStrategy(_ policy: NetworkPolicy, _ target: GroupNames.Target) {
        guard let own = policy.strategy else { return }
        let path = "network.policies.\(policy.name.value).strategy"
        if let member = target.member {
            let words = "'\(path)' chooses among members, and 'use' names one alone: '\(member.name.value)'"
            return diagnostics.report(words, at: policy.place)
        }
        let group = network.groups.first { $0.definition.name == target.group.name }
        for lack in group?.lacks(for: own) ?? [] {
            diagnostics.report("'\(path)' \(lack)", at: policy.place, related: target.group.name.place)
        }
    }

    /// A name with a dot is a member's if there is such a group; without one, a group's or a device's.
    private func check(_ entrance: Located<String>) {
        let group = entrance.value.split(separator: ".").first.map(String.init) ?? ""
        if entrance.value.contains("."), network.groups.contains(where: { $0.name == group }) {
            _ = groups.resolve(entrance)
        }
    }

    /// What needs the marks of connections.
    private func checkTracking() {
        guard !network.isTracking else { return }
        var asked: [(String, Place)] = []
        if let masquerade = network.masquerade { asked.append(("masquerade", masquerade.place)) }
        if let forward = network.forwards.first { asked.append(("forwards", forward.place)) }
        for group in network.groups {
            if group.flows == .sticky { asked.append(("groups.\(group.name).flows: sticky", group.place)) }
            for member in group.members where AddressFamily.allCases.contains(where: { member.source($0) != nil }) {
                asked.append(("groups.\(group.fullName(of: member)).snat", member.place))
            }
        }
        for (what, place) in asked {
            diagnostics.report(
                "'network.\(what)' needs tracked connections",
                at: place,
                hint: "remove connections: untracked"
            )
        }
    }

    /// Every member that routes can use is a path with a mark, a table and rules of its own, and so is every target of policies.
    private func checkMarks() {
        let members = network.groups.reduce(0) { $0 + $1.members.count { $0.backend == nil } }
        let targets = network.targetCount
        let paths = members + targets
        let window = network.ownership
        let limits = [
            (window.markMask.capacity, "marks"),
            (window.tables.count - 1, "tables"),
            (Int(window.preferenceBand) - 1, "rules"),
        ]
        let asked = "\(members) members" + (targets == 0 ? "" : " and \(targets) targets of policies")
        for (limit, what) in limits where paths > limit {
            diagnostics.report(
                "there are \(asked), but 'network.ownership.\(what)' has room for \(limit)",
                at: network.place
            )
        }
    }
}
