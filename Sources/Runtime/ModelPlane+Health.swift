/// What does the model plane make of what real traffic shows of its members?
import Inference
import NetTypes
import PolicyEngine

extension ModelPlane {
    mutating func tell(_ signal: Signal, _ name: String, at now: Instant, _ effects: inout [Effect]) {
        guard let member = groups.member(named: name) else { return }
        let index = member.id.index
        var change = Health.Change.none
        switch signal {
        case .success:
            alarms.removeAll { $0.object == name }
            breakers[index].answered(1, at: now)
            // Requests that were under way end well while new ones are not wanted.
            if let until = breakers[index].pausedUntil, until > now { return }
            change = groups.observe(signal, of: member.id, in: .any, at: now)
        case .failure(let cause):
            let isTooOften = breakers[index].failed(under: rule(of: member), at: now)
            change = groups.observe(signal, of: member.id, in: .any, at: now)
            if isTooOften, change == .none { change = groups.trip(member.id, in: .any, because: cause, at: now) }
        case .degraded, .unmeasured, .present, .absent:
            change = groups.observe(signal, of: member.id, in: .any, at: now)
        }
        follow(change, of: member, at: now, &effects)
    }

    /// The member works, and others are asked until then if they can be.
    mutating func pause(
        _ name: String,
        _ cause: Cause,
        until: Instant,
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let member = groups.member(named: name), until > now else { return }
        let index = member.id.index
        breakers[index].answered(1, at: now)
        breakers[index].pausedUntil = max(breakers[index].pausedUntil ?? until, until)
        follow(groups.observe(.degraded(cause), of: member.id, in: .any, at: now), of: member, at: now, &effects)
    }

    /// Members whose time out is over may be tried by real traffic again: one more failure puts them out again.
    mutating func woke(at now: Instant, _ effects: inout [Effect]) {
        // As in `NetworkPlane.woke`.
        wakeAt = nil
        advance(to: now)
        for member in groups.members {
            let breaker = breakers[member.id.index]
            if let due = breaker.pausedUntil, due <= now { endPause(of: member, at: now, &effects) }
            if let due = breaker.trialAt, due <= now { beginTrial(of: member, at: now, &effects) }
        }
        askCanaries(at: now)
    }

    private mutating func endPause(of member: GroupTable.Member, at now: Instant, _ effects: inout [Effect]) {
        breakers[member.id.index].pausedUntil = nil
        guard groups[member.id].health(in: .any)?.verdict == .degraded else { return }
        // Whether it can be asked again one request shows, before the others come.
        let change = groups.observe(.unmeasured(Cause("pause-over")), of: member.id, in: .any, at: now)
        follow(change, of: member, at: now, &effects)
        breakers[member.id.index].beginTrial()
    }

    mutating func beginTrial(of member: GroupTable.Member, at now: Instant, _ effects: inout [Effect]) {
        breakers[member.id.index].beginTrial()
        guard groups.giveTrial(to: member.id, in: .any, at: now) else { return }
        askCanaryOnTrial(member, at: now)
        touch(member.group)
        effects.append(.note(.health(.models, member: member.fullName, .any, from: .down, to: .unknown, nil)))
    }

    func rule(of member: GroupTable.Member) -> PassiveHealth {
        configuration.groups[member.group.index].passiveHealth
    }

    /// What a change of health has for consequences.
    mutating func follow(
        _ change: Health.Change,
        of member: GroupTable.Member,
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        guard case .became(let verdict, let old) = change else { return }
        if verdict == .down {
            breakers[member.id.index].open(under: rule(of: member), at: now)
        } else {
            breakers[member.id.index].close(at: now)
        }
        touch(member.group)
        let cause = groups[member.id].health(in: .any)?.cause
        effects.append(.note(.health(.models, member: member.fullName, .any, from: old, to: verdict, cause)))
    }
}
