/// What do probes of providers say of the members that use them? That a provider is gone, once it was asked often enough; and that what
/// kept a member from being reached is over. Never that a model works: only its own answers say that.
import ConfigSyntax
package import Inference
package import NetTypes
package import PolicyEngine

/// What probes have shown of one provider.
package struct ProviderWatch: Hashable, Sendable {
    package let name: String
    package private(set) var health: Health
    /// By path, of the last round.
    package private(set) var outcomes: [ProbeOutcome] = []
    /// When that was.
    package private(set) var at: Instant
    /// What its server says of itself; nil: nothing that holds.
    package private(set) var reading: ServerReading?
    package private(set) var readAt: Instant?
    /// Models that it has said once, instead of those that hold.
    private var unsure: [ServedModel]?
    /// Readings in a row that said others than those that hold, and not the same.
    private var doubts = 0

    /// What was not said three times running holds no longer, whatever came instead.
    private static let mostDoubts = 2

    init(_ name: String, _ probe: ProviderProbe, at now: Instant) {
        self.name = name
        health = Health(Hysteresis(downAfter: probe.downAfter, upAfter: 1), since: now)
        at = now
    }

    /// One path that answers is enough. Of one that we had no descriptor for, nothing is known.
    mutating func take(_ outcomes: [ProbeOutcome], at now: Instant) {
        (self.outcomes, at) = (outcomes, now)
        let telling = outcomes.filter { $0.failure != .noRoom }
        guard !telling.isEmpty else { return }
        let failures = telling.compactMap(\.failure)
        if let failure = failures.first, failures.count == telling.count {
            _ = health.observe(.failure(Cause("probe-" + failure.rawValue)), at: now)
            // Of a queue nothing is known then, as the gateway has it.
            reading?.running = nil
            reading?.waiting = nil
        } else {
            _ = health.observe(.success, at: now)
        }
        if health.verdict == .down { (reading, readAt, unsure, doubts) = (nil, nil, nil, 0) }
    }

    /// Other models than before must be said twice in a row: who wavers changes nothing. What was not answered is as it was before.
    /// - Returns: whether the models that hold are others than before.
    mutating func take(_ new: ServerReading, at now: Instant) -> Bool {
        readAt = now
        let isWhole = new.unanswered == nil
        let new = new.bounded.filled(from: reading)
        guard let old = reading, old.models != new.models, old.unanswered == nil, unsure != new.models,
            doubts < Self.mostDoubts
        else {
            let isOther = reading?.models != new.models
            // Half an answer that says nothing new speaks for nothing.
            if isWhole || isOther { (unsure, doubts) = (nil, 0) }
            reading = new
            return isOther
        }
        (unsure, doubts) = (new.models, doubts + 1)
        reading?.running = new.running
        reading?.waiting = new.waiting
        return false
    }
}

extension ModelPlane {
    /// What goes on of those of the old plane: of providers that are probed as before.
    static func watches(_ configuration: ModelsConfiguration, keeping old: ModelPlane?) -> [ProviderWatch] {
        guard let old else { return [] }
        let probed = configuration.providers.filter { $0.probe != nil }
        return old.watches.filter { watch in
            probed.contains { new in
                new.name.value == watch.name
                    && old.configuration.providers.contains {
                        $0.name.value == watch.name && $0.probe == new.probe && $0.url == new.url
                    }
            }
        }
    }
}

extension ModelPlane {
    mutating func probed(_ name: String, _ outcomes: [ProbeOutcome], at now: Instant, _ effects: inout [Effect]) {
        guard !outcomes.isEmpty, let provider = configuration.providers.first(where: { $0.name.value == name }),
            let probe = provider.probe
        else { return }
        let index = watchIndex(of: name, probe, at: now)
        watches[index].take(outcomes, at: now)
        let members = members(of: name)
        if let reading = outcomes.lazy.compactMap(\.reading).first, watches[index].take(reading, at: now) {
            findModels(of: members, watches[index].reading ?? reading, at: now, &effects)
        }
        if watches[index].health.verdict == .down, let cause = watches[index].health.cause {
            for member in members where mayBeOutvoted(member, by: probe, at: now) {
                follow(groups.trip(member.id, in: .any, because: cause, at: now), of: member, at: now, &effects)
            }
        }
        guard outcomes.contains(where: { $0.failure == nil }) else { return }
        for member in members where isReachableAgain(member, probe) { beginTrial(of: member, at: now, &effects) }
    }

    private func members(of provider: String) -> [GroupTable.Member] {
        groups.members.filter { member in
            let group = configuration.groups[member.group.index]
            let first = groups[member.group].members.first?.index ?? 0
            return group.members[member.id.index - first].provider.value == provider
        }
    }

    /// Requests know more than probes: whoever has answered one since the rounds began that failed is not put out by them, and
    /// whoever is on trial is judged by the request that tries it.
    private func mayBeOutvoted(_ member: GroupTable.Member, by probe: ProviderProbe, at now: Instant) -> Bool {
        let breaker = breakers[member.id.index]
        guard let health = member.health(in: .any), health.isEligible, !breaker.isOnTrial else { return false }
        return breaker.answeredAt.map { now - $0 > probe.patience } ?? true
    }

    /// Whether the member is out for a reason that the probe would have met too.
    private func isReachableAgain(_ member: GroupTable.Member, _ probe: ProviderProbe) -> Bool {
        guard breakers[member.id.index].trialAt != nil, let cause = member.health(in: .any)?.cause?.name else {
            return false
        }
        return cause.hasPrefix("probe-") || FailureClass(rawValue: cause)?.shows(in: probe.kind) == true
    }

    private mutating func watchIndex(of name: String, _ probe: ProviderProbe, at now: Instant) -> Int {
        if let index = watches.firstIndex(where: { $0.name == name }) { return index }
        watches.append(ProviderWatch(name, probe, at: now))
        return watches.count - 1
    }
}
