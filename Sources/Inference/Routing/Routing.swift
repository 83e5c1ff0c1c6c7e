/// Who serves this request? Policies in file order; where none decides, the requested model's name itself.
import ConfigSyntax
import PolicyEngine

/// What was decided.
package enum Route: Hashable, Sendable {
    /// By the policy of this name; nil: the requested name is itself the target's.
    case use(GatewayPolicy.Target, policy: String?)
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
    /// The route of a request, whose facts are gathered only if a policy asks. `judged` is told of every policy looked at, in order.
    package func route(
        _ facts: @autoclosure () -> RequestFacts,
        model: String,
        judged: (PolicyVerdict) -> Void = { _ in }
    ) -> Route {
        if snapshot.policies.isEmpty { return route(named: model) }
        let facts = facts()
        for policy in snapshot.policies {
            let verdict = verdict(of: policy, on: facts)
            judged(PolicyVerdict(policy: policy.name, verdict: verdict))
            guard verdict == .decided else { continue }
            if case .reject(let reason) = policy.target { return .rejected(policy: policy.name, reason: reason) }
            return .use(policy.target, policy: policy.name)
        }
        return route(named: model)
    }

    private func route(named model: String) -> Route {
        target(named: model).map { .use($0, policy: nil) } ?? .unknownModel
    }

    private func verdict(of policy: GatewayPolicy, on facts: RequestFacts) -> PolicyVerdict.Verdict {
        guard policy.match.evaluate(facts.facts) else { return .doesNotMatch }
        if case .reject = policy.target { return .decided }
        return !policy.fallsThrough || canServe(policy.target) ? .decided : .passedOn
    }

    private func canServe(_ target: GatewayPolicy.Target) -> Bool {
        !candidates(for: target, without: Exclusions()).eligible.isEmpty
    }

    /// The name of the group that a target lies in.
    package func groupName(of target: GatewayPolicy.Target) -> String? {
        switch target {
        case .group(let group): groupNames[group.index]
        case .member(let member): groupNames[groupOfMember[member.index].index]
        case .reject: nil
        }
    }
}
