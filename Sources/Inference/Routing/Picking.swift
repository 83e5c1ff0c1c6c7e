/// Which of the candidates takes this request? A draw by weight, the less busy of two, or whoever has the conversation already.
package import NetTypes
import PolicyEngine

/// The conversation that a request belongs to, as far as its group cares.
struct Talk: Hashable, Sendable {
    let key: UInt64
    let hold: Span
    let isInToolLoop: Bool
    /// What it would cost is asked when somebody cheaper leads.
    var need = RequestNeed.unknown
}

/// Who takes a request, and how that goes with its conversation.
package struct Picked: Hashable, Sendable {
    package let candidate: Candidate
    /// Nil: its group does not keep conversations together.
    package let affinity: AffinityVerdict?
}

extension RoutingView {
    func routing(of offer: OfferID) -> GroupRouting {
        let group = offers.all[offer.index].group.index
        return group < snapshot.routing.count ? snapshot.routing[group] : .standard
    }

    /// The conversation of a request for this offer; nil when the group has no affinity.
    func talk(of facts: RequestFacts, for offer: OfferID) -> Talk? {
        guard let affinity = routing(of: offer).affinity, facts.isConversation else { return nil }
        let own =
            switch affinity.by {
            case .session: facts.header(affinity.header).map { hash.hash($0) } ?? facts.prefix(hash)
            case .user: (facts.user ?? facts.key).map { hash.hash($0) } ?? 0
            case .prefix: facts.prefix(hash)
            }
        let group = groupHashes[offers.all[offer.index].group.index]
        return Talk(
            key: hash.hash(group, own),
            hold: affinity.hold,
            isInToolLoop: facts.isInToolLoop,
            need: RequestNeed(prompt: facts.promptTokens, answer: facts.maxTokens, second: facts.second)
        )
    }

    /// The candidate that takes the request; nil when there is none.
    func pick(_ set: CandidateSet, for offer: OfferID, _ talk: Talk?, draw: UInt64, at now: Instant) -> Picked? {
        if let talk {
            let picked = picked(set, for: offer, talk, draw: draw, at: now)
            if let picked { memory.keep(talk.key, memberIdentities[picked.candidate.member.index], at: now) }
            return picked
        }
        let candidate =
            switch routing(of: offer).balance {
            case .weight: set.choice(draw: draw)
            case .leastOutstanding: lessBusy(set, draw: draw)
            }
        return candidate.map { Picked(candidate: $0, affinity: nil) }
    }

    /// A whole decision, as the first attempt of a request makes it; nil when nobody can serve.
    package func decide(_ facts: RequestFacts, draw: UInt64, at now: Instant) -> Candidate? {
        var facts = facts
        guard case .use(let offer, _, _) = route(&facts, draw: draw) else { return nil }
        let set = eased(candidates(for: offer, need(of: &facts, for: offer), without: Exclusions()), at: now)
        return pick(set, for: offer, talk(of: facts, for: offer), draw: draw, at: now)?.candidate
    }

    // MARK: Affinity

    private func picked(
        _ set: CandidateSet,
        for offer: OfferID,
        _ talk: Talk,
        draw: UInt64,
        at now: Instant
    ) -> Picked? {
        guard let held = held(by: talk, set, draw: draw, at: now) else {
            let last = memory.last(talk.key, at: now)?.member
            return consistent(set, talk).map { candidate in
                let isSame = last == memberIdentities[candidate.member.index]
                return Picked(candidate: candidate, affinity: last == nil ? .new : isSame ? .kept : .moved)
            }
        }
        if !talk.isInToolLoop, offers.all[offer.index].judgesCost, let other = consistent(set, talk),
            other.member != held.member, isCheaper(other, than: held, talk)
        {
            return Picked(candidate: other, affinity: .movedForPrice)
        }
        return Picked(candidate: held, affinity: .kept)
    }

    /// Whether the next answer costs less there, where nothing is in a cache, than here, where so much is. Whoever does not tell what
    /// his cache holds, or what it costs, is not left for that.
    private func isCheaper(_ other: Candidate, than held: Candidate, _ talk: Talk) -> Bool {
        guard let cached = memory.cachedTokens(talk.key) else { return false }
        let need = talk.need
        let answer = min(need.answer, RequestNeed.usualAnswer)
        let here = Usage(input: need.prompt, output: answer, cachedRead: min(cached, need.prompt))
        let there = Usage(input: need.prompt, output: answer)
        guard let stays = snapshot.cost(of: here, at: held.member, second: need.second),
            let leaves = snapshot.cost(of: there, at: other.member, second: need.second)
        else { return false }
        return leaves.money < stays.money
    }

    /// Whoever had the conversation last, while it is held: also one that no longer leads, but not one that cannot serve.
    private func held(by talk: Talk, _ set: CandidateSet, draw: UInt64, at now: Instant) -> Candidate? {
        guard let (last, age) = memory.last(talk.key, at: now), talk.isInToolLoop || age < talk.hold else {
            return nil
        }
        for choices in [set.eligible, set.reserve] {
            let its = choices.filter { memberIdentities[$0.member.index] == last }
            if let way = Sampling.weighted(its.map(\.weight), draw: draw) { return its[way] }
        }
        return nil
    }

    /// Rendezvous hashing: every router of a site, and this one after a restart, has the same answer.
    func consistent(_ set: CandidateSet, _ talk: Talk) -> Candidate? {
        let identities = set.eligible.map { hash.hash(memberHashes[$0.member.index], UInt64($0.mark?.value ?? 0)) }
        return Sampling.consistent(
            set.eligible.map(\.weight),
            identities: identities,
            key: talk.key,
            hash: hash
        ).map { set.eligible[$0] }
    }

    // MARK: Least outstanding

    /// Two draws, and the one with fewer requests for its weight: nearly as good as the best of all, and no herd runs to it.
    private func lessBusy(_ set: CandidateSet, draw: UInt64) -> Candidate? {
        guard set.eligible.count > 1, let first = set.choice(draw: draw) else { return set.choice(draw: draw) }
        let others = set.eligible.filter { $0 != first }
        guard let other = Sampling.weighted(others.map(\.weight), draw: hash.hash(draw, 2)) else { return first }
        let second = others[other]
        let busy = { (candidate: Candidate) in UInt64(clamping: self.loads[candidate.member.index].outstanding + 1) }
        return busy(second) * UInt64(first.weight) < busy(first) * UInt64(second.weight) ? second : first
    }
}
