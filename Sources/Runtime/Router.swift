/// The whole state of a router and its one transition: an event in, effects out (docs/architecture.md §5).
///
/// A plain value without clock, chance or I/O. The daemon's runtime thread is its only writer.
package import ConfigModel
import Forwarding
package import Inference
package import NetTypes
import PolicyEngine

package struct Router: Sendable {
    package private(set) var configuration: Configuration?
    package var network: NetworkPlane?
    package var models: ModelPlane?
    /// By plane and member.
    package private(set) var overrides: [Override] = []
    package private(set) var meters = Meters()
    /// What members had of a day's canaries when the daemon before ended, or when a configuration left them out.
    private var canaryUses: [CanaryUse] = []
    /// Made at run time; they outlive a configuration without a model plane.
    package private(set) var storedKeys: [StoredKey] = []

    package init() {}

    /// Takes one event; the effects are to be carried out in their order.
    package mutating func turn(_ event: Event) -> [Effect] {
        var effects: [Effect] = []
        switch event.kind {
        case .configured(let configuration): configure(configuration, at: event.at, &effects)
        case .fact(let fact): take(fact, at: event.at, &effects)
        }
        network?.settle(at: event.at, &effects)
        models?.settle(network: network, &effects)
        return effects
    }

    /// The router as it would be under another configuration, before anything is sent to the kernel: for `plan`.
    package func trial(of configuration: Configuration, at now: Instant) -> Router {
        var trial = self
        var effects: [Effect] = []
        trial.configure(configuration, at: now, &effects)
        trial.network?.number(at: now, &effects)
        return trial
    }

    private mutating func take(_ fact: Fact, at now: Instant, _ effects: inout [Effect]) {
        switch fact {
        case .kernel, .dumpBegan, .dumpEnded, .overrun, .ruleset, .segments: network?.observe(fact, at: now, &effects)
        case .list(let reading): network?.read(reading, &effects)
        case .set(let reading): network?.read(reading, &effects)
        case .feedsPlanned(let generation, let plan): network?.planned(generation, plan, &effects)
        case .feedsProgress(let token, let done): network?.progressed(token, done, &effects)
        case .feedsProgrammed(let token, let outcome): network?.programmed(token, outcome, at: now, &effects)
        case .programmed(let token, let outcomes): network?.programmed(token, outcomes, at: now, &effects)
        case .probed(let results): network?.probed(results, at: now, &effects)
        case .targets(let reports): network?.heard(reports, &effects)
        case .bfd(let reports): network?.heard(reports, at: now, &effects)
        case .gateway(let report): models?.heard(report, at: now, &effects)
        case .gatewayStarted:
            models?.gatewayStarted()
            effects.append(.note(.gatewayStarted))
        case .gatewayEnded(let status):
            models?.gatewayEnded()
            effects.append(.note(.gatewayEnded(status: status)))
        case .overrides(let kept): overrides = kept
        case .storedKeys(let keys):
            storedKeys = keys
            models?.use(keys)
        case .usage(let kept): meters = Meters(kept)
        case .canaries(let kept): canaryUses = kept
        case .bytesCounted(let counts): network?.counted(counts, &meters, &effects)
        case .localTime(let second): network?.told(localTime: second, at: now)
        case .flowsMoved(let outcome): effects.append(.note(.flowsMoved(outcome)))
        case .admin(let override, let by): set(override, by: by, at: now, &effects)
        case .woke:
            network?.woke(at: now)
            models?.woke(at: now, &effects)
        }
    }
}

// MARK: - The operator

extension Router {
    private mutating func configure(_ configuration: Configuration, at now: Instant, _ effects: inout [Effect]) {
        self.configuration = configuration
        // Without a network block nothing of ours shall be in the kernel; if we never had one, we do not even look.
        let wanted =
            configuration.network
            ?? network.map { .nothing(within: $0.configuration.ownership, at: $0.configuration.place) }
        let counted = network?.countedDevices ?? []
        if let wanted {
            network = NetworkPlane(wanted, configuration.probes, keeping: network, at: now, &effects)
            network?.meter(meters)
        }
        if let devices = network?.countedDevices, devices != counted { effects.append(.count(devices)) }
        rememberCanaries()
        if let wanted = configuration.models {
            models = ModelPlane(wanted, keeping: models, canaries: canaryUses, at: now)
            models?.use(storedKeys)
        } else {
            if models != nil { effects.append(.serve(nil)) }
            models = nil
        }
        for override in overrides { _ = put(override) }
    }

    private mutating func rememberCanaries() {
        let uses = models?.canaryUses ?? []
        let named = Set(uses.map(\.member))
        canaryUses = uses + canaryUses.filter { !named.contains($0.member) }
    }

    private mutating func set(_ override: Override, by: String, at now: Instant, _ effects: inout [Effect]) {
        guard put(override) else { return }
        overrides.removeAll { $0.plane == override.plane && $0.member == override.member }
        if override.admin != .up { overrides.append(override) }
        overrides.sort { ($0.plane, $0.member) < ($1.plane, $1.member) }
        effects.append(.keep(overrides))
        effects.append(.note(.admin(override, by: by)))
    }

    private mutating func put(_ override: Override) -> Bool {
        switch override.plane {
        case .network: network?.set(override.admin, of: override.member) ?? false
        case .models: models?.set(override.admin, of: override.member) ?? false
        }
    }

    /// Whether taking the member out would leave its group, in some scope, without a member that can carry load.
    package func isLastWayOut(_ member: String, in plane: Plane) -> Bool {
        guard let table = plane == .network ? network?.groups : models?.groups, let member = table.member(named: member)
        else { return false }
        return member.definition.scopes.contains { scope in
            let now = table.shares(of: member.group, in: scope)
            guard now.all.contains(where: { $0.member == member.id && $0.weight > 0 }) else { return false }
            let without = table.shares(of: member.group, in: scope) { $0 == member.id ? Cause("asked") : nil }
            return without.carrying.isEmpty || without.isKeptLast
        }
    }
}
