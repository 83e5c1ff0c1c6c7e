/// Who carries how much of a group's load, and why? The questions a group table answers.
package import ConfigSyntax
import NetTypes

/// How much is overlooked when nobody is as good as asked for: a group is never emptied by limits, damping or hold-down, which
/// say who is better, not who can.
private enum Leniency: CaseIterable {
    case none
    /// Degraded ones and those beyond a limit are taken.
    case limits
    /// And those held down or damped.
    case history
}

extension GroupTable {
    /// The division of a group's load in one scope, by `terms` or by the group's own. `excluding` rules members out for this one
    /// question; with a `loadClass`, members are judged by what was measured of load of that class, as far as it was.
    package func shares(
        of group: GroupID,
        in scope: HealthScope,
        by terms: Terms? = nil,
        loadClass: Int? = nil,
        excluding: @escaping (MemberID) -> Cause? = { _ in nil }
    ) -> Shares {
        let group = groups[group.index]
        let question = Question(
            scope: scope,
            terms: terms ?? group.definition.ownTerms,
            loadClass: loadClass,
            scale: group.definition.terms.scale,
            excluding: excluding
        )
        if let (tier, active) = activeMembers(of: group, question) { return divided(group, active, tier, question) }
        return group.definition.keepsLast
            ? keptShares(of: group, question)
            : Shares(
                all: group.members.map { left(out: $0, question, tier: nil) },
                activeTier: nil
            )
    }

    /// What a member's score in one scope is made of.
    package func evidence(of id: MemberID, in scope: HealthScope, loadClass: Int? = nil) -> Evidence {
        let member = self[id]
        let ofClass = loadClass.flatMap {
            member.classStanding.indices.contains($0) ? member.classStanding[$0].measured : nil
        }
        return Evidence(
            measured: ofClass ?? member.standing(in: scope)?.measured,
            price: member.price,
            quality: member.definition.quality
        )
    }

    /// Who carries the load now because of being able to; empty when nobody is.
    func bearers(of group: Group, in scope: HealthScope) -> [MemberID] {
        let question = Question(
            scope: scope,
            terms: group.definition.ownTerms,
            loadClass: nil,
            scale: group.definition.terms.scale
        ) { _ in nil }
        guard let (tier, active) = activeMembers(of: group, question) else { return [] }
        guard question.terms.strategy.judges else { return active }
        return divided(group, active, tier, question).carrying.map(\.member)
    }
}

/// What is asked of a group: for one scope, by which terms, without whom.
private struct Question {
    let scope: HealthScope
    let terms: Terms
    let loadClass: Int?
    let scale: ScoreScale
    let excluding: (MemberID) -> Cause?
}

// MARK: - Who may

extension GroupTable {
    /// Members of the lowest tier that has an eligible one, in file order, and that tier. Only when no tier has one, more is
    /// overlooked.
    private func activeMembers(of group: Group, _ question: Question) -> (tier: Int, members: [MemberID])? {
        for leniency in Leniency.allCases {
            let eligible = group.members.filter { ineligibility(of: $0, question, leniency) == nil }
            guard let tier = eligible.map({ self[$0].definition.tier }).min() else { continue }
            return (tier, eligible.filter { self[$0].definition.tier == tier })
        }
        return nil
    }

    /// Why a member may not carry load; nil when it may.
    private func ineligibility(of id: MemberID, _ question: Question, _ leniency: Leniency) -> Share.Reason? {
        let member = self[id]
        guard let health = member.health(in: question.scope), let standing = member.standing(in: question.scope) else {
            return .outOfScope
        }
        switch member.admin {
        case .down: return .adminDown
        case .drain: return .drained
        case .up: break
        }
        if let absence = health.absence { return .absent(absence) }
        if health.verdict == .down, !staysThoughDown(member, question) { return .down }
        if let cause = question.excluding(id) { return .excluded(cause) }
        if leniency == .history { return nil }
        if let until = standing.heldUntil { return .heldDown(until: until) }
        if let until = standing.damping?.reuseAt { return .damped(until: until) }
        if leniency == .limits { return nil }
        if health.verdict == .degraded { return .degraded }
        return question.terms.limits.broken(by: evidence(of: id, in: question.scope, loadClass: question.loadClass)).map
        { .overLimit($0) }
    }

    /// Whether so many others of the group have been down for longer that this one is not left out as well.
    private func staysThoughDown(_ member: Member, _ question: Question) -> Bool {
        let group = groups[member.group.index]
        guard let most = group.definition.mostDown else { return false }
        let out = group.members.compactMap { id -> (since: Instant, id: MemberID)? in
            guard self[id].admin == .up, let health = self[id].health(in: question.scope) else { return nil }
            return health.verdict == .down && health.absence == nil ? (health.since, id) : nil
        }
        return out.sorted { ($0.since, $0.id) < ($1.since, $1.id) }.dropFirst(most).contains { $0.id == member.id }
    }

    private func left(out id: MemberID, _ question: Question, tier: Int?) -> Share {
        let waits = tier.map { Share.Reason.standby(activeTier: $0) } ?? .down
        return Share(
            member: id,
            weight: 0,
            reason: ineligibility(of: id, question, .none) ?? waits,
            score: score(of: id, question),
            isProven: isProven(id, question)
        )
    }
}

