/// How the configuration and the health of both planes become what the gateway decides on.
import ConfigSyntax
import Forwarding
package import Inference
import NetTypes
import PolicyEngine

extension ModelPlane {
    /// Fixed: splits and affinity must survive restarts and be alike on every router of a site.
    static let hashKey: (UInt64, UInt64) = (0x6D61_7274_6C65_7400, 0x6D6F_6465_6C73_0001)

    /// The snapshot of this moment, numbered with the current generation.
    package func snapshot(_ network: NetworkPlane?) -> GatewaySnapshot {
        var snapshot = GatewaySnapshot(
            generation: generation,
            providers: configuration.providers.compactMap(provider),
            models: groups,
            deployments: deployments,
            trials: groups.members.map(\.id).filter { breakers[$0.index].isOnTrial },
            retryBudgets: configuration.groups.contains { $0.retries != .standard }
                ? configuration.groups.map(\.retries) : [],
            network: network?.groups ?? GroupTable([], at: Instant(nanoseconds: 0)),
            paths: network.map(paths) ?? [],
            keys: servedKeys,
            policies: configuration.policies.compactMap(policy),
            listeners: configuration.listen.map {
                GatewayListener(address: $0.endpoint.description, tls: $0.tls.map(Self.identity))
            },
            pricing: pricing,
            hashKey0: Self.hashKey.0,
            hashKey1: Self.hashKey.1,
            teams: limitedTeams,
            groupLimits: groupLimits
        )
        snapshot.routing = configuration.groups.map(\.routing)
        return snapshot
    }

    /// Nil for a dialect that is not served; apply has refused the file then, so it does not happen.
    private func provider(_ definition: ProviderDefinition) -> GatewayProvider? {
        guard let dialect = Dialect(rawValue: definition.dialect.rawValue) else { return nil }
        var provider = GatewayProvider(
            name: definition.name.value,
            dialect: dialect,
            isTLS: definition.url.scheme == .https,
            host: Self.text(definition.url.host),
            port: definition.url.port,
            pathPrefix: definition.url.pathPrefix,
            secret: definition.key.map(Self.secret),
            ca: definition.ca.map(Self.secret),
            path: definition.path?.value,
            region: definition.region?.value,
            passThrough: definition.passThrough ? true : nil,
            probe: definition.probe
        )
        provider.keepsResponses = definition.keepsResponses ? true : nil
        provider.quirks = definition.quirks.isEmpty ? nil : definition.quirks
        provider.passThroughPrice = definition.passThroughPrice.map { UInt64(clamping: $0.picoDollars) }
        return provider
    }

    var deployments: [Deployment] {
        let names = configuration.providers.map(\.name.value)
        let listed = Dictionary(configuration.listed.map { ($0.member, $0.price) }) { first, _ in first }
        let members = configuration.groups.flatMap { group in group.members.map { (group, $0) } }
        return members.enumerated().map { index, place in
            let (group, member) = place
            let longest = group.passiveHealth.pauseAtMost
            let found = found.indices.contains(index) ? found[index]?.model : nil
            let facts = configuration.facts(of: member, found: found)
            return Deployment(
                provider: names.firstIndex(of: member.provider.value) ?? 0,
                model: member.model?.value ?? found?.name ?? "",
                timeouts: ExchangeTimeouts(group.timeouts),
                notCarried: group.notCarried,
                price: member.price ?? listed["\(group.definition.name.value).\(member.name.value)"],
                facts: facts.isEmpty ? nil : facts,
                limits: member.limits.isEmpty ? nil : LoadLimits(member.limits),
                longestPause: longest == ExchangeLimits.longestPause ? nil : longest,
                queueAtMost: member.queueAtMost.map { UInt32(clamping: $0) }
            )
        }
    }

    private func paths(_ network: NetworkPlane) -> [PathMark] {
        network.groups.members.compactMap { member in
            network.numbers.path(member.fullName).map { PathMark(member: member.id, mark: $0.mark) }
        }
    }

    private func policy(_ definition: ModelPolicy) -> GatewayPolicy? {
        guard let target = target(of: definition.action) else { return nil }
        return GatewayPolicy(
            name: definition.name.value,
            place: definition.place,
            match: definition.match,
            target: target,
            terms: PolicyTerms(definition.constraints),
            fallsThrough: definition.otherwise == .next
        )
    }

    /// Nil for a name that is none; the file was refused then.
    private func target(of action: ModelPolicy.Action) -> GatewayPolicy.Target? {
        switch action {
        case .reject(let reason): return .reject(reason: reason)
        case .use(let name):
            if let group = groups.group(named: name.value) { return .group(group.id) }
            return groups.member(named: name.value).map { .member($0.id) }
        case .split(let parts, let by):
            let arms = parts.compactMap { part in
                groups.group(named: part.group.value).map {
                    GatewayPolicy.Arm(group: $0.id, weight: UInt32(clamping: part.weight))
                }
            }
            return arms.isEmpty ? nil : .split(arms, by: by)
        }
    }

    private static func text(_ host: ProviderURL.Host) -> String {
        switch host {
        case .name(let name): name
        case .address(let address): address.description
        }
    }

    private static func identity(_ tls: TLSIdentity) -> GatewayIdentity {
        GatewayIdentity(certificate: secret(tls.certificate), key: secret(tls.key))
    }

    private static func secret(_ reference: SecretReference) -> GatewaySecret {
        switch reference {
        case .credential(let name): .credential(name.value)
        case .file(let path): .file(path.value)
        case .environment(let name): .environment(name.value)
        }
    }
}

extension PolicyTerms {
    fileprivate init(_ constraints: ModelPolicy.Constraints) {
        self.init(
            strategy: constraints.strategy?.value,
            aims: constraints.aims,
            only: Names(constraints.only),
            except: Names(constraints.except),
            maxCost: constraints.maxCost?.value.amount,
            maxLatency: constraints.maxLatency,
            minQuality: constraints.minQuality
        )
    }
}

extension PolicyTerms.Names {
    fileprivate init(_ scope: ModelPolicy.Scope) {
        self.init(
            regions: scope.regions.map(\.value),
            providers: scope.providers.map(\.value),
            paths: scope.paths.map(\.value),
            capabilities: scope.capabilities.isEmpty ? nil : Capabilities(scope.capabilities.map(\.value))
        )
    }
}
