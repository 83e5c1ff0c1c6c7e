/// Where would this request go, and why? The gateway's own decision without sending anything: `martlet explain model`.
import PolicyEngine

/// A decision that was not carried out.
package struct ModelExplanation: Hashable, Sendable, Codable {
    /// Every policy that was looked at, in order.
    package var policies: [PolicyVerdict]
    /// The policy that decided; nil: the requested name is itself the target's, or nothing decided.
    package var policy: String?
    package var group: String?
    /// Of a split, the arm that it falls on.
    package var arm: String?
    /// Why nobody serves it: `rejected`, `model_not_found`, `no_candidate`, or the code of what the client is told that asks for what
    /// nobody can do; nil when somebody serves it.
    package var refusal: String?
    /// The latter in words.
    package var refusalText: String?
    /// What the deciding policy asks of whoever serves.
    package var terms = PolicyTerms.none
    /// How one of the candidates is picked.
    package var routing = GroupRouting.standard
    package var candidates: [CandidateRow]
    /// Position in `candidates` of the one that this draw falls on.
    package var choice: Int?
    package var generation: UInt64
}

extension RoutingView {
    /// Explains what a request with these facts would get. Another draw may fall on another candidate of positive weight.
    package func explain(_ facts: RequestFacts, draw: UInt64) -> ModelExplanation {
        var (facts, verdicts) = (facts, [PolicyVerdict]())
        let route = route(&facts, draw: draw) { verdicts.append($0) }
        var explanation = ModelExplanation(
            policies: verdicts,
            policy: nil,
            group: nil,
            arm: nil,
            refusal: nil,
            candidates: [],
            choice: nil,
            generation: snapshot.generation
        )
        switch route {
        case .unknownModel: explanation.refusal = "model_not_found"
        case .rejected(let policy, _):
            explanation.policy = policy
            explanation.refusal = "rejected"
        case .use(let offer, let policy, let arm):
            (explanation.policy, explanation.arm) = (policy, arm)
            explanation.terms = offers.all[offer.index].terms
            explanation.routing = routing(of: offer)
            explain(offer, &facts, draw: draw, in: &explanation)
        }
        return explanation
    }

    /// Of a conversation nothing is remembered here: it is explained as a new one.
    private func explain(
        _ offer: OfferID,
        _ facts: inout RequestFacts,
        draw: UInt64,
        in explanation: inout ModelExplanation
    ) {
        let need = need(of: &facts, for: offer)
        let set = candidates(for: offer, need, without: Exclusions())
        explanation.group = groupName(of: offer)
        explanation.candidates = set.rows
        let talk = talk(of: facts, for: offer)
        guard let choice = talk.map({ consistent(set, $0) }) ?? set.choice(draw: draw) else {
            let error = unfitness(for: offer, need)
            explanation.refusal = error?.code ?? "no_candidate"
            explanation.refusalText = error?.message
            return
        }
        let member = snapshot.models[choice.member].fullName
        let path = choice.path.map { snapshot.network[$0].fullName }
        explanation.choice = set.rows.firstIndex { $0.member == member && $0.path == path && $0.weight > 0 }
    }
}
