/// Strangers' objects where ours have to stand, and ways beside the policy.
import Forwarding
import Kernel
import NetTypes

extension Doctor {
    /// Strangers inside our windows.
    var windows: [Finding] { strangeNexthops + strangeRules + strangeRoutes + strangeMarks }

    private var window: OwnershipWindow { facts.window }

    private var strangeNexthops: [Finding] {
        let strange = facts.nexthops.filter { window.nexthopIDs.contains($0.id.value) && !window.owns($0) }
        guard let first = strange.min(by: { $0.id < $1.id }) else { return [] }
        return [
            Finding(
                "nexthop-ids",
                .fights,
                "\(counted(strange.count, "next hop")) of protocol \(RouteProtocolName.of(first.routeProtocol)) stand in our window of "
                    + "ids, the first is \(first.id.value): their numbers are not used",
                fix: "give network.ownership.nexthop-ids another window, or: ip nexthop del id \(first.id.value)"
            )
        ]
    }

    private var strangeRules: [Finding] {
        facts.kernel.rules.filter { window.rulePreferences.contains($0.preference) && !window.owns($0) }.map { rule in
            Finding(
                "rule-preference",
                .fights,
                "a rule of protocol \(RouteProtocolName.of(rule.routeProtocol)) stands at \(rule.preference) (\(rule.family.name)), "
                    + "inside our band: it is asked among ours",
                fix:
                    "ip \(flag(rule.family)) rule del pref \(rule.preference), or give network.ownership.rules another band"
            )
        }
    }

    private var strangeRoutes: [Finding] {
        let strange = facts.kernel.routes.map(\.route).filter {
            window.tables.contains($0.key.table) && !window.owns($0)
        }
        return Set(strange.map(\.key.table)).sorted().map { table in
            Finding(
                "table",
                .fights,
                "table \(table), one of ours, holds a stranger's routes: packets of our paths may take them",
                fix:
                    "ip route flush table \(table) proto \(strange.first { $0.key.table == table }?.routeProtocol ?? 0), or give "
                    + "network.ownership.tables another range"
            )
        }
    }

    /// Rules of others that look at bits of the mark that we set.
    private var strangeMarks: [Finding] {
        facts.kernel.rules.filter { rule in
            rule.mask & window.markMask.bits != 0 && !window.owns(rule)
                && !window.rulePreferences.contains(rule.preference)
        }
        .map { rule in
            Finding(
                "mark",
                .fights,
                "the rule at \(rule.preference) (\(rule.family.name)) looks at mark 0x\(String(rule.mark, radix: 16))/0x"
                    + "\(String(rule.mask, radix: 16)), which overlaps ours (0x\(String(window.markMask.bits, radix: 16)))",
                fix: "give network.ownership.marks bits that nobody else uses"
            )
        }
    }

    private func flag(_ family: AddressFamily) -> String { family == .v4 ? "-4" : "-6" }
}

// MARK: - Leaks

extension Doctor {
    /// By what packets could pass beside the policy.
    var leaks: [Finding] { strangeDefaults + familiesWithoutUs + openTables + unwatchedMembers }

    private func defaults(_ family: AddressFamily) -> [Route] {
        facts.kernel.routes.map(\.route).filter {
            $0.key.prefix.length == 0 && $0.key.prefix.family == family && $0.key.table == Resolver.mainTable
        }
    }

    /// A default route that goes before ours.
    private var strangeDefaults: [Finding] {
        AddressFamily.allCases.flatMap { family -> [Finding] in
            guard defaults(family).contains(where: { window.owns($0) }) else { return [] }
            return defaults(family).filter { !window.owns($0) && $0.key.metric < window.metric }.map { route in
                Finding(
                    "leak-default",
                    .fights,
                    "a default route of protocol \(RouteProtocolName.of(route.routeProtocol)) (\(family.name)) has metric "
                        + "\(route.key.metric) and goes before ours (\(window.metric)): all traffic takes it",
                    fix:
                        "ip \(flag(family)) route del default metric \(route.key.metric) proto \(route.routeProtocol), and where it "
                        + "is made give it a higher metric"
                )
            }
        }
    }

    /// One family follows the policy, and the other leaves as it likes.
    private var familiesWithoutUs: [Finding] {
        AddressFamily.allCases.compactMap { family in
            let other: AddressFamily = family == .v4 ? .v6 : .v4
            let isOurs = { (routes: [Route]) in routes.contains { window.owns($0) } }
            guard isOurs(defaults(other)), !isOurs(defaults(family)), !defaults(family).isEmpty else { return nil }
            return Finding(
                "leak-family",
                .fights,
                "the \(other.name) default route is ours, the \(family.name) one is not: hosts with both families leave beside "
                    + "the policy",
                fix:
                    "give the members a \(family.name) gateway (via: { v4: …, v6: … }), or remove the \(family.name) default route"
            )
        }
    }

    /// A path's table in which a packet finds no route sends it on to the next table.
    private var openTables: [Finding] {
        let routes = facts.kernel.routes.map(\.route)
        return facts.kernel.rules.filter { window.owns($0) && window.tables.contains($0.table) }.compactMap { rule in
            let isClosed = routes.contains { route in
                guard route.key.table == rule.table, route.key.prefix == .everything(rule.family) else { return false }
                switch route.action {
                case .unreachable, .blackhole, .prohibit: return true
                default: return false
                }
            }
            guard !isClosed else { return nil }
            return Finding(
                "leak-table",
                .fights,
                "table \(rule.table) (\(rule.family.name)) has no unreachable default: when its path is down, its packets take "
                    + "another",
                fix: "martlet apply"
            )
        }
    }

    private var unwatchedMembers: [Finding] {
        (facts.network?.groups ?? []).flatMap { group in
            group.members.filter { $0.probe == nil && group.members.count > 1 }.map { member in
                Finding(
                    "leak-probe",
                    .note,
                    "\(group.fullName(of: member)) has no probe: it carries load as long as its link is up, whatever lies behind",
                    fix: "give it one: probe: NAME"
                )
            }
        }
    }
}
