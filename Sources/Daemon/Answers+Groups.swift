/// Groups and members of both planes as rows.
import ConfigSyntax
import Control
import Forwarding
import Inference
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    private var tables: [(Plane, GroupTable)] {
        [(Plane.network, router.network?.groups), (.models, router.models?.groups)].compactMap { plane, table in
            table.map { (plane, $0) }
        }
    }

    /// - Parameter withFigures: asks the kernel where its buckets are and what it has counted. Not on the runtime's thread.
    func groups(withFigures: Bool = false) -> [GroupRow] {
        tables.flatMap { plane, table in
            table.groups.flatMap { group in
                scopes(of: group, in: table).map { scope in
                    let row = row(group, in: scope, plane, table)
                    guard plane == .network,
                        let family = AddressFamily.allCases.first(where: { HealthScope($0) == scope })
                    else { return row }
                    return kernelGroup(group.id.index, family).map { $0.added(to: row, withFigures) } ?? row
                }
            }
        }
    }

    private func kernelGroup(_ index: Int, _ family: AddressFamily) -> KernelGroup? {
        guard let network = router.network,
            let wished = network.resolver.groupNexthops(index).first(where: { $0.object.family == family })?.object
        else { return nil }
        return KernelGroup(nexthop: wished, state: network.state(of: wished), nameOf: network.nameOf)
    }

    private func row(_ group: GroupTable.Group, in scope: HealthScope, _ plane: Plane, _ table: GroupTable) -> GroupRow
    {
        let shares = table.shares(of: group.id, in: scope)
        let state = shares.carrying.isEmpty ? "down" : shares.isKeptLast ? "kept-last" : "carrying"
        return GroupRow(
            plane: plane.rawValue,
            name: group.definition.name.value,
            strategy: group.definition.strategy.rawValue,
            scope: scope.name,
            activeTier: shares.activeTier,
            state: state,
            shares: shares.all.filter { $0.reason != .outOfScope }.map { row($0, in: scope, table) },
            cause: sources.cause(group.definition.name.place)
        )
    }

    func row(_ share: Share, in scope: HealthScope, _ table: GroupTable) -> ShareRow {
        let name = table[share.member].fullName
        // Models alone have health as a whole.
        let headroom = scope == .any ? router.models?.headroom(of: name, at: now) : nil
        return ShareRow(
            member: name,
            weight: share.weight,
            reason: share.reason.code,
            words: words(share, in: scope, table)
                + (headroom.map { ", \($0) % of its provider's limit left" } ?? ""),
            score: share.score.map { Int($0.total) },
            headroom: headroom.map { Int($0) }
        )
    }

    /// The reason with its evidence: since when, why, and who has the load instead.
    func words(_ share: Share, in scope: HealthScope, _ table: GroupTable) -> String {
        let member = table[share.member]
        let health = member.health(in: scope)
        let since = health.map { " for \(age($0.since))" } ?? ""
        let why = health?.cause.map { " (\($0.name))" } ?? ""
        switch share.reason {
        case .eligible:
            return "carries load: \(health?.verdict.rawValue ?? "?")\(since)" + judgement(share, in: scope, table)
        case .behind(let first): return "ready, behind \(table[first].fullName)" + judgement(share, in: scope, table)
        case .exploring: return "carries a little to be measured: " + samples(of: member, in: scope)
        case .lastResort: return "carries load for want of a better one\(why)" + judgement(share, in: scope, table)
        case .overLimit(let bound):
            return "beyond the \(bound.rawValue) limit" + judgement(share, in: scope, table)
        case .heldDown(let until): return "held down after a failure for another \(left(until: until))"
        case .damped(let until):
            return
                "failed too often, may return in \(left(until: until)) (penalty \(penalty(of: member, in: scope, table)))"
        case .standby(let tier):
            return "ready, tier \(member.definition.tier) waits while tier \(tier) carries the load"
        case .degraded: return "degraded\(why)\(since), a healthy member carries the load"
        case .keptLast: return "not healthy\(why)\(since), kept because nobody else is"
        case .down: return "down\(why)\(since)"
        case .absent(let cause): return "cannot be used: \(cause.name)"
        case .drained: return "drained by the operator"
        case .adminDown: return "put down by the operator"
        case .outOfScope: return "has no \(scope.name) way out"
        case .excluded(let cause): return "ruled out: \(cause.name)"
        }
    }

    /// How long ago, in the roughest unit that says something.
    func age(_ since: Instant) -> String { rough(now - since) }

    func left(until: Instant) -> String { rough(until - now) }

    private func rough(_ span: Span) -> String {
        let seconds = span.nanoseconds / 1_000_000_000
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<7200: return "\(seconds / 60)min"
        case ..<172_800: return "\(seconds / 3600)h"
        default: return "\(seconds / 86400)d"
        }
    }

    /// - Parameter withNeighbours: asks the kernel for the gateways' neighbour entries. Not on the runtime's thread.
    func members(withNeighbours: Bool = false) -> [MemberRow] {
        tables.flatMap { plane, table in
            table.members.flatMap { member in
                zip(member.definition.scopes, member.health).map { scope, health in
                    var row = row(member, scope, health, plane, table)
                    if withNeighbours, plane == .network { row.neighbour = neighbour(of: member, scope)?.entry.words }
                    return row
                }
            }
        }
    }

    private func row(
        _ member: GroupTable.Member,
        _ scope: HealthScope,
        _ health: Health,
        _ plane: Plane,
        _ table: GroupTable
    ) -> MemberRow {
        let carrying = table.shares(of: member.group, in: scope).carrying
        let sum = carrying.reduce(0) { $0 + Int($1.weight) }
        let own = carrying.first { $0.member == member.id }.map { Int($0.weight) } ?? 0
        return MemberRow(
            plane: plane.rawValue,
            name: member.fullName,
            scope: scope.name,
            admin: member.admin.rawValue,
            health: health.absence == nil ? health.verdict.rawValue : "absent",
            since: now - health.since,
            cause: (health.absence ?? health.cause)?.name,
            tier: member.definition.tier,
            weight: member.definition.weight,
            sharePermille: sum == 0 ? 0 : own * 1000 / sum,
            wayOut: wayOut(member, scope, plane),
            mark: plane == .network ? router.network?.numbers.path(member.fullName)?.mark.description : nil,
            place: sources.cause(member.definition.name.place),
            device: plane == .network ? device(of: member, scope) : nil,
            markMask: plane == .network
                ? "0x" + String(router.network?.configuration.ownership.markMask.bits ?? 0, radix: 16) : nil
        )
    }

    /// The device as configured, or the one that reaches the gateway now.
    func device(of member: GroupTable.Member, _ scope: HealthScope) -> String? {
        guard let network = router.network,
            let group = network.configuration.groups.first(where: {
                $0.definition.name == network.groups[member.group].definition.name
            }),
            let configured = group.members.first(where: { $0.name == member.definition.name })
        else { return nil }
        if let device = configured.device?.value { return device }
        let gateway = configured.gateway(scope == .v6 ? .v6 : .v4)?.value
        return gateway.flatMap { network.view.link(towards: $0)?.name }
    }

    /// `via 203.0.113.1 (auto)`; `via auto` while nothing is learnt.
    private func learntWords(_ member: NetworkMember, _ scope: HealthScope) -> String? {
        let family: AddressFamily = scope == .v6 ? .v6 : .v4
        guard case .success(let way)? = router.network?.resolver.wayOut(of: member, family) else { return "via auto" }
        return way.gateway.map { "via \($0) (auto)" }
    }

    private func wayOut(_ member: GroupTable.Member, _ scope: HealthScope, _ plane: Plane) -> String {
        switch plane {
        case .network:
            guard let group = router.network?.configuration.groups[member.group.index],
                let position = group.definition.members.firstIndex(where: { $0.name == member.definition.name })
            else { return "" }
            let configured = group.members[position]
            let gateway =
                configured.isAuto
                ? learntWords(configured, scope)
                : configured.gateway(scope == .v6 ? .v6 : .v4).map { "via \($0.value)" }
            let device = configured.device.map { "dev \($0.value)" }
            return [gateway, device].compactMap { $0 }.joined(separator: " ")
        case .models:
            guard let group = router.models?.configuration.groups[member.group.index],
                let position = group.definition.members.firstIndex(where: { $0.name == member.definition.name })
            else { return "" }
            let configured = group.members[position]
            let found = router.models?.found[member.id.index]?.model?.name
            return "\(configured.provider.value) \(configured.model?.value ?? found ?? "?")"
        }
    }

    func providers() -> [ProviderRow] {
        guard let models = router.models?.configuration else { return [] }
        return models.providers.map { provider in
            ProviderRow(
                name: provider.name.value,
                dialect: provider.dialect.rawValue,
                url: provider.url.text,
                key: provider.key?.words,
                path: provider.path?.value,
                probe: provider.probe.map { words($0, provider.name.value) },
                tried: provider.tried?.words,
                members: models.groups.flatMap { group in
                    group.members.filter { $0.provider.value == provider.name.value }.map {
                        "\(group.definition.name.value).\($0.name.value)"
                    }
                },
                place: sources.cause(provider.name.place),
                server: server(of: provider.name.value)
            )
        }
    }
}

extension Answers {
    /// What the last round of a provider's probe showed, path by path.
    private func words(_ probe: ProviderProbe, _ provider: String) -> String {
        guard let watch = router.models?.watches.first(where: { $0.name == provider }) else {
            return "\(probe.kind.rawValue): not yet"
        }
        let outcomes = watch.outcomes.map { outcome in
            let way = outcome.path.map { "\($0) " } ?? ""
            return way + (outcome.failure?.rawValue ?? "\(outcome.after.milliseconds) ms")
        }
        let verdict = watch.health.verdict.rawValue
        let read = server(of: provider).map { "; " + words($0) } ?? ""
        return
            "\(probe.kind.rawValue): \(verdict) for \(age(watch.health.since)) (\(outcomes.joined(separator: ", ")))\(read)"
    }
}

extension ProviderURL {
    var text: String { "\(scheme.rawValue)://\(authority)\(pathPrefix)" }
}

extension SecretReference {
    /// Where the secret is, never what it is.
    var words: String {
        switch self {
        case .credential(let name): "credential \(name.value)"
        case .file(let path): "file \(path.value)"
        case .environment(let name): "environment \(name.value)"
        }
    }
}
