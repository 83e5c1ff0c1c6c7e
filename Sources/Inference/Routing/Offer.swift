/// What can a name, a policy or an arm of a split lead to? A target with its terms, and everything about it that does not depend on
/// the single request worked out once: with the snapshot, or when the first request asks.
import PolicyEngine

/// Names an offer of one `RoutingView`, by position.
package struct OfferID: Hashable, Sendable {
    package let index: Int
}

final class Offer: Sendable {
    let group: GroupID
    /// The only member that is meant; nil: any of the group.
    let member: MemberID?
    let terms: PolicyTerms
    /// By what the group's load is divided; nil: by the group's own terms.
    let shareTerms: Terms?
    /// Why members of the group, by position in it, do not keep to the terms.
    let breaches: [Cause?]
    /// What of a request rules members out.
    let fitness: Fitness
    /// Whose queue may be too long.
    let queues: [QueueBound]
    /// Whether the cheapest shall serve.
    let judgesCost: Bool
    /// Whether prompts of different sizes find different members the best.
    let tellsSizes: Bool
    /// What requests that were not tried yet can be sent to.
    let kept = KeptSets()

    init(_ snapshot: GatewaySnapshot, _ group: GroupID, _ member: MemberID?, _ terms: PolicyTerms) {
        self.group = group
        self.member = member
        self.terms = terms
        let definition = snapshot.models[group].definition
        let strategy = terms.strategy ?? definition.strategy
        fitness = Fitness(snapshot.models[group].members.map { snapshot.deployments[$0.index].facts })
        queues = snapshot.queueBounds(of: group)
        judgesCost = strategy == .cost
        let aims = terms.strategy == nil ? definition.terms.aims : terms.aims
        tellsSizes = strategy.measures(aims) && snapshot.knowsSizes(of: group)
        shareTerms = terms.strategy.map { Terms(strategy: $0, aims: terms.aims, limits: definition.terms.limits) }
        breaches =
            terms == .none
            ? [] : snapshot.models[group].members.map { snapshot.breach(of: terms, by: $0) }
    }

    /// Why the member at this position of the group keeps not to the terms.
    func breach(at position: Int) -> Cause? { position < breaches.count ? breaches[position] : nil }
}

extension GatewaySnapshot {
    fileprivate func knowsSizes(of group: GroupID) -> Bool {
        models[group].members.contains { models[$0].classStanding.contains { $0.measured != nil } }
    }
}

/// All offers of a snapshot: first each group, then each member, then those of policies in file order.
struct OfferTable: Sendable {
    private(set) var all: [Offer] = []
    private let groups: Int
    /// Where those of each policy begin.
    private var policies: [Int] = []

    init(_ snapshot: GatewaySnapshot) {
        groups = snapshot.models.groups.count
        all = snapshot.models.groups.map { Offer(snapshot, $0.id, nil, .none) }
        all += snapshot.models.members.map { Offer(snapshot, $0.group, $0.id, .none) }
        for policy in snapshot.policies {
            policies.append(all.count)
            switch policy.target {
            case .reject: continue
            case .group(let group): all.append(Offer(snapshot, group, nil, policy.terms))
            case .member(let member): all.append(Offer(snapshot, snapshot.models[member].group, member, policy.terms))
            case .split(let arms, _): all += arms.map { Offer(snapshot, $0.group, nil, policy.terms) }
            }
        }
    }

    func offer(of group: GroupID) -> OfferID { OfferID(index: group.index) }

    func offer(of member: MemberID) -> OfferID { OfferID(index: groups + member.index) }

    /// Of a policy by its position, and of one of its arms.
    func offer(ofPolicy policy: Int, arm: Int = 0) -> OfferID { OfferID(index: policies[policy] + arm) }
}
