/// Who serves this request? Policies in file order; where none decides, the requested model's name itself.
import ConfigSyntax
import NetTypes
import PolicyEngine

/// What was decided.
package enum Route: Hashable, Sendable {
    /// By the policy of this name; nil: the requested name is itself the target's. Of a split, the arm: the group's name.
    case use(OfferID, policy: String?, arm: String?)
    case rejected(policy: String, reason: String)
    /// No policy matches and nothing has the requested name.
    case unknownModel
}

/// How one policy was judged, for explanations.
package struct PolicyVerdict: Hashable, Sendable, Codable {
    package enum Verdict: String, Hashable, Sendable, Codable {
        case decided
        case doesNotMatch = "does-not-match"
        /// It matches, nobody in its target can serve, and the next ones are to be asked then.
        case passedOn = "passed-on"
    }

    package let policy: String
    package let verdict: Verdict
}

extension RoutingView {
    /// The route of a request. `judged` is told of every policy looked at, in order.
    ///
    /// - Parameter draw: decides where a split by request falls.
    package func route(
        _ facts: inout RequestFacts,
        draw: UInt64,
        judged: ((PolicyVerdict) -> Void)? = nil
    ) -> Route {
        var memo = PolicyProgram.Memo()
        for index in snapshot.policies.indices {
            guard conditions.holds(index, &facts, &memo) else {
                judged?(PolicyVerdict(policy: snapshot.policies[index].name, verdict: .doesNotMatch))
                continue
            }
            let policy = snapshot.policies[index]
            if case .reject(let reason) = policy.target {
                judged?(PolicyVerdict(policy: policy.name, verdict: .decided))
                return .rejected(policy: policy.name, reason: reason)
            }
            let (offer, arm) = offer(ofPolicy: index, &facts, draw: draw)
            let passesOn = policy.fallsThrough && !canServe(offer, need(of: &facts, for: offer))
            judged?(PolicyVerdict(policy: policy.name, verdict: passesOn ? .passedOn : .decided))
            if !passesOn { return .use(offer, policy: policy.name, arm: arm) }
        }
        return route(named: facts.model)
    }

    private func route(named model: String) -> Route {
        switch target(named: model) {
        case .group(let group)?: .use(offers.offer(of: group), policy: nil, arm: nil)
        case .member(let member)?: .use(offers.offer(of: member), policy: nil, arm: nil)
        case .reject?, .split?, nil: .unknownModel
        }
    }

    /// Whether somebody can, and has not enough to do already: before a request waits in a queue the next policy is asked.
    private func canServe(_ offer: OfferID, _ need: RequestNeed) -> Bool {
        let set = candidates(for: offer, need, without: Exclusions())
        return !set.eligible.isEmpty && !set.isInQueue
    }

    /// The name of the group that an offer lies in.
    package func groupName(of offer: OfferID) -> String { groupNames[offers.all[offer.index].group.index] }
}

// MARK: - Splits

extension RoutingView {
    private func offer(
        ofPolicy index: Int,
        _ facts: inout RequestFacts,
        draw: UInt64
    ) -> (offer: OfferID, arm: String?) {
        guard case .split(let arms, let by) = snapshot.policies[index].target else {
            return (offers.offer(ofPolicy: index), nil)
        }
        let arm = arm(of: arms, policy: snapshot.policies[index].name, by, facts, draw: draw)
        return (offers.offer(ofPolicy: index, arm: arm), groupNames[arms[arm].group.index])
    }

    /// Rendezvous hashing over the arms' names: a changed weight moves only as many as it must, and what one split gives a key
    /// says nothing of what another gives it.
    private func arm(
        of arms: [GatewayPolicy.Arm],
        policy: String,
        _ by: SplitKey,
        _ facts: RequestFacts,
        draw: UInt64
    ) -> Int {
        let weights = arms.map(\.weight)
        guard let held = held(by, facts) else { return Sampling.weighted(weights, draw: draw) ?? 0 }
        let key = hash.hash(hash.hash(policy), hash.hash(held))
        let identities = arms.map { hash.hash(groupNames[$0.group.index]) }
        return Sampling.consistent(weights, identities: identities, key: key, hash: hash) ?? 0
    }

    /// What the split holds on to; nil: nothing.
    private func held(_ by: SplitKey, _ facts: RequestFacts) -> String? {
        switch by {
        case .request: nil
        case .key: facts.key
        case .user: facts.user ?? facts.key
        case .session: facts.header(Affinity.standardHeader) ?? facts.user ?? facts.key
        }
    }
}
