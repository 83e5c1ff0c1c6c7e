/// Does a policy reject what is asked about a kept response? Who made it may read, stop and delete it. By which name its model was asked for is not
/// known any more: the group that made it may be one that nobody may ask for by name, and is no answer to that.
import PolicyEngine

extension RoutingView {
    /// The first policy that rejects it, whatever its model was asked for by; nil: none does, or one before it may have let it through.
    func rejection(ofKept facts: inout RequestFacts) -> (policy: String, reason: String)? {
        for policy in snapshot.policies {
            let holds = policy.match.holds(without: RequestFact.model.slot) { facts.value($0) }
            if case .reject(let reason) = policy.target {
                if holds == true { return (policy.name, reason) }
            } else if holds != false {
                return nil
            }
        }
        return nil
    }
}

extension Match {
    /// Whether the condition holds, whatever the fact in this slot is; nil: it depends on that.
    fileprivate func holds(without slot: FactSlot, _ fact: (FactSlot) -> FactValue) -> Bool? {
        Self.holds(root, slot, fact)
    }

    private static func holds(_ step: Step, _ unknown: FactSlot, _ fact: (FactSlot) -> FactValue) -> Bool? {
        switch step {
        case .always: true
        case .not(let inner): holds(inner, unknown, fact).map { !$0 }
        case .all(let parts): verdict(parts, unknown, fact, decisive: false)
        case .some(let parts): verdict(parts, unknown, fact, decisive: true)
        case .test(unknown, _, _): nil
        case .test(let slot, let test, let negated): test.answer(fact(slot)).map { $0 != negated } ?? false
        }
    }

    /// One part that is `decisive` decides; without it all must be known.
    private static func verdict(
        _ parts: [Step],
        _ unknown: FactSlot,
        _ fact: (FactSlot) -> FactValue,
        decisive: Bool
    ) -> Bool? {
        var isKnown = true
        for part in parts {
            guard let holds = holds(part, unknown, fact) else {
                isKnown = false
                continue
            }
            if holds == decisive { return decisive }
        }
        return isKnown ? !decisive : nil
    }
}