// MARK: - How much

extension GroupTable {
    private func divided(_ group: Group, _ active: [MemberID], _ tier: Int, _ question: Question) -> Shares {
        let isJudged = judges(group, active, question)
        let weights = weights(of: active, in: group, question, isJudged)
        let leader = zip(active, weights).first { $1 > 0 && (!isUnjudged($0, question) || active.count == 1) }?.0
        let all = group.members.map { id in
            guard let position = active.firstIndex(of: id) else { return left(out: id, question, tier: tier) }
            return Share(
                member: id,
                weight: weights[position],
                reason: reason(id, weight: weights[position], leader: leader ?? active[0], question, isJudged),
                score: score(of: id, question),
                isProven: isProven(id, question)
            )
        }
        return Shares(all: all, activeTier: tier)
    }

    private func reason(
        _ id: MemberID,
        weight: UInt32,
        leader: MemberID,
        _ question: Question,
        _ isJudged: Bool
    ) -> Share.Reason {
        if weight == 0 { return .behind(leader) }
        if ineligibility(of: id, question, .none) != nil || self[id].health(in: question.scope)?.verdict == .down {
            return .lastResort
        }
        return isJudged && isUnjudged(id, question) && !isUnjudged(leader, question) ? .exploring : .eligible
    }

    private func isProven(_ id: MemberID, _ question: Question) -> Bool {
        guard let health = self[id].health(in: question.scope) else { return false }
        return health.absence == nil && (health.verdict == .up || health.verdict == .degraded)
    }

    private func isUnjudged(_ id: MemberID, _ question: Question) -> Bool {
        question.terms.strategy.judges && score(of: id, question) == nil
    }

    /// Whether scores decide: not by measurements before there are any.
    private func judges(_ group: Group, _ active: [MemberID], _ question: Question) -> Bool {
        let slot = HealthScope.allCases.firstIndex(of: question.scope) ?? 0
        return group.isJudging[slot] || active.allSatisfy { score(of: $0, question) != nil }
    }

    private func score(of id: MemberID, _ question: Question) -> Score? {
        Scoring.score(
            evidence(of: id, in: question.scope, loadClass: question.loadClass),
            by: question.terms.strategy,
            aims: question.terms.aims,
            on: question.scale
        )
    }

    private func weights(
        of active: [MemberID],
        in group: Group,
        _ question: Question,
        _ isJudged: Bool
    ) -> [UInt32] {
        guard isJudged || !question.terms.strategy.judges else { return active.map(configuredWeight) }
        return switch question.terms.strategy {
        case .static: active.indices.map { $0 == 0 ? configuredWeight(active[0]) : 0 }
        case .weighted: active.map(configuredWeight)
        case .adaptive:
            Division.weights(
                active.map { contender($0, question) },
                delays: active.map { id in
                    evidence(of: id, in: question.scope, loadClass: question.loadClass).measured.map(Scoring.delay)
                },
                exploration: group.definition.terms.exploration.millionths
            )
        case .cost, .latency, .quality, .hybrid:
            Division.weights(
                active.map { contender($0, question) },
                band: question.terms.strategy.band(group.definition.terms.margin),
                exploration: group.definition.terms.exploration.millionths
            )
        }
    }

    private func contender(_ id: MemberID, _ question: Question) -> Contender {
        let member = self[id]
        let evidence = evidence(of: id, in: question.scope, loadClass: question.loadClass)
        let spent = Evidence(
            measured: evidence.measured,
            price: member.definition.price,
            quality: evidence.quality
        )
        let score = {
            Scoring.score($0, by: question.terms.strategy, aims: question.terms.aims, on: question.scale)?.total
        }
        return Contender(
            weight: member.definition.weight,
            score: score(evidence),
            scoreWhenSpent: member.allowance?.isEnding == true ? score(spent) : nil,
            sixteenths: member.allowance?.sixteenths ?? 16
        )
    }

    private func configuredWeight(_ id: MemberID) -> UInt32 { UInt32(clamping: max(1, self[id].definition.weight)) }

    /// Nobody is healthy: those that carried the load last go on, if they are there at all and the operator does not mind.
    private func keptShares(of group: Group, _ question: Question) -> Shares {
        let slot = HealthScope.allCases.firstIndex(of: question.scope) ?? 0
        let mayCarry = { (id: MemberID) in
            ineligibility(of: id, question, .history) == .down && question.excluding(id) == nil
        }
        var kept = group.lastCarrying[slot].filter(mayCarry)
        if kept.isEmpty { kept = group.members.filter(mayCarry) }
        if question.terms.strategy == .static { kept = Array(kept.prefix(1)) }
        let all = group.members.map { id in
            kept.contains(id)
                ? Share(member: id, weight: configuredWeight(id), reason: .keptLast)
                : left(out: id, question, tier: nil)
        }
        return Shares(all: all, activeTier: kept.first.map { self[$0].definition.tier })
    }
}

extension GroupTable.Member {
    /// Of one more unit of load: nothing while its allowance lasts.
    package var price: Money? {
        guard let allowance, !allowance.isSpent else { return definition.price }
        return definition.price == nil ? nil : .zero
    }
}
