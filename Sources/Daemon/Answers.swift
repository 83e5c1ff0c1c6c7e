/// What the control API answers about the state of one moment: rows from the router, words for people.
import ConfigModel
import ConfigSyntax
import Control
import Forwarding
import Inference
import Liveness
import NetTypes
import PolicyEngine
import Runtime

/// A copy of the router at one time; cheap, since it is a value.
struct Answers: Sendable {
    let router: Router
    let now: Instant

    var sources: SourceMap { router.configuration?.sources ?? SourceMap() }

    func show(_ table: ControlCall.Table, _ ledger: LedgerDesk) -> any Encodable & Sendable {
        switch table {
        case .groups: groups(withFigures: true)
        case .members: members(withNeighbours: true)
        case .routes: routes()
        case .rules: rules()
        case .drift: drift()
        case .probes: probes()
        case .bfd: bfd()
        case .providers: providers()
        case .policies: policies()
        case .sets: sets()
        case .keys: keys(at: WallClock.now(), ledger)
        case .decisions: (router.models?.decisions ?? []).reversed().map(\.withCostText)
        case .overrides:
            router.overrides.map { OverrideRow(plane: $0.plane.rawValue, member: $0.member, admin: $0.admin.rawValue) }
        }
    }

    func status(startedAt: UInt64, generation: UInt64, isGatewayRunning: Bool) -> StatusReply {
        StatusReply(
            version: MartletVersion.text,
            startedAt: startedAt,
            generation: generation,
            files: sources.files.map(\.name),
            network: router.network.map { plane($0.groups) },
            models: router.models.map { plane($0.groups) },
            gateway: gatewayState(isGatewayRunning),
            groups: groups(),
            alarms: alarms
        )
    }

    private func plane(_ table: GroupTable) -> StatusReply.PlaneStatus {
        let up = table.members.filter { member in member.health.allSatisfy { $0.isEligible } && member.admin == .up }
        return StatusReply.PlaneStatus(groups: table.groups.count, membersUp: up.count, members: table.members.count)
    }

    private func gatewayState(_ isRunning: Bool) -> String {
        guard let models = router.models else { return "none" }
        return isRunning && models.servedGeneration != nil ? "running" : "starting"
    }

    /// What needs an operator.
    var alarms: [String] {
        var alarms: [String] = []
        if let network = router.network {
            alarms += network.refusals.values.sorted { $0.retryAt < $1.retryAt }.map {
                "the kernel refused to \($0.change.words): \($0.refusal.sentence) (tried \($0.attempts) times)"
            }
            alarms += feedAlarms(network)
            alarms += network.conflicts.map(\.words)
            alarms += offloadAlarms(network)
            alarms += probeAlarms
            alarms += unservedGroups(network.groups, plane: .network)
        }
        if let models = router.models {
            alarms += models.alarms.map { "\($0.object): \($0.detail)" }
            alarms += unservedGroups(models.groups, plane: .models)
        }
        return alarms
    }

    /// Routes that forwarding hardware did not take, the first of them by name.
    private func offloadAlarms(_ network: NetworkPlane) -> [String] {
        let failed = network.view.offloadedRoutes.filter { $0.flags.contains(.failed) }
        let named = failed.prefix(Self.mostNamed).map {
            "the forwarding hardware did not take route \($0.key.words): it forwards as if the route were not there"
        }
        let more = failed.count - named.count
        return named + (more > 0 ? ["the forwarding hardware did not take \(more) more routes"] : [])
    }

    private static let mostNamed = 5

    private func unservedGroups(_ table: GroupTable, plane: Plane) -> [String] {
        table.groups.flatMap { group in
            scopes(of: group, in: table).compactMap { scope in
                let shares = table.shares(of: group.id, in: scope)
                let name = group.definition.name.value + (scope == .any ? "" : " (\(scope.name))")
                if shares.carrying.isEmpty { return "nobody carries \(plane.rawValue) group \(name)" }
                return shares.isKeptLast
                    ? "no member of \(plane.rawValue) group \(name) is healthy; the last ones are kept" : nil
            }
        }
    }

    /// The scopes in which a group has members, in order.
    func scopes(of group: GroupTable.Group, in table: GroupTable) -> [HealthScope] {
        HealthScope.allCases.filter { scope in
            group.members.contains { table[$0].definition.scopes.contains(scope) }
        }
    }
}
